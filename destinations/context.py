"""What any page may say of the simulator."""

from django.http import HttpRequest

from destinations.credentials import handsets_url


def handsets(request: HttpRequest) -> dict[str, str]:
    """Add `handsets_url`: the virtual phones of the tenant; "" without a simulator."""
    tenant = getattr(request, "tenant", None)
    return {"handsets_url": handsets_url(tenant) if tenant else ""}

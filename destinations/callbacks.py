"""The URLs that providers call back. Each carries our own MAC for one attempt."""

from functools import lru_cache
from uuid import UUID

from django.conf import settings

from leadrails.core import ids, signing


@lru_cache(maxsize=64)
def _key(version: int) -> bytes:
    return settings.LEADRAILS_KEYRING.derive("callback", key_id=version)


def status_url(destination_id: UUID, job_id: UUID, attempt: int) -> str | None:
    """Return where the status of this attempt is to be posted; None when nowhere."""
    if not settings.LEADRAILS_PUBLIC_URL:
        return None
    version = settings.LEADRAILS_KEYRING.primary
    mac = signing.callback_mac(
        _key(version),
        version=version,
        destination=destination_id,
        job=job_id,
        attempt=attempt,
    )
    path = (
        f"/webhooks/status/{ids.encode('dst', destination_id)}"
        f"/{ids.encode('job', job_id)}/{attempt}/{version}/{mac}"
    )
    return f"{settings.LEADRAILS_PUBLIC_URL}{path}"


def is_genuine(
    mac: str, *, version: int, destination_id: UUID, job_id: UUID, attempt: int
) -> bool:
    """Whether we made this URL, under a master key that is still on the ring."""
    if version not in settings.LEADRAILS_KEYRING.key_ids:
        return False
    return signing.verify_callback_mac(
        mac,
        _key(version),
        version=version,
        destination=destination_id,
        job=job_id,
        attempt=attempt,
    )

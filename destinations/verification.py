"""*Verify connection*: ask the provider whether a destination's credentials work."""

import asyncio
from dataclasses import asdict, replace

from django.utils import timezone
from django.utils.translation import gettext as _

from destinations.callbacks import addresses
from destinations.credentials import base_url, hide_secrets, provider_for
from destinations.media_check import media_hints
from destinations.models import Destination
from destinations.providers.base import Capability, Provider, Verification
from destinations.providers.http import ProviderSession
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import SendError
from leadrails.tenants import audit
from leadrails.tenants.models import User

TIMEOUT = 10.0  # seconds for all calls together; a person is waiting


def verify_connection(
    destination: Destination, *, actor: User | None, timeout: float = TIMEOUT
) -> Verification:
    """Ask, keep the answer with the destination, and return it. Never raises."""
    result = _ask(destination, timeout)
    now = timezone.now()
    # An answer about settings that were changed meanwhile is worth nothing.
    kept = Destination.objects.filter(
        pk=destination.pk, updated_at=destination.updated_at
    ).update(verified_at=now, verification=asdict(result))
    if kept:
        destination.verified_at, destination.verification = now, asdict(result)
    audit.record(
        destination.tenant,
        actor,
        "destination.verified",
        destination,
        ok=result.ok,
        code=result.code,
    )
    return result


def _ask(destination: Destination, timeout: float) -> Verification:
    try:
        provider = provider_for(destination)
    except CannotDecrypt:
        return Verification(
            False,
            "unreadable",
            _(
                "The stored credentials cannot be decrypted with the keys this server"
                " has. Enter them again, or ask the operator to restore the key."
            ),
        )
    try:
        with hide_secrets(destination):
            return asyncio.run(_verify(provider, destination, seconds=timeout))
    except TimeoutError:
        return Verification(
            False,
            "timeout",
            _(
                "The provider did not answer in time, so nothing is known about the"
                " credentials. Try again in a minute."
            ),
        )


async def _verify(
    provider: Provider, destination: Destination, *, seconds: float
) -> Verification:
    """On a loop of its own: a page's thread has none, and a drain's is busy."""
    async with asyncio.timeout(seconds):
        http = ProviderSession(limit=2, total_timeout=seconds * 0.9)
        async with http:
            result = await provider.verify_credentials(http)
            if result.ok and await _hears_elsewhere(provider, destination, http):
                result = replace(result, hints=(*result.hints, _elsewhere()))
    if not result.ok:
        return result
    url = base_url(destination.kind, is_simulated=destination.is_simulated)
    hints = await media_hints(destination.config, provider.media_limits, base_url=url)
    return replace(result, hints=(*result.hints, *hints))


async def _hears_elsewhere(
    provider: Provider, destination: Destination, http: ProviderSession
) -> bool:
    """Whether what people answer by RCS goes to somebody else."""
    where = addresses(destination)
    if where is None or not provider.can(Capability.RCS):
        return False
    try:
        present = await provider.rcs_replies_at(http)
    except SendError:
        return False
    return bool(present) and present != where.incoming


def _elsewhere() -> str:
    return _(
        "What people answer by RCS goes to another address than LeadRails'. Enter the"
        " address under Replies."
    )

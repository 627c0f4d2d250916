"""
The URLs that providers call back.

Those of one attempt carry our own MAC. Those that a person enters at the provider, for
a number, a service or a sender, carry the destination's secret.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from destinations.models import Destination
from leadrails.core import ids, signing

OLD_SECRET_HOLDS = timedelta(days=1)
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,40}")


@lru_cache(maxsize=64)
def _key(version: int) -> bytes:
    return settings.LEADRAILS_KEYRING.derive("callback", key_id=version)


def status_url(destination_id: UUID, job_id: UUID, attempt: int) -> str | None:
    """Return where the status of this attempt is to be posted; None when nowhere."""
    public_url = settings.LEADRAILS_PUBLIC_URL
    if not public_url:
        return None
    version = settings.LEADRAILS_KEYRING.primary
    mac = signing.callback_mac(
        _key(version),
        version=version,
        destination=destination_id,
        job=job_id,
        attempt=attempt,
    )
    place = f"{ids.encode('dst', destination_id)}/{ids.encode('job', job_id)}"
    return f"{public_url}/webhooks/status/{place}/{attempt}/{version}/{mac}"


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


@dataclass(frozen=True, slots=True)
class Addresses:
    """What to enter at the provider. Either takes whatever is posted to it."""

    incoming: str
    status: str


def addresses(destination: Destination) -> Addresses | None:
    """Return the addresses of a destination's senders; None without a public one."""
    if not settings.LEADRAILS_PUBLIC_URL:
        return None
    base = (
        f"{settings.LEADRAILS_PUBLIC_URL}/webhooks/messages"
        f"/{destination.inbound_secret}"
    )
    return Addresses(incoming=f"{base}/incoming", status=f"{base}/status")


def find_by_secret(secret: str) -> Destination | None:
    """
    Return the destination of such an address; also one that is paused or deleted.

    People go on answering what it sent, and may say stop.
    """
    if not _SECRET.fullmatch(secret):
        return None
    if found := Destination.objects.filter(inbound_secret=secret).first():
        return found
    since = timezone.now() - OLD_SECRET_HOLDS
    changed = Destination.objects.filter(inbound_secret_set_at__gt=since)
    return changed.filter(
        inbound_secret_previous=secret, inbound_secret_previous__gt=""
    ).first()

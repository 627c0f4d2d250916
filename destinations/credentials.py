"""
A destination's secrets: sealed in its row, opened only to build its provider.

Nothing here returns a secret to a page: pages get names and dates.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from uuid import UUID

from django.conf import settings

from destinations.models import Destination
from destinations.providers.base import Provider
from destinations.providers.registry import PROVIDERS
from leadrails.core.crypto import CannotDecrypt, Place
from leadrails.core.redact import with_secrets
from leadrails.tenants.models import Tenant

_CACHED = 4096


def place_of(destination: Destination) -> Place:
    return Place(
        destination.tenant_id,
        Destination._meta.db_table,
        destination.id,
        "credentials",
    )


def seal_credentials(destination: Destination, secrets: Mapping[str, str]) -> bytes:
    text = json.dumps(dict(secrets), sort_keys=True)
    return settings.LEADRAILS_KEYRING.encrypt(text, place_of(destination))


def open_credentials(destination: Destination) -> dict[str, str]:
    """
    Raises:
        CannotDecrypt: the key is gone, or the row was tampered with.
    """
    if not destination.credentials:
        return {}
    text = settings.LEADRAILS_KEYRING.decrypt(
        bytes(destination.credentials), place_of(destination)
    )
    opened: dict[str, str] = json.loads(text)
    return opened


def base_url(kind: str, *, is_simulated: bool) -> str:
    """Where a provider's API is: an operator's setting, never a tenant's field."""
    if is_simulated:
        return settings.LEADRAILS_SIMULATOR_URL
    vendor = kind.partition("_")[0].upper()
    url: str = getattr(settings, f"LEADRAILS_{vendor}_URL", "")
    return url or PROVIDERS[kind].live_base_url


def provider_for(destination: Destination) -> Provider:
    """
    Return the provider of a destination, ready to send.

    Kept per process and version of the row, so that a drain decrypts once.

    Raises:
        CannotDecrypt: see `open_credentials`.
    """
    url = base_url(destination.kind, is_simulated=destination.is_simulated)
    version = (destination.updated_at, url)
    known = _providers.get(destination.id)
    if known and known[0] == version:
        return known[1]
    provider = PROVIDERS[destination.kind].from_config(
        destination.config, open_credentials(destination), base_url=url
    )
    if len(_providers) >= _CACHED:
        _providers.clear()
    _providers[destination.id] = (version, provider)
    return provider


_providers: dict[UUID, tuple[tuple[datetime, str], Provider]] = {}


def hide_secrets(destination: Destination) -> AbstractContextManager[None]:
    """
    Keep a destination's secrets out of what is logged while the block runs.

    Whatever form they have: the redaction knows only those of common kinds by itself.
    """
    try:
        return with_secrets(*provider_for(destination).secrets())
    except CannotDecrypt:
        return nullcontext()


def secret_dates(destination: Destination) -> dict[str, datetime]:
    """
    When each stored secret was set, by field name; never a secret itself.

    Raises:
        CannotDecrypt: see `open_credentials`.
    """
    stored = open_credentials(destination)
    dates: dict[str, datetime] = {}
    for field in PROVIDERS[destination.kind].fields:
        if field.secret and stored.get(field.name):
            text = destination.secrets_set_at.get(field.name)
            dates[field.name] = (
                datetime.fromisoformat(text) if text else destination.created_at
            )
    return dates


def fingerprint(kind: str, config: Mapping[str, str], *, is_simulated: bool) -> bytes:
    """
    Return a keyed hash of the sender, or nothing if it has none of its own.

    The simulator gives every account the same sample numbers, so there a sender is
    shared only with the account.
    """
    sender = PROVIDERS[kind].sender_of(config)
    if not sender.id:
        return b""
    account = sender.account if is_simulated else ""
    key = settings.LEADRAILS_KEYRING.derive("fingerprint")
    text = f"{is_simulated:d}|{account}|{sender.id}"
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def shares_sender(destination: Destination) -> bool:
    """Whether a workspace other than this one sends with the same sender."""
    if not destination.fingerprint:
        return False
    # The one question that looks beyond the tenant; its answer is a bare yes or no.
    others = Destination.objects.exclude(tenant=destination.tenant_id).listed()
    return others.filter(fingerprint=bytes(destination.fingerprint)).exists()


def simulated_settings(
    tenant: Tenant, kind: str
) -> tuple[dict[str, str], dict[str, str]]:
    """(config, secrets) of this tenant's own account at the simulator."""
    secret = settings.LEADRAILS_SIMULATOR_SECRET
    return PROVIDERS[kind].simulated_settings(tenant.id, secret)

"""What may be done to a destination. Every act is written to the audit log."""

import secrets as random
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from destinations import contents
from destinations import credentials as sealed
from destinations.checks import check_settings, default_countries, default_rate
from destinations.models import Destination
from destinations.providers.fields import CHANNEL, FALLBACK
from destinations.providers.registry import PROVIDERS
from leadrails.core import ids
from leadrails.core.crypto import CannotDecrypt
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User
from leadrails.tenants.services import bump_version

MANUAL = "manual"


def create_destination(
    tenant: Tenant,
    *,
    kind: str,
    name: str,
    is_simulated: bool,
    config: Mapping[str, str],
    credentials: Mapping[str, str],
    body_template: str,
    actor: User | None,
    id: UUID | None = None,  # noqa: A002
    **limits: Any,
) -> Destination:
    """
    Make an active destination.

    Args:
        id: chosen when the form was drawn, so that sending it twice makes one.
        config: the provider's public fields. For a simulated destination the
            tenant's own simulator account stands in for what is left empty.
        credentials: its secret fields.
        limits: `recipient_template`, `purpose`, `allowed_countries`,
            `hourly_ceiling`, `daily_per_recipient`, `time_to_live`, `max_attempts`,
            `messages_per_second` (None for what the sender can carry),
            `max_in_flight`, `queue_objective`, `when_unknown`, `rich`, `quiet`,
            `quiet_from`, `quiet_to`.

    Raises:
        ValidationError: with the fields at fault.
    """
    if kind not in PROVIDERS:
        raise ValidationError({"kind": _("There is no such kind of destination.")})
    destination = Destination(
        id=id or ids.uuid7(),
        tenant=tenant,
        kind=kind,
        name=name.strip(),
        is_simulated=is_simulated,
        body_template=body_template,
        inbound_secret=random.token_urlsafe(24),
        **_known(limits),
    )
    config, credentials = _filled(config), _filled(credentials)
    if is_simulated:
        own_config, own_secrets = sealed.simulated_settings(tenant, kind)
        config = {**own_config, **config}
        account_of = PROVIDERS[kind].sender_of
        # A token of another account would be refused; the key's owner types both.
        if account_of(config).account == account_of(own_config).account:
            credentials = {**own_secrets, **credentials}
    _put(destination, config, credentials, changed=credentials)
    if limits.get("messages_per_second") is None:
        destination.messages_per_second = default_rate(destination)
    if not destination.allowed_countries:
        destination.allowed_countries = default_countries(
            tenant, kind, destination.config
        )
    check_settings(destination)
    with transaction.atomic():
        destination.save(force_insert=True)
        contents.note_content(destination, now=timezone.now())
        audit.record(
            tenant, actor, "destination.created", destination, simulated=is_simulated
        )
        bump_version(tenant)
    return destination


def update_destination(
    destination: Destination,
    *,
    actor: User | None,
    config: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    **changes: Any,
) -> Destination:
    """
    Change what is given.

    A secret that is not in `credentials` stays; an empty one is removed. Kind and
    simulated or live were fixed when the destination was made.

    Raises:
        ValidationError: with the fields at fault; nothing is changed then.
    """
    with transaction.atomic():
        fresh = _locked(destination)
        before = {name: getattr(fresh, name) for name in CHANGEABLE}
        for name, value in _known(changes, CHANGEABLE).items():
            setattr(fresh, name, value)
        fresh.name = fresh.name.strip()
        replaced = _replace(fresh, config, credentials)
        if changes.get("messages_per_second", 0) is None:
            fresh.messages_per_second = default_rate(fresh)
        check_settings(fresh)
        contents.note_content(fresh, now=timezone.now())
        fresh.save()
        changed = [n for n in CHANGEABLE if getattr(fresh, n) != before[n]]
        risks = {n: getattr(fresh, n) for n in changed if n == "when_unknown"}
        audit.record(
            fresh.tenant,
            actor,
            "destination.updated",
            fresh,
            fields=sorted({*changed, *replaced}),
            **risks,
        )
        bump_version(fresh.tenant)
    return fresh


def pause_destination(
    destination: Destination, *, reason: str = MANUAL, actor: User | None
) -> bool:
    """Stop sending; its jobs wait. False if it was not active."""
    return _move(
        destination,
        Destination.Status.ACTIVE,
        Destination.Status.PAUSED,
        actor,
        pause_reason=reason[:60],
    )


def activate_destination(destination: Destination, *, actor: User | None) -> bool:
    """
    Set the status alone; False if it was not paused.

    `leadrails.jobs.services.resume_destination` also lets the waiting jobs go.
    """
    return _move(
        destination, Destination.Status.PAUSED, Destination.Status.ACTIVE, actor
    )


def revoke_destination(destination: Destination, *, actor: User | None) -> bool:
    """
    Delete for good as far as people see; the row stays for its jobs' history.

    The credentials stay too, sealed: messages on their way still need them to learn
    their final status. False if it was deleted before.
    """
    return any(
        _move(destination, status, Destination.Status.REVOKED, actor)
        for status in (Destination.Status.ACTIVE, Destination.Status.PAUSED)
    )


def change_inbound_secret(destination: Destination, *, actor: User | None) -> None:
    """
    Give its senders another address.

    The old one holds for as long as `destinations.callbacks` says.
    """
    with transaction.atomic():
        fresh = _locked(destination)
        fresh.inbound_secret_previous = fresh.inbound_secret
        fresh.inbound_secret = random.token_urlsafe(24)
        fresh.inbound_secret_set_at = timezone.now()
        fresh.save()
        audit.record(
            fresh.tenant, actor, "destination.inbound_secret_changed", destination
        )


# Parts -----------------------------------------------------------------------

CHANGEABLE = (
    "name",
    "purpose",
    "recipient_template",
    "body_template",
    "rich",
    "allowed_countries",
    "hourly_ceiling",
    "daily_per_recipient",
    "time_to_live",
    "max_attempts",
    "messages_per_second",
    "max_in_flight",
    "when_unknown",
    "queue_objective",
    "quiet",
    "quiet_from",
    "quiet_to",
)
_ACTS = {
    Destination.Status.ACTIVE: "destination.resumed",
    Destination.Status.PAUSED: "destination.paused",
    Destination.Status.REVOKED: "destination.deleted",
}


def _move(
    destination: Destination,
    old: Destination.Status,
    new: Destination.Status,
    actor: User | None,
    pause_reason: str = "",
) -> bool:
    with transaction.atomic():
        moved = Destination.objects.filter(pk=destination.pk, status=old).update(
            status=new, pause_reason=pause_reason
        )
        if not moved:
            return False
        details = {"reason": pause_reason} if pause_reason else {}
        audit.record(destination.tenant, actor, _ACTS[new], destination, **details)
        bump_version(destination.tenant)
    destination.status, destination.pause_reason = new, pause_reason
    return True


def _locked(destination: Destination) -> Destination:
    mine = Destination.objects.for_tenant(destination.tenant_id).listed()
    fresh = mine.select_for_update(of=("self",)).filter(pk=destination.pk).first()
    if fresh is None:
        raise ValidationError(_("This destination was deleted."))
    return fresh


def _known(
    given: Mapping[str, Any], names: Sequence[str] = CHANGEABLE
) -> dict[str, Any]:
    if unknown := given.keys() - set(names):
        raise TypeError(f"no such settings: {', '.join(sorted(unknown))}")
    return dict(given)


def _filled(given: Mapping[str, str]) -> dict[str, str]:
    trimmed = {name: text.strip() for name, text in given.items()}
    return {name: text for name, text in trimmed.items() if text}


def _replace(
    destination: Destination,
    config: Mapping[str, str] | None,
    credentials: Mapping[str, str] | None,
) -> set[str]:
    """Put new settings in place; return the names of what changed."""
    try:
        stored = sealed.open_credentials(destination)
    except CannotDecrypt:
        stored = {}  # they are lost; the person is about to enter new ones
    public = destination.config if config is None else _filled(config)
    given = {name: text.strip() for name, text in (credentials or {}).items()}
    fresh = {n: text for n, text in given.items() if text != stored.get(n, "")}
    merged = _filled({**stored, **fresh})
    for name in fresh:
        merged.update(_previous(destination, public, merged, name, stored.get(name)))
    names = public.keys() | destination.config.keys()
    changed = {n for n in names if public.get(n) != destination.config.get(n)}
    told = {f.name for f in PROVIDERS[destination.kind].fields if f.is_of_account}
    if changed & told or fresh:
        destination.verified_at, destination.verification = None, {}
    _put(destination, public, merged, changed=fresh)
    return changed | fresh.keys()


def _previous(
    destination: Destination,
    config: Mapping[str, str],
    secrets: Mapping[str, str],
    name: str,
    old: str | None,
) -> dict[str, str]:
    """
    Keep a replaced secret if the provider has a use for it.

    Callbacks of messages on their way may still be signed with the old one.
    """
    if not old or not secrets.get(name):
        return {}
    kept = {f"{name}_previous": old}
    provider = PROVIDERS[destination.kind].from_config(
        config, {**secrets, **kept}, base_url=""
    )
    return kept if old in provider.secrets() else {}


def _put(
    destination: Destination,
    config: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    changed: Mapping[str, str],
) -> None:
    """Judge the provider's settings as a whole and set them, sealed."""
    problems = PROVIDERS[destination.kind].validate(
        config, secrets, destination.is_simulated
    )
    if problems:
        raise ValidationError({name: [text] for name, text in problems.items()})
    public = {field.name for field in PROVIDERS[destination.kind].fields} - _secret(
        destination.kind
    )
    now = timezone.now().isoformat()
    before = destination.config
    if before.get(CHANNEL) and any(
        before.get(name) != config.get(name) for name in (CHANNEL, FALLBACK.name)
    ):
        destination.had_channel = True
    destination.config = {n: text for n, text in config.items() if n in public}
    destination.credentials = sealed.seal_credentials(destination, secrets)
    destination.secrets_set_at = {
        name: now if name in changed else destination.secrets_set_at.get(name, now)
        for name in secrets
        if name in _secret(destination.kind)
    }
    destination.fingerprint = sealed.fingerprint(
        destination.kind, destination.config, is_simulated=destination.is_simulated
    )


def _secret(kind: str) -> set[str]:
    return {field.name for field in PROVIDERS[kind].fields if field.secret}

"""What changes tenants, people and API keys. Each act writes its audit entry."""

import hashlib
import secrets
from datetime import time
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from leadrails.core import ids
from leadrails.tenants import audit, notices
from leadrails.tenants.models import Agency, ApiKey, Membership, Role, Tenant, User
from leadrails.tenants.notices import Where

API_KEY_PREFIX = "lr_live_"
# Of a new workspace: outside these, US law lets nobody be sent marketing.
QUIET_FROM, QUIET_TO = time(21), time(8)
# Any constant will do: whoever sets up an empty database holds this lock.
_SET_UP_LOCK = 5_111_001
_NOWHERE = Where()


class AlreadySetUp(Exception):
    """Somebody was faster: the database has a person already."""


def bump_version(tenant: Tenant | UUID) -> None:
    """Tell every process's cache that this tenant's set-up has changed."""
    pk = tenant if isinstance(tenant, UUID) else tenant.pk
    Tenant.objects.filter(pk=pk).update(version=F("version") + 1)


# Tenants ---------------------------------------------------------------------


@transaction.atomic
def create_tenant(
    name: str,
    *,
    actor: User | None = None,
    agency: Agency | None = None,
    time_zone: str = "UTC",
    country: str = "US",
) -> Tenant:
    name = _given("tenant_name", name)
    tenant = Tenant(
        name=name,
        agency=agency,
        time_zone=time_zone,
        country=country,
        quiet_from=QUIET_FROM,
        quiet_to=QUIET_TO,
    )
    tenant.slug = "new"  # so that the other fields can be checked first
    tenant.clean_fields()
    _save_under_free_slug(tenant)
    audit.record(tenant, actor, "tenant.created", tenant)
    return tenant


def _save_under_free_slug(tenant: Tenant) -> None:
    """Save as `acme`, else `acme-2`, …; a name without Latin letters is `workspace`."""
    stem = slugify(tenant.name)[:50].strip("-") or "workspace"
    for number in range(1, 100):
        tenant.slug = stem if number == 1 else f"{stem}-{number}"
        try:
            with transaction.atomic():
                return tenant.save(force_insert=True)
        except IntegrityError:
            continue
    tenant.slug = f"{stem}-{secrets.token_hex(4)}"
    return tenant.save(force_insert=True)


@transaction.atomic
def update_tenant(
    tenant: Tenant, *, name: str, time_zone: str, country: str, actor: User | None
) -> Tenant:
    fields = {"name": name.strip(), "time_zone": time_zone, "country": country}
    changes = {
        field: [getattr(tenant, field), value]
        for field, value in fields.items()
        if getattr(tenant, field) != value
    }
    if not changes:
        return tenant
    for field, value in fields.items():
        setattr(tenant, field, value)
    tenant.full_clean()
    tenant.save(update_fields=list(fields))
    bump_version(tenant)
    audit.record(tenant, actor, "tenant.changed", tenant, **changes)
    return tenant


@transaction.atomic
def require_two_factors(
    tenant: Tenant, *, is_on: bool, has_two: bool, actor: User | None
) -> None:
    """
    Shut out, or let in again, who logs in with one factor; from the next request on.

    Args:
        has_two: whether the actor has shown two, or would be the first to be shut out.

    Raises:
        ValidationError: they have not.
        PermissionDenied: `actor` is no owner.
    """
    lock_owners(tenant, actor)
    if is_on and not has_two:
        raise ValidationError(_("Set up a second factor of your own first."))
    changed = Tenant.objects.filter(pk=tenant.pk, needs_two_factors=not is_on)
    if changed.update(needs_two_factors=is_on):
        tenant.needs_two_factors = is_on
        audit.record(tenant, actor, "tenant.two_factors", tenant, required=is_on)


# People ----------------------------------------------------------------------


@transaction.atomic
def create_owner(
    email: str,
    *,
    tenant_name: str,
    password: str | None = None,
    name: str = "",
    time_zone: str = "UTC",
    country: str = "US",
) -> Membership:
    """
    Make a tenant and its owner, who may be a person that has an account already.

    Args:
        password: of a new account; None for a person who has one.

    Raises:
        ValidationError: by field; `email` if there is an account and a password was
            given, since that password would not be theirs.
    """
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is not None and password is not None:
        raise ValidationError({"email": _("This e-mail address has an account.")})
    if user is None:
        user = create_user(email, password or "", name=name)
    tenant = create_tenant(
        tenant_name, actor=user, time_zone=time_zone, country=country
    )
    membership = Membership.objects.create(tenant=tenant, user=user, role=Role.OWNER)
    audit.record(tenant, user, "member.added", user, role=Role.OWNER)
    return membership


@transaction.atomic
def set_up(
    email: str,
    *,
    password: str,
    tenant_name: str,
    name: str = "",
    time_zone: str = "UTC",
    country: str = "US",
) -> Membership:
    """
    Make the first tenant and owner of an empty database.

    Raises:
        AlreadySetUp: there is a person; of several racing callers all but one get it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SET_UP_LOCK])
    if User.objects.exists():
        raise AlreadySetUp
    return create_owner(
        email,
        password=password,
        tenant_name=tenant_name,
        name=name,
        time_zone=time_zone,
        country=country,
    )


def update_profile(user: User, **fields: str) -> User:
    """Change some of `name`, `time_zone` and `language`."""
    for name, value in fields.items():
        setattr(user, name, value.strip())
    user.save(update_fields=list(fields))
    return user


@transaction.atomic
def change_password(user: User, *, password: str, where: Where = _NOWHERE) -> None:
    """Set it; other sessions end, since they are bound to the old one."""
    had_one = user.has_usable_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record_for(user, "member.password_set")
    if had_one:
        notices.tell(user, "password_set", where=where)


def create_user(email: str, password: str | None, *, name: str = "") -> User:
    """Make a person; without a password they cannot log in until they set one."""
    email = email.strip().lower()
    person = User(email=email, name=name.strip())
    problems = {}
    try:
        validate_email(email)
        person.clean_fields(exclude=["password"])
    except ValidationError as error:
        problems["email"] = error.messages
    if password is not None:
        try:
            validate_password(password, person)
        except ValidationError as error:
            problems["password"] = error.messages
    if problems:
        raise ValidationError(problems)
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=person.name)
    except IntegrityError:  # made by somebody else a moment ago
        raise ValidationError(
            {"email": _("This e-mail address has an account.")}
        ) from None


def _given(field: str, text: str) -> str:
    if not (text := text.strip()):
        raise ValidationError({field: _("This field is required.")})
    return text


# Members ---------------------------------------------------------------------


@transaction.atomic
def add_member(
    tenant: Tenant, user: User, *, role: Role, actor: User | None
) -> Membership:
    """Let a person in; whoever calls has made sure that they may come in."""
    membership, is_new = Membership.objects.get_or_create(
        tenant=tenant, user=user, defaults={"role": Role(role)}
    )
    if is_new:
        audit.record(tenant, actor, "member.added", user, role=role)
    return membership


@transaction.atomic
def change_role(
    membership: Membership, role: Role, *, actor: User | None
) -> Membership:
    owners = lock_owners(membership.tenant, actor)
    membership.refresh_from_db(fields=["role"])
    before = membership.role
    if before == role:
        return membership
    _keep_one_owner(membership, owners)
    membership.role = Role(role)
    membership.save(update_fields=["role"])
    audit.record(
        membership.tenant,
        actor,
        "member.role_changed",
        membership.user,
        before=before,
        after=role,
    )
    return membership


@transaction.atomic
def remove_member(membership: Membership, *, actor: User | None) -> None:
    """Shut a person out of the tenant, from their next request on."""
    owners = lock_owners(membership.tenant, actor)
    _keep_one_owner(membership, owners)
    was = membership.role
    removed, _rows = Membership.objects.filter(pk=membership.pk).delete()
    if removed:
        audit.record(
            membership.tenant, actor, "member.removed", membership.user, role=was
        )


def lock_owners(tenant: Tenant, actor: User | None) -> set[UUID]:
    """
    Return the owners' user ids, locked against each other until commit.

    Raises:
        PermissionDenied: `actor` is none of them.
    """
    owners = set(
        Membership.objects.for_tenant(tenant)
        .filter(role=Role.OWNER)
        .select_for_update()
        .order_by("pk")
        .values_list("user_id", flat=True)
    )
    if actor is not None and actor.pk not in owners:
        raise PermissionDenied
    return owners


def _keep_one_owner(membership: Membership, owners: set[UUID]) -> None:
    if owners == {membership.user_id}:
        message = _(
            "This is the last owner. Make somebody else an owner first, so that the "
            "workspace can still be managed."
        )
        raise ValidationError(message, code="last_owner")


# API keys --------------------------------------------------------------------


@transaction.atomic
def issue_api_key(
    tenant: Tenant, name: str, *, actor: User | None, once: UUID | None = None
) -> tuple[ApiKey, str]:
    """
    Make a key; its plaintext exists only in this answer.

    Args:
        once: the key's id, chosen by the form, so that a form sent twice makes one key.

    Raises:
        ValidationError: on `name`, or code `again` if the form was sent before.
    """
    plaintext = API_KEY_PREFIX + secrets.token_hex(20)
    key = ApiKey(
        id=once or ids.uuid7(),
        tenant=tenant,
        name=_given("name", name),
        digest=_digest(plaintext),
        hint=plaintext[-4:],
        created_by=actor,
    )
    key.clean_fields(exclude=["digest"])
    if ApiKey.objects.filter(pk=key.pk).exists():
        raise ValidationError(
            _("This form was sent before, and its key is in the list."), code="again"
        )
    key.save(force_insert=True)
    bump_version(tenant)
    audit.record(tenant, actor, "api_key.issued", key)
    return key, plaintext


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: User | None) -> None:
    active = ApiKey.objects.active().filter(pk=key.pk)
    if active.update(revoked_at=timezone.now()):
        bump_version(key.tenant_id)
        audit.record(key.tenant, actor, "api_key.revoked", key)


def authenticate_api_key(plaintext: str) -> ApiKey | None:
    """Return the active key with its tenant, or None."""
    if not plaintext.startswith(API_KEY_PREFIX):
        return None
    keys = ApiKey.objects.active().select_related("tenant")
    return keys.filter(digest=_digest(plaintext)).first()


def _digest(plaintext: str) -> bytes:
    # The key has 160 random bits, so a fast hash is enough: nothing can be guessed.
    return hashlib.sha256(plaintext.encode(errors="replace")).digest()

"""
Tenants, people, and the one door through which tenant data leaves the database.

Every tenant-owned model derives from `TenantModel`; reading goes through
`.for_tenant(...)`, and a foreign id is a 404.
"""

from datetime import time
from typing import Any, ClassVar, Self, TypeVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leadrails.core import ids, phone
from leadrails.core.quiet_hours import Hours
from leadrails.lists import Among


class PublicIdModel(models.Model):
    """A row with a UUIDv7 that people and clients see as `prefix_…`."""

    prefix: ClassVar[str]

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return ids.encode(self.prefix, self.id)


class Agency(PublicIdModel):
    """The parent of several tenants: one business that works for many clients."""

    prefix = "agy"

    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name


class Tenant(PublicIdModel):
    """One workspace; the wire calls it *client*."""

    prefix = "cli"

    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="tenants", null=True, blank=True
    )
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    country = models.CharField(
        max_length=2, default="US", help_text="Where its leads come from by default."
    )
    needs_two_factors = models.BooleanField(
        default=False, help_text="Of every member, before they see anything of it."
    )
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="Of messages to people, on their own clock."
    )
    quiet_to = models.TimeField(null=True, blank=True)
    quiet_by_law = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Quiet hours also keep the stricter rules of states and countries.",
    )
    version = models.BigIntegerField(
        default=1,
        help_text="Bumped by every change to sources, keys, routes and destinations; "
        "caches compare it.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    @property
    def quiet_hours(self) -> Hours | None:
        """When its people get no marketing; None for no such hours."""
        return self.quiet_between(self.quiet_from, self.quiet_to)

    def quiet_between(self, begins: time | None, ends: time | None) -> Hours | None:
        if begins is None or ends is None:
            return None
        return Hours(
            begins=begins, ends=ends, by_law=self.quiet_by_law, home=self.time_zone
        )


_Row = TypeVar("_Row", bound="models.Model")


class TenantQuerySet(models.QuerySet[_Row, _Row]):
    def for_tenant(self, tenant: "Tenant | UUID | models.OuterRef") -> Self:
        return self.filter(tenant=tenant)

    def list_for_tenant(self, tenant: "Tenant | UUID") -> Self:
        """
        `for_tenant`, for a list in the order of (tenant, id) by a prepared statement.

        Who plans for any tenant cannot know one with few rows, and may choose to read
        the newest rows of all until enough are found. An order that only indexes of
        tenants have forbids that, as long as the tenant is not known to be one.
        """
        pk = tenant.pk if isinstance(tenant, Tenant) else tenant
        return self.filter(Among(models.F("tenant_id"), pk))


class TenantModel(PublicIdModel):
    """A row that belongs to one tenant."""

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Role(models.TextChoices):
    """What a member may do; each role may do all that the ones before it may."""

    VIEWER = "viewer", _("Viewer")
    OPERATOR = "operator", _("Operator")
    ADMIN = "admin", _("Admin")
    OWNER = "owner", _("Owner")

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def covers(self, needed: "Role") -> bool:
        return self.rank >= needed.rank


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=(username or "").strip())


class User(PublicIdModel, AbstractBaseUser):
    """A person, who logs in with an e-mail address."""

    prefix = "usr"

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    language = models.CharField(
        max_length=16, blank=True, help_text="Empty: what the browser asks for."
    )
    phone = models.CharField(max_length=16, blank=True)
    phone_confirmed_at = models.DateTimeField(null=True, blank=True)
    phone_code = models.CharField(max_length=128, blank=True)
    phone_code_sent_at = models.DateTimeField(null=True, blank=True)
    phone_code_tries = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case")
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def confirmed_phone(self) -> str:
        """The person's own number in E.164, empty unless they have proven it."""
        return self.phone if self.phone_confirmed_at else ""

    @property
    def masked_phone(self) -> str:
        return phone.mask(self.phone) if self.phone else ""


class MembershipQuerySet(TenantQuerySet["Membership"]):
    pass


class Membership(TenantModel):
    """What one person may do in one tenant."""

    prefix = "mem"

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user"], name="membership_once_per_tenant"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_known_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}"


class InvitationQuerySet(TenantQuerySet["Invitation"]):
    def open(self) -> Self:
        """Neither accepted nor revoked; perhaps too old."""
        return self.filter(ended_at=None)


class Invitation(TenantModel):
    """A link for one address, kept as a hash, that makes its person a member."""

    prefix = "inv"

    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices)
    digest = models.BinaryField(max_length=32)
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    mail = models.ForeignKey(
        "mail.Mail", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=models.Q(ended_at=None),
                name="invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.email


class ApiKeyQuerySet(TenantQuerySet["ApiKey"]):
    def active(self) -> Self:
        return self.filter(revoked_at=None)


class ApiKey(TenantModel):
    """A bearer key `lr_live_…` of one tenant; only its hash is kept."""

    prefix = "api"

    name = models.CharField(max_length=100)
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4, help_text="The last characters, to tell keys")
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} (…{self.hint})"


class AuditQuerySet(TenantQuerySet["AuditEntry"]):
    pass


class AuditEntry(TenantModel):
    """One act that matters, never changed: a trigger refuses UPDATE and DELETE."""

    prefix = "aud"

    actor = models.ForeignKey(
        User, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    actor_name = models.CharField(max_length=254, help_text="As it was at the time.")
    action = models.CharField(max_length=60, help_text="noun.verb, e.g. key.revoked")
    subject = models.CharField(max_length=80, blank=True, help_text="A public id.")
    subject_name = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-id"], name="audit_by_tenant"),
            models.Index(fields=["tenant", "action", "-id"], name="audit_by_act"),
            models.Index(fields=["tenant", "actor", "-id"], name="audit_by_person"),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Session(AbstractBaseSession):
    """A browser's session, and for its person whose browser it is and where."""

    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="sessions"
    )
    began_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"a session of {self.user}" if self.user_id else "a visitor's session"


class LoginTry(models.Model):
    """A try to log in that has not succeeded; kept for 15 minutes to slow guessing."""

    key = models.BinaryField(
        max_length=32, help_text="HMAC of person and address: neither is kept."
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["key", "at"], name="login_try_by_key"),
            models.Index(fields=["at"], name="login_try_by_age"),
        ]
        verbose_name_plural = "login tries"

    def __str__(self) -> str:
        return f"a try at {self.at}"

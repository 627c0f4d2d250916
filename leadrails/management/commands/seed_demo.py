"""Two demo tenants, ready to take leads. Running it again changes nothing."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from destinations.models import Destination
from destinations.providers import simulated
from destinations.providers.fields import CHANNEL, FALLBACK, LEADRAILS, MEDIA, RCS
from destinations.replies import connect_replies
from destinations.services import create_destination
from leadrails.core import ids
from leadrails.core.crypto import Place
from leadrails.embedded.replies import POSTBACK
from leadrails.jobs.contents import keep_content
from leadrails.jobs.deadline_models import FollowUpRule
from leadrails.jobs.follow_up_rules import save_rule
from leadrails.leads.models import SigningKey, Source, Workflow
from leadrails.routing.models import Route
from leadrails.rules.models import Rule
from leadrails.rules.services import create_rule
from leadrails.tenants.models import (
    Agency,
    ApiKey,
    Membership,
    Role,
    Tenant,
    User,
)
from leadrails.tenants.services import QUIET_FROM, QUIET_TO, bump_version

COUNTRIES = ["US", "CA", "GB", "AU", "DE", "FR"]
BODY = (
    "Hi {{ first_name | default('there') }}, thanks for asking about "
    "{{ service_type | default('our services') }}. We will call you shortly. "
    "Reply STOP to opt out."
)
WANTED = ["plumbing", "heating", "roofing"]
AFTER_HOURS = "after hours"
SOLAR = "solar"
ELECTRICAL = "electrical"
GUTTERS = "gutters"
WINDOWS = "windows"


class Command(BaseCommand):
    help = "Make the demo's two tenants; print as JSON how to reach them."

    @transaction.atomic
    def handle(self, **_: Any) -> str:
        agency, _made = Agency.objects.get_or_create(name="Northside Agency")
        first = _tenant(agency, "Acme Plumbing", "acme")
        second = _tenant(agency, "Borealis Roofing", "borealis")
        return json.dumps({**first, "second_tenant": second})


def _tenant(agency: Agency, name: str, slug: str) -> dict[str, Any]:
    tenant, _ = Tenant.objects.get_or_create(
        slug=slug,
        defaults={
            "name": name,
            "agency": agency,
            "quiet_from": QUIET_FROM,
            "quiet_to": QUIET_TO,
        },
    )
    email = f"owner@{slug}.example"
    source = _source(tenant)
    sales = _destination(tenant, "Sales SMS", "+15555550100")
    _route(source, sales, {"field": "service_type", "op": "in", "value": WANTED})
    night = _destination(tenant, "After hours SMS", "+15555550101")
    wanted = {"field": "service_type", "op": "equals", "value": AFTER_HOURS}
    _route(source, night, wanted)
    pictures = _destination(tenant, "Picture MMS", "+15555550102", media=_picture())
    _route(source, pictures, {"field": "service_type", "op": "equals", "value": SOLAR})
    second = _destination(tenant, "Telnyx SMS", "+15555550200", kind="telnyx_sms")
    wanted = {"field": "service_type", "op": "equals", "value": ELECTRICAL}
    _route(source, second, wanted)
    _rcs_by_twilio(tenant, source)
    _rcs_by_telnyx(tenant, source)
    bump_version(tenant)
    key = source.keys.get(revoked_at=None)
    account = simulated.account_sid(tenant.id)
    secret = settings.LEADRAILS_SIMULATOR_SECRET
    return {
        "client_id": tenant.public_id,
        "sources": [
            {
                "source_id": source.public_id,
                "key_id": key.public_id,
                "signing_secret": _derived(f"signing|{slug}", "lrs_"),
            }
        ],
        "api_key": _api_key(tenant),
        "admin": {"email": email, "password": _owner(tenant, email)},
        "simulator": {
            "account_sid": account,
            "auth_token": simulated.auth_token(secret, account),
            "handsets": simulated.handsets_path(secret, account),
            "agents": {
                "twilio": simulated.rcs_sender(account),
                "telnyx": f"rcs:{simulated.telnyx_agent_id(account)}",
            },
        },
    }


def _derived(purpose: str, prefix: str = "") -> str:
    """
    Return a secret of this installation that is the same at every start.

    Only this demo can do so: everywhere else a secret is random and shown once.
    """
    return prefix + settings.LEADRAILS_KEYRING.derive(f"demo|{purpose}").hex()[:40]


def _owner(tenant: Tenant, email: str) -> str:
    password = _derived(f"password|{email}")[:16]
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, password, name=f"{tenant} owner")
    Membership.objects.get_or_create(
        tenant=tenant, user=user, defaults={"role": Role.OWNER}
    )
    return password


def _api_key(tenant: Tenant) -> str:
    plaintext = _derived(f"api|{tenant.slug}", "lr_live_")
    ApiKey.objects.get_or_create(
        digest=hashlib.sha256(plaintext.encode()).digest(),
        defaults={"tenant": tenant, "name": "Demo", "hint": plaintext[-4:]},
    )
    return plaintext


def _source(tenant: Tenant) -> Source:
    source = Source.objects.for_tenant(tenant).filter(name="Website form").first()
    if source is not None:
        return source
    source = Source.objects.create(
        tenant=tenant, name="Website form", source_type="website_form", country="US"
    )
    Workflow.objects.create(tenant=tenant, source=source, name=Workflow.DEFAULT)
    secret = _derived(f"signing|{tenant.slug}", "lrs_")
    key = SigningKey(tenant=tenant, source=source, hint=secret[-4:])
    place = Place(tenant.id, "leads_signingkey", key.id, "secret")
    key.secret = settings.LEADRAILS_KEYRING.encrypt(secret, place)
    key.save(force_insert=True)
    return source


def _picture() -> str:
    """The simulator's own, since others would need the Internet."""
    return f"{settings.LEADRAILS_SIMULATOR_URL}/handsets/assets/sunrise.png"


def _destination(
    tenant: Tenant,
    name: str,
    sender: str,
    *,
    kind: str = "twilio_sms",
    media: str = "",
    config: Mapping[str, str] | None = None,
    rich: Mapping[str, Any] | None = None,
) -> Destination:
    existing = Destination.objects.for_tenant(tenant).filter(name=name).first()
    found = existing or create_destination(
        tenant,
        kind=kind,
        name=name,
        is_simulated=True,
        config={"from_number": sender, MEDIA.name: media, **(config or {})},
        rich=dict(rich or {}),
        credentials={},
        body_template=BODY,
        allowed_countries=COUNTRIES,
        actor=None,
    )
    connect_replies(found, actor=None)  # again at each start: its port may be new
    return found


def _rcs_by_twilio(tenant: Tenant, source: Source) -> None:
    """A card; phones without RCS get a text message of LeadRails' own."""
    account = simulated.account_sid(tenant.id)
    config = {
        "rcs_agent": simulated.rcs_sender(account),
        CHANNEL: RCS,
        FALLBACK.name: LEADRAILS,
        "fallback_from": "+15555550104",
    }
    place = _destination(tenant, "Estimates RCS", "", config=config, rich=_card())
    keep_content(place)
    wanted = {"field": "service_type", "op": "equals", "value": GUTTERS}
    _route(source, place, wanted)
    _rule(place)
    _follow_up(place)


def _rcs_by_telnyx(tenant: Tenant, source: Source) -> None:
    """The same; here the provider itself sends the text message."""
    account = simulated.account_sid(tenant.id)
    config = {"rcs_agent": simulated.telnyx_agent_id(account), CHANNEL: RCS}
    place = _destination(
        tenant,
        "Estimates RCS, Telnyx",
        "+15555550201",
        kind="telnyx_sms",
        config=config,
        rich=_card(),
    )
    wanted = {"field": "service_type", "op": "equals", "value": WINDOWS}
    _route(source, place, wanted)
    _rule(place)
    _follow_up(place)


def _follow_up(place: Destination) -> None:
    """What somebody who read nothing gets."""
    mine = FollowUpRule.objects.for_tenant(place.tenant_id)
    if mine.filter(destination=place).exists():
        return
    rule = FollowUpRule(
        tenant=place.tenant,
        destination=place,
        watches=FollowUpRule.Watches.NOT_READ,
        after=FollowUpRule.SHORTEST,
        action=FollowUpRule.Action.TEXT,
        body_template="Shall we still come and look, {{ first_name }}?",
    )
    save_rule(rule, actor=None, now=timezone.now())


def _card() -> dict[str, Any]:
    book = {"kind": "reply", "label": "Book a visit", "postback": POSTBACK}
    call = {"kind": "dial", "label": "Call us", "phone": "+15555550100"}
    later = {"kind": "reply", "label": "Not now", "postback": "not_now"}
    return {
        "cards": [
            {
                "title": "Hi {{ first_name | default('there') }}",
                "description": "Shall we come and look? The estimate is free.",
                "media": {"url": _picture()},
                "suggestions": [book, call, later],
            }
        ]
    }


def _rule(place: Destination) -> None:
    """What somebody who wants a visit gets."""
    mine = Rule.objects.for_tenant(place.tenant_id).filter(destination=place)
    if mine.exists():
        return
    create_rule(
        place.tenant,
        once=ids.uuid7(),
        name=f"Wants a visit ({place.name})",
        destination=place,
        postback=POSTBACK,
        words=["Book a visit"],
        tag="wants a visit",
        send_by=place,
        send_text="Great! Tell us a day and we will be there.",
        actor=None,
    )


def _route(source: Source, destination: Destination, condition: dict[str, Any]) -> None:
    Route.objects.get_or_create(
        tenant_id=source.tenant_id,
        source=source,
        destination=destination,
        defaults={
            "workflow": source.workflows.get(name=Workflow.DEFAULT),
            "name": f"{source} to {destination}",
            "conditions": {"all": [condition]},
        },
    )

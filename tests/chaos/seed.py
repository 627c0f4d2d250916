"""Run with the stack's variables: make the workspaces of a run, print them as JSON."""

import json

import django

TENANTS = ("flood", "alpha", "beta", "gamma", "delta", "doubt")
"""The last one's key may not ask what became of a message, so it sends again."""
BY_TELNYX = {"alpha": 1, "gamma": 0, "delta": 0}
"""Which of a workspace's destinations is Telnyx's. It cannot be asked, either."""
BY_RCS = {"beta": "not_read", "delta": "not_delivered"}
"""Workspaces that send by RCS, LeadRails falling back, and what they follow up."""
PATIENCE = 15  # seconds that RCS gets
BODY = "{{ first_name }}: thanks for asking about {{ service_type }}."
PASSWORD = "a long password of chaos"


def main():
    django.setup()
    print(json.dumps([_tenant(slug) for slug in TENANTS]))


def _tenant(slug):
    from leadrails.tenants.services import bump_version
    from tests import make

    tenant = make.make_tenant(name=slug.title(), slug=slug)
    user = make.make_user(tenant, email=f"owner@{slug}.example", password=PASSWORD)
    source = make.make_source(tenant, country="US")
    key_id, secret = make.make_signing_key(source)
    # The second workspace's leads go two ways, so that one may fail without the other.
    for number in range(2 if slug == "alpha" else 1):
        destination = make.make_destination(
            tenant,
            name=f"Destination {number + 1}",
            body_template=f"{BODY} ({number + 1})",
            hourly_ceiling=10**8,
            daily_per_recipient=30,
            **_way(tenant, number),
        )
        make.make_route(source, destination, is_additional=number > 0)
        if watches := BY_RCS.get(slug):
            _send_by_rcs(destination, watches)
    bump_version(tenant)
    return {
        "id": str(tenant.id),
        "slug": slug,
        "client_id": tenant.public_id,
        "source_id": source.public_id,
        "key_id": key_id,
        "signing_secret": secret,
        "email": user.email,
        "password": PASSWORD,
    }


def _way(tenant, number):
    """How a destination sends: those that cannot be asked send again in doubt."""
    if tenant.slug == "doubt":
        return _way_in_doubt(tenant)
    return _telnyx(tenant) if BY_TELNYX.get(tenant.slug) == number else {}


def _send_by_rcs(place, watches):
    from django.utils import timezone

    from destinations.contents import note_content
    from destinations.providers import simulated
    from leadrails.jobs.contents import keep_content
    from leadrails.jobs.follow_up_rules import save_rule
    from leadrails.jobs.models import FollowUpRule

    account = simulated.account_sid(place.tenant_id)
    place.config |= {
        "channel": "rcs",
        "fallback": "leadrails",
        "fallback_after": str(PATIENCE),
        "rcs_agent": simulated.rcs_sender(account)
        if place.kind == "twilio_sms"
        else simulated.telnyx_agent_id(account),
    }
    place.rich = {
        "text": f"{BODY} (RCS)",
        "suggestions": [{"kind": "reply", "label": "Call me"}],
    }
    note_content(place, now=timezone.now())
    place.save()
    if not keep_content(place):
        raise RuntimeError("the provider did not take the RCS content")
    rule = FollowUpRule(
        tenant=place.tenant,
        destination=place,
        watches=watches,
        after=FollowUpRule.SHORTEST,
        action=FollowUpRule.Action.TEXT,
        body_template="{{ first_name }}: are you there?",
    )
    save_rule(rule, actor=None, now=timezone.now())


def _telnyx(tenant):
    from django.conf import settings

    from destinations.models import Destination
    from destinations.providers.telnyx import TelnyxSMS

    config, credentials = TelnyxSMS.simulated_settings(
        tenant.id, settings.LEADRAILS_SIMULATOR_SECRET
    )
    return {
        "kind": TelnyxSMS.kind,
        "config": config,
        "credentials": credentials,
        "when_unknown": Destination.WhenUnknown.RESEND,
    }


def _way_in_doubt(tenant):
    """An API key of the simulator's, which faults.py restricts, and a policy."""
    from django.conf import settings

    from destinations.models import Destination
    from destinations.providers import simulated

    sid = simulated.account_sid(tenant.id)
    key_sid = simulated.sibling_sid("SK", sid)
    secret = simulated.auth_token(settings.LEADRAILS_SIMULATOR_SECRET, key_sid)
    return {
        "config": {
            "account_sid": sid,
            "from_number": "+15555550100",
            "api_key_sid": key_sid,
        },
        "credentials": {"api_key_secret": secret},
        "when_unknown": Destination.WhenUnknown.RESEND,
    }


if __name__ == "__main__":
    main()

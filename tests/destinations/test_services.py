"""Destinations are made, changed, paused and deleted; their secrets stay sealed."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError

from destinations import credentials, services
from destinations.models import Destination
from destinations.providers import simulated
from leadrails.core.crypto import CannotDecrypt
from leadrails.tenants.models import AuditEntry
from tests.make import make_destination, make_tenant, make_user

pytestmark = pytest.mark.django_db

LIVE = {"account_sid": "AC" + "0a" * 16, "from_number": "+15555550111"}
TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
OTHER_TOKEN = "00112233445566778899aabbccddeeff"


def create(tenant=None, **changes):
    tenant = tenant or make_tenant()
    return services.create_destination(
        tenant,
        **{
            "kind": "twilio_sms",
            "name": "Sales SMS",
            "is_simulated": False,
            "config": LIVE,
            "credentials": {"auth_token": TOKEN},
            "body_template": "Hi {{ name }}. Reply STOP to opt out.",
            "actor": None,
            **changes,
        },
    )


def test_a_simulated_destination_needs_no_input():
    tenant = make_tenant()
    destination = create(tenant, is_simulated=True, config={}, credentials={})

    sid = simulated.account_sid(tenant.id)
    assert destination.config == {
        "account_sid": sid,
        "from_number": "+15555550100",
        "rcs_agent": simulated.rcs_sender(sid),
    }
    token = simulated.auth_token(settings.LEADRAILS_SIMULATOR_SECRET, sid)
    assert credentials.open_credentials(destination) == {"auth_token": token}
    assert destination.allowed_countries == ["US"]


def test_secrets_are_not_readable_in_the_row():
    destination = create()
    row = Destination.objects.for_tenant(destination.tenant).values().get()
    row["credentials"] = bytes(row["credentials"])
    assert TOKEN not in repr(row)
    assert TOKEN.encode() not in row["credentials"]


def test_a_row_copied_to_another_does_not_open():
    one, other = create(), create()
    other.credentials = one.credentials
    with pytest.raises(CannotDecrypt):
        credentials.open_credentials(other)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "   "}, "name"),
        ({"kind": "pigeon"}, "kind"),
        ({"config": {"account_sid": "AC12"}}, "account_sid"),
        ({"credentials": {}}, "auth_token"),
        ({"body_template": "Hi {{ name"}, "body_template"),
        ({"body_template": ""}, "body_template"),
        ({"recipient_template": "{% for x in y %}{% endfor %}"}, "recipient_template"),
        ({"allowed_countries": ["XX"]}, "allowed_countries"),
        ({"hourly_ceiling": 0}, "hourly_ceiling"),
        ({"max_attempts": 51}, "max_attempts"),
        ({"time_to_live": timedelta(days=8)}, "time_to_live"),
        ({"purpose": "spam"}, "purpose"),
        ({"is_simulated": True}, "account_sid"),
        ({"rich": {"txet": "Hi"}}, "rich"),
        ({"rich": {"text": "Hi {{ name"}}, "rich"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_made(changes, field):
    with pytest.raises(ValidationError) as caught:
        create(**changes)
    assert field in caught.value.message_dict
    assert not Destination.objects.exists()
    assert not AuditEntry.objects.exists()


def test_every_act_is_audited_and_bumps_the_version():
    tenant = make_tenant()
    user = make_user(tenant)
    destination = create(tenant, actor=user)
    services.update_destination(destination, actor=user, name="Support SMS")
    services.pause_destination(destination, reason="20003", actor=None)
    services.activate_destination(destination, actor=user)
    services.revoke_destination(destination, actor=user)

    acts = AuditEntry.objects.for_tenant(tenant).order_by("id")
    assert [(act.action, act.actor) for act in acts] == [
        ("destination.created", user),
        ("destination.updated", user),
        ("destination.paused", None),
        ("destination.resumed", user),
        ("destination.deleted", user),
    ]
    assert acts[1].details == {"fields": ["name"]}
    assert acts[2].details == {"reason": "20003"}
    tenant.refresh_from_db()
    assert tenant.version == 6


def test_no_act_happens_twice():
    destination = create()
    assert services.pause_destination(destination, actor=None)
    assert not services.pause_destination(destination, reason="20003", actor=None)
    destination.refresh_from_db()
    assert destination.pause_reason == "manual"
    assert services.revoke_destination(destination, actor=None)
    assert not services.revoke_destination(destination, actor=None)
    assert not services.activate_destination(destination, actor=None)


def test_a_deleted_destination_cannot_be_changed():
    destination = create()
    services.revoke_destination(destination, actor=None)
    with pytest.raises(ValidationError):
        services.update_destination(destination, actor=None, name="Back again")


def test_secrets_stay_unless_given():
    destination = create()
    changed = services.update_destination(destination, actor=None, name="Other")
    assert credentials.open_credentials(changed) == {"auth_token": TOKEN}


def test_a_replaced_token_is_kept_to_check_callbacks_on_their_way():
    destination = create()
    before = destination.secrets_set_at["auth_token"]
    changed = services.update_destination(
        destination, actor=None, credentials={"auth_token": OTHER_TOKEN}
    )
    assert credentials.open_credentials(changed) == {
        "auth_token": OTHER_TOKEN,
        "auth_token_previous": TOKEN,
    }
    assert changed.secrets_set_at["auth_token"] > before
    assert changed.secrets_set_at.keys() == {"auth_token"}
    provider = credentials.provider_for(changed)
    assert provider.auth_tokens == (OTHER_TOKEN, TOKEN)


def test_an_empty_secret_removes_it():
    key = {"api_key_sid": "SK" + "0b" * 16}
    destination = create(
        config={**LIVE, **key},
        credentials={"auth_token": TOKEN, "api_key_secret": "k" * 32},
    )
    changed = services.update_destination(
        destination, actor=None, config=LIVE, credentials={"api_key_secret": ""}
    )
    assert credentials.open_credentials(changed) == {"auth_token": TOKEN}


def test_a_wrong_change_changes_nothing():
    destination = create()
    with pytest.raises(ValidationError):
        services.update_destination(
            destination, actor=None, name="New", config={"account_sid": "AC1"}
        )
    destination.refresh_from_db()
    assert (destination.name, destination.config) == ("Sales SMS", LIVE)


def test_a_change_of_credentials_forgets_the_verification():
    destination = create()
    Destination.objects.filter(pk=destination.pk).update(
        verified_at=destination.created_at, verification={"ok": True}
    )
    changed = services.update_destination(destination, actor=None, name="Other")
    assert changed.verification == {"ok": True}
    changed = services.update_destination(
        destination, actor=None, credentials={"auth_token": OTHER_TOKEN}
    )
    assert (changed.verified_at, changed.verification) == (None, {})


def test_the_provider_follows_a_change_of_the_row():
    destination = create()
    assert credentials.provider_for(destination) is credentials.provider_for(
        Destination.objects.get(pk=destination.pk)
    )
    changed = services.update_destination(
        destination, actor=None, config={**LIVE, "from_number": "+15555550122"}
    )
    assert credentials.provider_for(changed).from_number == "+15555550122"


def test_only_the_operator_says_where_a_provider_is(settings):
    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"
    settings.LEADRAILS_TWILIO_URL = "https://twilio.example"
    live = credentials.provider_for(create())
    played = credentials.provider_for(make_destination())
    assert live.base_url == "https://twilio.example"
    assert played.base_url == "http://127.0.0.1:9"


def test_another_tenants_sender_is_noticed_and_nothing_more():
    one, same_tenant = create(), None
    same_tenant = create(one.tenant)
    assert not credentials.shares_sender(one)
    other = create()
    assert credentials.shares_sender(one)
    assert credentials.shares_sender(same_tenant)
    services.revoke_destination(other, actor=None)
    assert not credentials.shares_sender(one)


def test_a_service_is_the_sender_if_there_is_one():
    service = {"messaging_service_sid": "MG" + "0c" * 16}
    one = create(config={**LIVE, **service})
    assert not credentials.shares_sender(create())
    create(config={**LIVE, **service, "from_number": "+15555550199"})
    assert credentials.shares_sender(one)


def test_a_sender_name_belongs_to_nobody():
    one = create(config={**LIVE, "from_number": "ACME Roofs"})
    create(config={**LIVE, "from_number": "ACME Roofs"})
    assert not credentials.shares_sender(one)


def test_sample_numbers_of_two_simulated_accounts_are_not_shared():
    one = create(is_simulated=True, config={}, credentials={})
    create(is_simulated=True, config={}, credentials={})
    assert not credentials.shares_sender(one)


def test_dates_of_secrets_are_told_but_no_secret():
    destination = make_destination()
    assert credentials.secret_dates(destination) == {
        "auth_token": destination.created_at
    }
    assert "token" not in json.dumps(destination.config)

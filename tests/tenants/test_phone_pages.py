"""The phone on one's profile: a real code through the real simulator."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from destinations.models import Destination
from destinations.providers.simulated import account_sid
from leadrails.contacts.models import Suppression
from leadrails.jobs.models import Job
from leadrails.tenants.models import AuditEntry, Membership, Role, User
from tests.make import make_destination, make_tenant, make_user
from tests.webhooks.telnyx import make_place

pytestmark = pytest.mark.django_db

PROFILE = "/account/profile"
SEND = "/account/phone/send"
CONFIRM = "/account/phone/confirm"
REMOVE = "/account/phone/remove"
HANDSET = "/account/phone/handset"
CARD = f"{PROFILE}#phone"
HTMX = {"HX-Request": "true"}
LIVE_PHONE = "+447400123456"


@pytest.fixture(autouse=True)
def providers(settings, request):
    """Live destinations talk to the simulator too, as if it were Twilio."""
    has_one = "simulator" in request.fixturenames
    url = request.getfixturevalue("simulator").url if has_one else "http://127.0.0.1:9"
    settings.LEADRAILS_SIMULATOR_URL = settings.LEADRAILS_TWILIO_URL = url


@pytest.fixture
def tenant():
    return make_tenant(slug="acme")


@pytest.fixture
def ann(client, tenant):
    ann = make_user(tenant, Role.OPERATOR)
    client.force_login(ann)
    return ann


def text(answer):
    return unescape(answer.content.decode())


def fresh(user):
    return User.objects.get(pk=user.pk)


def ask(client, destination, phone):
    return client.post(SEND, {"phone": phone, "destination": destination.public_id})


def last_message(simulator, destination):
    return simulator.ledger(account=destination.config["account_sid"])[-1]


def code_of(message):
    return re.match(r"[0-9]{6}\b", message["body"])[0]


def later(user, **delta):
    """As if the last code had been sent a while ago."""
    sent_at = fresh(user).phone_code_sent_at - timedelta(**delta)
    User.objects.filter(pk=user.pk).update(phone_code_sent_at=sent_at)


# The way that works ------------------------------------------------------------


def test_the_simulated_phone_opens_where_the_provider_keeps_no_list(
    client, tenant, ann, simulator
):
    place = make_place(tenant=tenant)

    ask(client, place, "+1 202 555 0142")
    page = text(client.get(HANDSET, headers=HTMX))

    (message,) = simulator.ledger(account=account_sid(tenant.id))
    assert (message["to"], bool(code_of(message))) == ("+12025550142", True)
    assert 'href="/t/acme/destinations/handsets/?phone=%2B12025550142"' in page


def test_a_live_destination_confirms_a_phone(client, tenant, ann, simulator):
    live = make_destination(tenant, is_simulated=False)

    sent = ask(client, live, "+44 7400 123456")

    assert sent.headers["Location"] == CARD
    message = last_message(simulator, live)
    assert message["to"] == LIVE_PHONE
    assert message["segments"] == 1
    assert message["callback_url"] in (None, "")
    page = text(client.get(PROFILE))
    assert "A code was sent to +44••••••3456 by Sales SMS." in page
    assert code_of(message) not in page
    assert LIVE_PHONE not in page.replace(f'value="{LIVE_PHONE}"', "")

    done = client.post(CONFIRM, {"code": code_of(message)})

    assert done.headers["Location"] == CARD
    assert fresh(ann).confirmed_phone == LIVE_PHONE
    page = text(client.get(PROFILE))
    assert "+44••••••3456" in page
    assert LIVE_PHONE not in page
    assert SEND not in page


def test_a_code_leaves_no_lead_and_no_job(client, tenant, ann, simulator):
    ask(client, make_destination(tenant, is_simulated=False), LIVE_PHONE)

    assert not Job.objects.exists()
    code = code_of(simulator.ledger(to=LIVE_PHONE)[-1])
    log = str(list(AuditEntry.objects.values("details", "subject_name")))
    assert code not in log
    assert LIVE_PHONE not in log


def test_a_national_number_is_read_as_of_the_workspaces_country(
    client, ann, tenant, simulator
):
    tenant.country = "GB"
    tenant.save()
    live = make_destination(tenant, is_simulated=False)

    ask(client, live, "07400 123456")

    assert fresh(ann).phone == LIVE_PHONE


def test_spaces_and_dashes_in_the_code_do_not_matter(client, tenant, ann, simulator):
    simulated = make_destination(tenant)
    ask(client, simulated, "+1 555 555 0100")
    code = code_of(last_message(simulator, simulated))

    client.post(CONFIRM, {"code": f" {code[:3]}-{code[3:]} "})

    assert fresh(ann).confirmed_phone == "+15555550100"


def test_the_code_of_a_simulated_destination_is_read_in_place(
    client, tenant, ann, simulator
):
    simulated = make_destination(tenant)
    ask(client, simulated, "+15555550100")
    assert HANDSET in text(client.get(PROFILE))

    part = text(client.get(HANDSET, headers=HTMX))
    page = text(client.get(HANDSET))

    body = last_message(simulator, simulated)["body"]
    assert body in part
    assert "<html" not in part
    assert body in page
    assert "<html" in page
    client.post(CONFIRM, {"code": code_of({"body": body})})
    assert fresh(ann).confirmed_phone == "+15555550100"


def test_the_number_is_removed_after_a_question(client, tenant, ann):
    ann.phone, ann.phone_confirmed_at = LIVE_PHONE, timezone.now()
    ann.save()

    question = text(client.get(REMOVE))
    assert "Remove +44••••••3456?" in question
    assert fresh(ann).phone == LIVE_PHONE

    client.post(REMOVE)

    assert fresh(ann).phone == ""
    assert "Confirmed" not in text(client.get(PROFILE))
    assert AuditEntry.objects.get().action == "member.phone_removed"


def test_one_may_start_over_with_another_number(client, tenant, ann, simulator):
    live = make_destination(tenant, is_simulated=False)
    ask(client, live, LIVE_PHONE)
    client.post(REMOVE)
    later(ann, seconds=61)

    ask(client, live, "+447400123457")

    assert fresh(ann).phone == "+447400123457"
    assert not AuditEntry.objects.filter(action="member.phone_removed").exists()


# What is refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "sentence"),
    [
        ("", "This field is required."),
        ("call me", "This is not a phone number."),
        ("+1 202", "too short"),
        ("+1 900 555 1234", "premium-rate"),
        ("+44 7400 12345678901234", "too long"),
        ("+999 1234567", "No country has the country code"),
        ("+447400123456'; DROP TABLE x", "digits are a guess"),
    ],
)
def test_a_number_that_cannot_be_used_says_why(
    client, tenant, ann, simulator, phone, sentence
):
    live = make_destination(tenant, is_simulated=False)

    answer = ask(client, live, phone)

    assert answer.status_code == 422
    assert sentence in text(answer)
    assert fresh(ann).phone == ""
    assert simulator.ledger(account=live.config["account_sid"]) == []


def test_a_simulated_destination_confirms_no_real_number(
    client, tenant, ann, simulator
):
    simulated = make_destination(tenant)

    answer = ask(client, simulated, LIVE_PHONE)

    assert answer.status_code == 422
    assert "A simulated destination reaches no real phone." in text(answer)
    assert fresh(ann).phone == ""


def test_a_destination_of_a_stranger_is_no_choice(client, tenant, ann, simulator):
    make_destination(tenant)
    foreign = make_destination(make_tenant(), name="Secret", is_simulated=False)

    answer = ask(client, foreign, LIVE_PHONE)

    assert answer.status_code == 422
    assert "Secret" not in text(answer)
    assert simulator.ledger(account=foreign.config["account_sid"]) == []
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("status", ["paused", "revoked"])
def test_a_destination_that_is_not_active_sends_nothing(
    client, tenant, ann, simulator, status
):
    row = make_destination(tenant, is_simulated=False)
    page = text(client.get(PROFILE))
    assert row.public_id in page
    Destination.objects.filter(pk=row.pk).update(status=status)

    assert ask(client, row, LIVE_PHONE).status_code == 422
    assert "Nothing here can send the code yet" in text(client.get(PROFILE))


def test_a_viewer_spends_no_message_of_the_workspace(client, tenant, simulator):
    live = make_destination(tenant, is_simulated=False)
    client.force_login(make_user(tenant, Role.VIEWER))

    assert ask(client, live, LIVE_PHONE).status_code == 422
    assert "Nothing here can send the code yet" in text(client.get(PROFILE))


def test_all_of_ones_workspaces_are_offered_by_name(client, tenant, ann):
    second = make_tenant(name="Bolt Ltd")
    Membership.objects.create(tenant=second, user=ann, role=Role.OWNER)
    make_destination(tenant, name="Demo")
    make_destination(second, name="Real", is_simulated=False)

    page = text(client.get(PROFILE))

    assert page.index("Real · Bolt Ltd") < page.index(f"Demo · {tenant.name}")
    assert "(simulated)" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"allowed_countries": ["US"]}, "does not allow messages to this country"),
        ({"held_countries": ["GB"]}, "not enabled for this country"),
    ],
)
def test_the_destinations_limits_hold_for_codes_too(
    client, tenant, ann, simulator, fields, sentence
):
    live = make_destination(tenant, is_simulated=False, **fields)

    assert sentence in text(ask(client, live, LIVE_PHONE))
    assert simulator.ledger(account=live.config["account_sid"]) == []


def test_a_suppressed_number_gets_no_code(client, tenant, ann, simulator):
    live = make_destination(tenant, is_simulated=False)
    Suppression.objects.create(tenant=tenant, phone=LIVE_PHONE, reason="opted_out")

    assert "asked for no more messages" in text(ask(client, live, LIVE_PHONE))
    assert simulator.ledger(account=live.config["account_sid"]) == []


def test_six_wrong_codes_in_the_page_end_it(client, tenant, ann, simulator):
    simulated = make_destination(tenant)
    ask(client, simulated, "+15555550100")
    code = code_of(last_message(simulator, simulated))
    wrong = f"{(int(code) + 1) % 10**6:06d}"

    answers = [client.post(CONFIRM, {"code": wrong}) for _ in range(6)]
    right = client.post(CONFIRM, {"code": code})

    assert {answer.status_code for answer in [*answers, right]} == {422}
    assert "4 tries are left." in text(answers[0])
    assert "it was the last try" in text(answers[4])
    for answer in (answers[4], answers[5], right):
        assert "Send the code" in text(answer)
    assert fresh(ann).confirmed_phone == ""


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６"])
def test_what_is_no_code_costs_no_try(client, tenant, ann, simulator, code):
    simulated = make_destination(tenant)
    ask(client, simulated, "+15555550100")

    assert client.post(CONFIRM, {"code": code}).status_code == 422
    assert fresh(ann).phone_code_tries == 0


def test_an_expired_code_says_so(client, tenant, ann, simulator):
    simulated = make_destination(tenant)
    ask(client, simulated, "+15555550100")
    code = code_of(last_message(simulator, simulated))
    later(ann, minutes=10)

    answer = client.post(CONFIRM, {"code": code})

    assert answer.status_code == 422
    assert "This code is too old or used up." in text(answer)
    assert fresh(ann).confirmed_phone == ""
    assert "+15555550100" in text(client.get(PROFILE))  # to ask again without typing


def test_a_second_code_within_a_minute_is_refused(client, tenant, ann, simulator):
    simulated = make_destination(tenant)
    ask(client, simulated, "+15555550100")

    answer = ask(client, simulated, "+15555550100")

    assert answer.status_code == 422
    assert "Ask for a new one in" in text(answer)
    account = simulated.config["account_sid"]
    assert len(simulator.ledger(account=account)) == 1
    code = code_of(last_message(simulator, simulated))
    client.post(CONFIRM, {"code": code})
    assert fresh(ann).confirmed_phone == "+15555550100"


# What goes wrong ---------------------------------------------------------------


def test_a_refusal_by_the_provider_is_told_with_its_code(
    client, tenant, ann, simulator
):
    broken = make_destination(
        tenant, is_simulated=False, credentials={"auth_token": "0" * 32}
    )

    answer = ask(client, broken, LIVE_PHONE)

    assert answer.status_code == 422
    assert "(20003)" in text(answer)
    assert "0" * 32 not in text(answer)
    assert fresh(ann).phone == ""
    good = make_destination(tenant, is_simulated=False)
    assert ask(client, good, LIVE_PHONE).status_code == 302


def test_a_provider_out_of_reach_is_told(client, tenant, ann):
    answer = ask(client, make_destination(tenant, is_simulated=False), LIVE_PHONE)

    assert answer.status_code == 422
    assert "could not be reached or is busy" in text(answer)


def test_credentials_that_cannot_be_read_are_told(client, tenant, ann):
    row = make_destination(tenant, is_simulated=False)
    Destination.objects.filter(pk=row.pk).update(
        credentials=make_destination().credentials
    )

    answer = ask(client, row, LIVE_PHONE)

    assert answer.status_code == 422
    assert "cannot be read" in text(answer)


def test_a_lost_answer_keeps_the_code_good(client, tenant, ann, simulator):
    simulated = make_destination(tenant)

    answer = ask(client, simulated, "+12025550168")  # accepted, no answer

    assert answer.headers["Location"] == CARD
    assert "may or may not arrive" in text(client.get(PROFILE))
    client.post(CONFIRM, {"code": code_of(last_message(simulator, simulated))})
    assert fresh(ann).confirmed_phone == "+12025550168"


def test_the_simulated_phone_is_empty_or_away(client, tenant, ann, simulator, settings):
    simulated = make_destination(tenant)
    ask(client, simulated, "+15555550100")
    User.objects.filter(pk=ann.pk).update(phone="+15555550142")
    assert "Nothing has arrived" in text(client.get(HANDSET))

    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"
    assert "The simulator does not answer" in text(client.get(HANDSET))


def test_the_simulated_phone_shows_nothing_of_a_live_destination(
    client, tenant, ann, simulator
):
    ask(client, make_destination(tenant, is_simulated=False), "+12025550144")

    assert HANDSET not in text(client.get(PROFILE))
    assert client.get(HANDSET).headers["Location"] == CARD


def test_who_left_the_workspace_reads_its_simulated_phone_no_more(
    client, tenant, ann, simulator
):
    ask(client, make_destination(tenant), "+15555550100")
    ann.memberships.all().delete()

    assert client.get(HANDSET).headers["Location"] == CARD


def test_a_person_without_a_workspace_is_told_what_is_missing(client):
    client.force_login(make_user())

    assert "Nothing here can send the code yet" in text(client.get(PROFILE))

"""RCS content at Twilio: made, used by jobs, looked after, and deleted in the end."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from twilio.rest import Client

from destinations import contents
from destinations.credentials import provider_for
from destinations.direct import call_directly
from destinations.models import ContentTemplate, Destination
from destinations.providers import simulated
from leadrails.jobs.contents import keep_content, mend_contents
from leadrails.jobs.limits import change_destination
from tests.make import (
    let_seconds_pass,
    make_destination,
    make_job,
    make_tenant,
    make_user,
)

DEAD = "http://127.0.0.1:9"
pytestmark = pytest.mark.django_db(transaction=True)
CHIP = {"kind": "reply", "label": "Yes, {{ first_name }}", "postback": "yes"}
RICH = {"text": "Hi {{ first_name }}, shall we call?", "suggestions": [CHIP]}
OTHER = {"text": "Shall we call?", "suggestions": [CHIP]}


@pytest.fixture
def place(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    tenant = make_tenant()
    sid = simulated.account_sid(tenant.id)
    config = {
        "account_sid": sid,
        "messaging_service_sid": simulated.sibling_sid("MG", sid),
        "rcs_agent": simulated.rcs_sender(sid),
        "channel": "rcs",
    }
    add_agent(simulator, sid)
    return make_destination(tenant, config=config, body_template="By text")


def add_agent(simulator, sid):
    client = Client(sid, simulated.auth_token(simulator.secret, sid))
    client.messaging.base_url = simulator.url
    pool = client.messaging.v1.services(simulated.sibling_sid("MG", sid))
    with client.http_client.session:
        pool.channel_senders.create(sid=simulated.sibling_sid("XE", sid))


def change(place, rich):
    change_destination(place, actor=None, rich=rich)
    place.refresh_from_db()
    return place.content_sid


def is_at_twilio(place, sid):
    return call_directly(lambda http: provider_for(place).has_content(sid, http), 5)


def test_saving_makes_a_template_and_each_content_has_its_own(place):
    first = change(place, RICH)
    second = change(place, OTHER)
    again = change(place, RICH)

    assert first.startswith("HX")
    assert first == again != second
    assert is_at_twilio(place, first)
    rows = ContentTemplate.objects.for_tenant(place.tenant_id)
    assert {row.sid: row.retired_at is None for row in rows} == {
        first: True,
        second: False,
    }
    assert change(place, {}) == ""
    assert contents.content_of(place) is None


def test_a_field_that_is_filled_in_otherwise_needs_no_other_template(place):
    sid = change(place, RICH)

    changed = {**RICH, "suggestions": [{**CHIP, "label": "Yes, {{ last_name }}"}]}

    assert change(place, changed) == sid


def test_a_message_waits_for_its_template_and_keeps_the_one_it_has(
    place, drain, simulator
):
    Destination.objects.filter(pk=place.pk).update(rich=RICH)
    place.refresh_from_db()
    job = make_job(destination=place)
    drain()
    job.refresh_from_db()
    assert (job.state, job.reason) == ("held", "content_not_ready")

    contents.note_content(place, now=timezone.now())
    assert keep_content(place)
    drain()

    job.refresh_from_db()
    place.refresh_from_db()
    assert job.state == "accepted"
    assert job.message["content"]["template"] == place.content_sid
    assert job.message["rich"]["text"] == "Hi Ann, shall we call?"
    assert (job.message["channel"], job.message["body"]) == ("rcs", "By text")
    (row,) = simulator.wait(account=place.config["account_sid"])
    assert row["rich"]["text"] == "Hi Ann, shall we call?"
    assert row["rich"]["chips"][0]["text"] == "Yes, Ann"


def test_what_a_provider_does_not_take_is_said_and_tried_again(place, settings):
    settings.LEADRAILS_SIMULATOR_URL = DEAD
    assert change(place, RICH) == ""
    row = contents.content_of(place)
    assert (row.tries, row.error) == (1, "The provider did not answer.")

    now = timezone.now()
    mend_contents(now + timedelta(seconds=1))
    row.refresh_from_db()
    assert row.tries == 1
    mend_contents(now + timedelta(minutes=1))
    row.refresh_from_db()
    assert row.tries == 2


def test_what_fails_again_and_again_does_not_hold_up_the_rest(place):
    now = timezone.now()
    other = make_destination(place.tenant)
    for at, tries, row in ((30, 9, place), (1, 1, other)):
        ContentTemplate.objects.create(
            tenant=place.tenant,
            destination=row,
            tried_at=now - timedelta(minutes=at),
            tries=tries,
        )
    (due,) = contents.to_make(now, 1)
    assert due.destination == other


def test_a_template_that_is_gone_is_made_anew(place):
    old = change(place, RICH)
    call_directly(lambda http: provider_for(place).delete_content(old, http), 5)

    mend_contents(timezone.now() + contents.LOOK_EVERY + timedelta(seconds=1))

    place.refresh_from_db()
    assert place.content_sid not in ("", old)
    assert is_at_twilio(place, place.content_sid)


def test_a_message_whose_template_was_deleted_waits_for_a_new_one(
    place, drain, simulator
):
    """Somebody deleted it in the Console a moment ago."""
    old = change(place, RICH)
    call_directly(lambda http: provider_for(place).delete_content(old, http), 5)
    job = make_job(destination=place)
    drain()
    job.refresh_from_db()
    place.refresh_from_db()
    assert (job.state, job.reason) == ("retrying", "content_not_ready")
    assert (job.message, place.content_sid) == (None, "")

    let_seconds_pass(60)
    drain()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("held", 1)
    mend_contents(timezone.now())
    drain()

    job.refresh_from_db()
    place.refresh_from_db()
    assert job.state == "accepted"
    assert job.message["content"]["template"] == place.content_sid != old
    (row,) = simulator.wait(account=place.config["account_sid"])
    assert row["rich"]["text"] == "Hi Ann, shall we call?"


def test_a_template_is_deleted_when_no_job_can_need_it(place):
    old, new = change(place, RICH), change(place, OTHER)
    now = timezone.now()

    mend_contents(now + contents.KEPT_AFTER_USE - timedelta(minutes=1))
    assert is_at_twilio(place, old)
    mend_contents(now + contents.KEPT_AFTER_USE + timedelta(minutes=1))

    assert not is_at_twilio(place, old)
    assert is_at_twilio(place, new)
    row = ContentTemplate.objects.get(sid=old)
    assert row.deleted_at is not None


def test_two_tries_at_once_make_one(place):
    Destination.objects.filter(pk=place.pk).update(rich=RICH)
    place.refresh_from_db()
    contents.note_content(place, now=timezone.now())
    row, same = contents.content_of(place), contents.content_of(place)

    assert contents.make_content(row, now=timezone.now())
    assert not contents.make_content(same, now=timezone.now())


def test_the_page_says_whether_twilio_has_it_and_tries_again(place, settings, client):
    good, settings.LEADRAILS_SIMULATOR_URL = settings.LEADRAILS_SIMULATOR_URL, DEAD
    change(place, RICH)
    client.force_login(make_user(place.tenant))
    names = {"tenant": place.tenant.slug, "destination": place.public_id}
    detail = reverse("destinations:detail", kwargs=names)
    page = client.get(detail).content.decode()
    assert "The provider did not answer." in page
    settings.LEADRAILS_SIMULATOR_URL = good

    answer = client.post(reverse("destinations:content", kwargs=names), follow=True)

    assert "The provider has the RCS content." in answer.content.decode()
    page = client.get(detail).content.decode()
    assert "There since" in page
    assert "Try again now" not in page


def test_twilio_cannot_tell_a_bare_text_from_the_text_in_reserve(place):
    with pytest.raises(ValidationError, match="alike by RCS"):
        change(place, {"text": "Hi"})
    place.config["fallback"] = "leadrails"
    place.config["fallback_from"] = "+15555550100"
    place.save()

    assert change(place, {"text": "Hi"}) == ""
    assert contents.content_of(place) is None

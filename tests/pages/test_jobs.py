from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from destinations.services import pause_destination
from leadrails.contacts.models import Suppression
from leadrails.contacts.services import suppress
from leadrails.core import ids
from leadrails.core.states import ABORTABLE, REPLAYABLE, State
from leadrails.jobs import list_views
from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from leadrails.jobs.resend import RESENDABLE
from leadrails.tenants.models import AuditEntry, Role
from tests.make import make_job, make_lead, make_source


@pytest.fixture
def make(world):
    """A job of the world in a state, with the reason such a job has."""

    def make(state="queued", **fields):
        lead = fields.pop("lead", None) or make_lead(world.source, job_count=1)
        needs_reason = state in ("held", "skipped", "dead")
        fields = {"reason": "expired" if needs_reason else "", **fields}
        return make_job(
            lead, world.destination, route=world.route, state=state, **fields
        )

    return make


def found(response):
    return [row["job"].id for row in response.context["rows"]]


def test_filters_narrow_the_list(world, make, enter, url):
    dead = make("dead", error_code="30007", recipient="+12025550177")
    held = make("held", reason="destination_paused")
    sent = make("sent", provider_id="SM" + "a" * 32)
    client, page = enter(world.tenant), url("jobs:list")
    assert found(client.get(page)) == [sent.id, held.id, dead.id]
    assert found(client.get(page, {"state": "dead"})) == [dead.id]
    both = {"state": ["dead", "held"]}
    assert found(client.get(page, both)) == [held.id, dead.id]
    assert found(client.get(page, {"q": "30007"})) == [dead.id]
    assert found(client.get(page, {"q": "+1 202 555 0177"})) == [dead.id]
    assert found(client.get(page, {"q": "SM" + "a" * 32})) == [sent.id]
    assert found(client.get(page, {"q": held.public_id})) == [held.id]
    place = {"destination": world.destination.public_id}
    assert len(found(client.get(page, place))) == 3
    chips = client.get(page, both | place | {"q": "x"}).context["active"]
    assert [chip["name"] for chip in chips] == ["state", "destination", "q"]


def test_the_list_is_narrowed_to_a_source_and_a_time(world, make, enter, url):
    other = make_source(world.tenant, name="Trade fair")
    now = timezone.now()
    days_ago = [make_at(world, now - timedelta(days=days)) for days in (3, 2, 1)]
    there = make_job(make_lead(other, job_count=1), world.destination)
    client, page = enter(world.tenant), url("jobs:list")
    begin, end = (now - timedelta(days=days, hours=1) for days in (2, 1))

    assert found(client.get(page, {"source": other.public_id})) == [there.id]
    span = {"from": begin.isoformat(), "to": end.isoformat()}
    answer = client.get(page, span)
    assert found(answer) == [days_ago[1].id]
    assert [chip["name"] for chip in answer.context["active"]] == ["from", "to"]
    # What the page's own fields say is the same moment, on the viewer's clock.
    assert found(client.get(page, answer.context["span"])) == [days_ago[1].id]
    assert found(client.get(page, span | {"source": other.public_id})) == []
    for nonsense in ("soon", "0001-01-01", "9999-12-31T23:59"):
        client.get(page, {"from": nonsense, "to": nonsense})


def test_a_source_is_looked_for_in_stretches(world, make, enter, url, monkeypatch):
    """No index has it, so a page says how far it looked, and leads on from there."""
    monkeypatch.setattr(list_views, "LOOK_THROUGH", 3)
    other = make_source(world.tenant, name="Trade fair")
    oldest = make_job(make_lead(other), world.destination, state="sent")
    for state in ("dead", "sent", "sent", "dead"):
        make(state)
    client, page = enter(world.tenant), url("jobs:list")
    for states in ({}, {"state": "sent"}, {"state": ["dead", "sent"]}):
        asked = {"source": other.public_id, **states}
        met, cursor = [], {}
        for _page in range(3):
            answer = client.get(page, asked | cursor)
            met += found(answer)
            if not (older := answer.context["page"].older):
                break
            assert "looked through 3 jobs" in answer.content.decode()
            cursor = {"after": older}
        assert met == [oldest.id]


def test_an_act_on_many_keeps_to_what_the_list_was_narrowed_to(world, make, enter, url):
    other = make_source(world.tenant, name="Trade fair")
    job = make_job(
        make_lead(other),
        world.destination,
        state="dead",
        reason="expired",
        cause="follow_up",
    )
    make("dead")
    make("dead", cause="follow_up")
    asked = {
        "source": other.public_id,
        "cause": "follow_up",
        "from": "2020-01-01T00:00",
        "to": "2099-01-01T00:00",
    }
    client = enter(world.tenant)
    question = f"{url('jobs:replay_many')}?{urlencode(asked)}"
    assert client.get(question).context["preview"].count == 1

    answer = client.post(question)

    assert answer["Location"].endswith(f"?{urlencode(asked)}")
    assert Job.objects.get(replay_of__isnull=False).replay_of == job.id
    noted = AuditEntry.objects.get(action="jobs.replayed").details["filter"]
    assert noted == {name: [value] for name, value in asked.items()}


def make_at(world, moment):
    """A job whose lead came in then."""
    lead_id = ids.uuid7_beside(ids.uuid7_floor(moment))
    lead = make_lead(world.source, id=lead_id, job_count=1)
    return make_job(lead, world.destination)


def test_a_code_finds_what_did_not_arrive(world, make, enter, url):
    failed = make("undelivered", error_code="30007")
    make("undelivered", error_code="30003")
    make("delivered", error_code="30007")
    client, page = enter(world.tenant), url("jobs:list")
    assert found(client.get(page, {"q": "30007"})) == [failed.id]
    assert found(client.get(page, {"q": "30007", "state": "dead"})) == []


def test_a_reason_finds_jobs_of_every_state(world, make, enter, url):
    jobs = [make(state, reason="expired") for state in ("dead", "held", "skipped")]
    make("dead", reason="replaced")
    page = enter(world.tenant).get(url("jobs:list"), {"reason": "expired"})
    assert found(page) == [job.id for job in reversed(jobs)]


def test_a_list_of_several_states_is_in_one_order(world, make, enter, url):
    jobs = [make(state) for state in ("dead", "held", "unknown") * 18][::-1]
    wanted = [job.id for job in jobs if job.state != "unknown"]
    client, page = enter(world.tenant), url("jobs:list")
    states = {"state": ["held", "dead", "held"]}
    assert found(client.get(page, states)) == wanted
    older = client.get(page, states | {"after": str(wanted[20])})
    assert found(older) == wanted[21:]
    newer = client.get(page, states | {"before": str(wanted[20])})
    assert found(newer) == wanted[:20]


def test_only_the_first_page_polls(world, make, enter, url):
    make()
    client, page = enter(world.tenant), url("jobs:list")
    assert "every 5s" in client.get(page).content.decode()
    older = client.get(page, {"after": "ffffffff-ffff-7fff-bfff-ffffffffffff"})
    assert "every 5s" not in older.content.decode()


def test_a_poll_is_answered_with_the_rows_alone(world, make, enter, url):
    make("delivered")
    response = enter(world.tenant).get(url("jobs:list"), headers={"HX-Request": "true"})
    text = response.content.decode()
    assert "Delivered" in text
    assert "<html" not in text
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("state", list(State))
def test_buttons_appear_by_state(state, world, make, enter, url):
    job = make(state)
    page = url("jobs:detail", job=job.public_id)
    replay = url("jobs:replay", job=job.public_id)
    cancel = url("jobs:cancel", job=job.public_id)
    text = enter(world.tenant, Role.OPERATOR).get(page).content.decode()
    assert (replay in text) == (state in REPLAYABLE)
    assert (cancel in text) == (state in ABORTABLE)
    seen = enter(world.tenant, Role.VIEWER).get(page).content.decode()
    assert replay not in seen
    assert cancel not in seen


def test_replay_asks_first_then_makes_a_new_job(world, make, enter, url):
    job = make("dead", attempts=3)
    client, page = enter(world.tenant), url("jobs:replay", job=job.public_id)
    assert "Replay this job?" in client.get(page).content.decode()
    response = client.post(page)
    replay = Job.objects.get(replay_of=job.id)
    assert response["Location"] == url("jobs:detail", job=replay.public_id)
    text = client.get(response["Location"]).content.decode()
    assert "this is the new one" in text
    assert "The job it replays" in text
    assert AuditEntry.objects.filter(action="job.replayed").count() == 1


def test_a_job_that_arrived_is_not_replayed(world, make, enter, url):
    job = make("delivered")
    client = enter(world.tenant)
    response = client.post(url("jobs:replay", job=job.public_id), follow=True)
    assert "cannot be replayed" in response.content.decode()
    assert Job.objects.count() == 1


def test_cancel_asks_first_then_stops_the_job(world, make, enter, url):
    job = make("queued")
    client, page = enter(world.tenant), url("jobs:cancel", job=job.public_id)
    assert "Cancel this job?" in client.get(page).content.decode()
    assert "nothing is sent" in client.post(page, follow=True).content.decode()
    job.refresh_from_db()
    assert job.state == "canceled"
    assert "too late" in client.post(page, follow=True).content.decode()


def test_the_page_tells_the_whole_story(world, make, enter, url):
    now = timezone.now()
    job = make(
        "undelivered",
        reason="carrier_filtered",
        error_code="30007",
        accepted_at=now,
        message={"to": "+12025550100", "body": "Hi Ann <3"},
        segments=2,
        encoding="UCS-2",
        provider_id="SM" + "b" * 32,
        sender="+15555550100",
        price="0.0083",
        price_unit="USD",
        is_possible_duplicate=True,
        is_contradicted=True,
    )
    for number, outcome, code in ((1, "not_sent", "20429"), (2, "accepted", "")):
        at = now + timedelta(seconds=10 * number)
        Attempt.objects.create(
            job_id=job.id,
            number=number,
            tenant=world.tenant,
            destination_id=world.destination.id,
            started_at=at,
            finished_at=at + timedelta(milliseconds=340),
            outcome=outcome,
            error_code=code,
            request={"body": "Hi Ann <3"},
            response={"status": "queued-there"},
        )
    DeliveryEvent.objects.create(
        job_id=job.id,
        provider_id=job.provider_id,
        status="undelivered",
        error="30007",
        tenant=world.tenant,
        attempt=2,
        state="undelivered",
        received_at=now + timedelta(seconds=30),
        payload={"MessageStatus": "undelivered"},
    )
    response = enter(world.tenant).get(url("jobs:detail", job=job.public_id))
    titles = [step["title"] for step in response.context["steps"]]
    assert titles == [
        "Received from Acme form",
        "Took route “Acme to sales”",
        "Waited for its turn",
        "Attempt 1: not sent",
        "Waited for the next try",
        "Attempt 2: accepted by the provider",
        "Undelivered",
    ]
    took = [step.get("took") or timedelta() for step in response.context["steps"]]
    lasted = now + timedelta(seconds=30) - job.lead.received_at
    assert sum(took, timedelta()) == response.context["whole_time"] == lasted
    text = response.content.decode()
    for words in (
        "340 ms",
        "Hi Ann &lt;3",
        "UCS-2",
        "$0.0083",
        "Possible duplicate",
        "Contradicted",
        "Your move",
        "queued-there",
        "30007",
        "MessageStatus",
    ):
        assert words in text


@pytest.mark.parametrize("first", ["unknown", "accepted"])
def test_the_attempt_that_may_be_a_second_copy_says_so(world, make, enter, url, first):
    job = make("delivered", is_possible_duplicate=True)
    now = timezone.now()
    for number, outcome in ((1, "refused"), (2, first), (3, "accepted")):
        Attempt.objects.create(
            job_id=job.id,
            number=number,
            tenant=world.tenant,
            destination_id=world.destination.id,
            started_at=now + timedelta(seconds=number),
            outcome=outcome,
        )
    client = enter(world.tenant)
    page = client.get(url("jobs:detail", job=job.public_id))
    causes = [step.get("cause", "") for step in page.context["steps"]]
    labelled = ["Possible duplicate" in cause for cause in causes]
    assert labelled[-2:] == [True, False]
    assert labelled.count(True) == 1
    assert "Possible duplicate" in client.get(url("jobs:list")).content.decode()


def test_a_job_that_waits_says_when_it_is_tried_next(world, make, enter, url):
    job = make("retrying", reason="not_reached", due_at=timezone.now())
    page = enter(world.tenant).get(url("jobs:detail", job=job.public_id))
    text = page.content.decode()
    assert "Next try at" in text
    assert "could not be reached" in text


def test_the_page_outlives_its_lead(world, make, enter, url):
    job = make("delivered")
    job.lead.delete()
    client = enter(world.tenant)
    page = client.get(url("jobs:detail", job=job.public_id))
    assert "Deleted by retention" in page.content.decode()
    assert client.get(url("jobs:list")).status_code == 200


def test_a_message_that_arrived_after_all_shows_no_failure(world, make, enter, url):
    job = make("delivered", error_code="30008", error_message="Unknown error.")
    client = enter(world.tenant)
    page = client.get(url("jobs:detail", job=job.public_id)).content.decode()
    assert "Provider's code" not in page
    assert "Unknown error" not in page
    assert "(30008)" not in client.get(url("jobs:list")).content.decode()


def test_the_page_says_how_many_attempts_are_left_to_make(world, make, enter, url):
    job = make("retrying", reason="not_reached", attempts=3)
    html = enter(world.tenant).get(url("jobs:detail", job=job.public_id)).content
    assert f"3 of {job.destination.max_attempts} at most" in html.decode()


def test_what_paused_the_destination_meanwhile_is_told(world, make, enter, url):
    job = make("delivered")
    later = timezone.now() + timedelta(seconds=20)
    Attempt.objects.create(
        job_id=job.id,
        number=1,
        tenant=world.tenant,
        destination_id=world.destination.id,
        started_at=later,
        finished_at=later,
        outcome="accepted",
    )
    Job.objects.filter(pk=job.pk).update(changed_at=later)
    pause_destination(world.destination, reason="20003", actor=None)
    page = enter(world.tenant).get(url("jobs:detail", job=job.public_id))
    titles = [step["title"] for step in page.context["steps"]]
    at = titles.index("Waited for its turn")
    assert titles[at + 1] == "The destination was paused"


# Edit and send again ----------------------------------------------------------


MESSAGE = {"to": "+12025550100", "body": "Hi Ann, your roof…"}


@pytest.mark.parametrize("state", list(State))
def test_what_is_over_or_with_the_provider_can_be_edited_and_sent_again(
    state, world, make, enter, url
):
    job = make(state, message=MESSAGE)
    page = url("jobs:resend", job=job.public_id)
    client = enter(world.tenant, Role.OPERATOR)
    listed = client.get(url("jobs:detail", job=job.public_id)).text
    assert (page in listed) == (state in RESENDABLE)
    answer = client.post(page, {"body": "Hello again"})
    assert (answer.status_code == 302) == (state in RESENDABLE)
    assert Job.objects.filter(replay_of=job.id).count() == (state in RESENDABLE)


def test_a_message_with_a_picture_can_be_edited_too(world, make, enter, url):
    media = ["https://h.example/a.jpg"]
    job = make("undelivered", message={**MESSAGE, "media": media})

    answer = enter(world.tenant).get(url("jobs:resend", job=job.public_id))

    assert answer.status_code == 200
    assert "as one MMS" in answer.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_accepted", [True, False])
def test_other_words_make_a_new_job_that_says_when_it_may_be_a_second(
    world, make, enter, url, drain, is_accepted
):
    accepted_at = timezone.now() if is_accepted else None
    job = make("undelivered", message=MESSAGE, accepted_at=accepted_at)
    client, page = enter(world.tenant), url("jobs:resend", job=job.public_id)
    assert "Hi Ann, your roof…" in client.get(page).text
    for _double_click in range(2):
        answer = client.post(page, {"body": "Hi Ann \u2014 still on?\r\n"})
    fresh = Job.objects.get(replay_of=job.id)
    assert answer["Location"] == url("jobs:detail", job=fresh.public_id)
    drain()
    fresh.refresh_from_db()
    words = {"to": "+12025550100", "body": "Hi Ann — still on?", "given": True}
    assert fresh.message == words
    assert (fresh.encoding, fresh.segments) == ("UCS-2", 1)
    assert fresh.is_possible_duplicate == is_accepted
    assert fresh.attempts == 1
    job.refresh_from_db()
    assert job.message == MESSAGE
    assert fresh.public_id in client.get(url("jobs:detail", job=job.public_id)).text

    Job.objects.filter(pk=fresh.pk).update(state="dead", reason="expired")
    client.post(url("jobs:replay", job=fresh.public_id))
    assert Job.objects.get(replay_of=fresh.id).message == words


def test_who_opted_out_gets_no_other_words_either(world, make, enter, url):
    job = make("dead", message=MESSAGE)
    suppress(
        tenant_id=world.tenant.id,
        phone=job.recipient,
        reason=Suppression.Reason.OPTED_OUT,
        source="test",
    )
    page = url("jobs:resend", job=job.public_id)
    answer = enter(world.tenant).post(page, {"body": "But why?"})
    assert answer.status_code == 422
    assert "But why?" in answer.text
    assert not Job.objects.filter(replay_of=job.id).exists()


def test_a_look_at_other_words_sends_nothing_and_tells_what_they_cost(
    world, make, enter, url
):
    make("delivered", encoding="GSM-7", segments=2, price="-0.0166", price_unit="USD")
    job = make("dead", message=MESSAGE)
    client, page = enter(world.tenant), url("jobs:resend", job=job.public_id)
    for how in ({"look": "1"}, {}):
        headers = {} if how else {"HX-Request": "true"}
        text = client.post(page, {"body": "x" * 161, **how}, headers=headers).text
        assert "about $0.0166" in text
        assert ("<html" in text) == bool(how)
    job.recipient = "+447700900123"
    job.save()
    assert "unknown until" in client.post(page, {"body": "x", "look": "1"}).text
    assert not Job.objects.filter(replay_of=job.id).exists()


def test_ticked_jobs_alone_are_asked_about_and_replayed(world, make, enter, url):
    ticked = [make("dead"), make("dead")]
    other = make("dead")
    client = enter(world.tenant)
    query = {"picked": "1", "job": [job.public_id for job in ticked]}
    page = client.get(url("jobs:replay_many"), query)
    assert page.context["preview"].count == 2
    assert "2 selected" in page.content.decode()
    client.post(page.request["PATH_INFO"], query_params=query)
    replayed = Job.objects.filter(replay_of__isnull=False)
    assert {job.replay_of for job in replayed} == {job.id for job in ticked}
    assert other.id not in {job.replay_of for job in replayed}


def test_nothing_ticked_is_not_everything(world, make, enter, url):
    make("dead")
    client = enter(world.tenant)
    page = client.get(url("jobs:replay_many"), {"picked": "1"}, follow=True)
    assert page.redirect_chain[-1][0] == url("jobs:list")
    assert "Tick the jobs first" in page.content.decode()


def test_what_went_by_rcs_is_shown_as_its_phone_showed_it(world, make, enter, url):
    card = {"title": "Your roof", "suggestions": [{"kind": "reply", "label": "Yes"}]}
    message = {"to": "+12025550100", "body": "Plain", "channel": "rcs"}
    client = enter(world.tenant)

    def page(kept, **fields):
        job = make("delivered", message=kept, **fields)
        answer = client.get(url("jobs:detail", job=job.public_id))
        return answer.content.decode()

    by_rcs = page({**message, "rich": {"cards": [card]}}, channel="rcs")
    assert '<p class="rich-title" dir="auto">Your roof</p>' in by_rcs
    assert "Text message in reserve" in by_rcs
    assert "phone-rcs" in page(message, channel="rcs")
    instead = page({**message, "rich": {"cards": [card]}}, channel="sms")
    assert "phone-rcs" not in instead
    assert "Plain" in instead
    assert "phone-rcs" in page({**message, "rich": {"of": "later"}}, channel="rcs")

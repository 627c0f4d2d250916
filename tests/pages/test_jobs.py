from datetime import timedelta

import pytest
from django.utils import timezone

from leadrails.core.states import ABORTABLE, REPLAYABLE, State
from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from leadrails.tenants.models import AuditEntry, Role
from tests.make import make_job, make_lead


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
        "Attempt 1: not sent",
        "Attempt 2: accepted by the provider",
        "Undelivered",
    ]
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
    assert labelled == [False, False, False, False, True, False][-len(labelled) :]
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

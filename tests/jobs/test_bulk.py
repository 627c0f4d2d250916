"""Acts on many jobs: what they count, what they do, and what they leave alone."""

from collections import Counter
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leadrails.contacts.models import Suppression
from leadrails.jobs import bulk, queue
from leadrails.jobs.models import Job, QueueEntry
from leadrails.jobs.paces import paces_for
from leadrails.tenants.models import AuditEntry
from tests.make import make_destination, make_job, make_tenant, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place():
    return make_destination()


def jobs_in(place, *states, **fields):
    return [make_job(destination=place, state=state, **fields) for state in states]


def act(place, **changes):
    now = timezone.now()
    given = {"tenant": place.tenant, "actor": None, "until": now, "asked": {}}
    return {**given, **changes}


def all_of(place):
    return Job.objects.for_tenant(place.tenant)


def test_what_ended_without_arriving_is_replayed_once(place):
    dead, undelivered = jobs_in(place, "dead", "undelivered", reason="expired")
    jobs_in(place, "delivered", "accepted", "queued")

    assert bulk.replay_jobs(all_of(place), **act(place)) == 2
    assert bulk.replay_jobs(all_of(place), **act(place)) == 0

    replays = Job.objects.exclude(replay_of=None)
    assert {job.replay_of for job in replays} == {dead.id, undelivered.id}
    assert {job.state for job in replays} == {"queued"}
    entries = QueueEntry.objects.filter(job_id__in=[job.id for job in replays])
    assert [entry.is_bulk for entry in entries] == [True, True]
    entry = AuditEntry.objects.get(action="jobs.replayed")
    assert entry.details["count"] == 2


def test_a_replay_that_failed_stands_for_the_first_job(place):
    (dead,) = jobs_in(place, "dead", reason="expired")
    bulk.replay_jobs(all_of(place), **act(place))
    Job.objects.filter(replay_of=dead.id).update(state="dead", reason="expired")
    assert bulk.replay_jobs(all_of(place), **act(place)) == 1
    assert Job.objects.filter(replay_of=dead.id).count() == 1


def test_jobs_made_after_the_preview_are_left_alone(place):
    jobs_in(place, "dead", reason="expired")
    earlier = timezone.now() - timedelta(minutes=5)
    assert bulk.replay_jobs(all_of(place), **act(place, until=earlier)) == 0


def test_one_act_takes_no_more_than_its_most(place, monkeypatch):
    monkeypatch.setattr(bulk, "MOST", 3)
    monkeypatch.setattr(bulk, "CHUNK", 2)
    jobs_in(place, *["dead"] * 5, reason="expired")
    found = bulk.replayable(all_of(place), until=timezone.now())
    seen = bulk.preview(found)
    assert seen == bulk.Preview(3, is_capped=True)
    assert seen.places == {place.pk: 3}
    assert bulk.replay_jobs(all_of(place), **act(place)) == 3
    assert bulk.replay_jobs(all_of(place), **act(place)) == 2


def test_a_replay_of_many_keeps_its_pace(place, monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK", 2)
    jobs = jobs_in(place, *["dead"] * 5, reason="expired")
    before = timezone.now()
    bulk.replay_jobs(all_of(place), **act(place), per_minute=6)

    replays = Job.objects.exclude(replay_of=None).order_by("expires_at")
    waits = [job.expires_at - place.time_to_live - before for job in replays]
    assert [round(wait.total_seconds()) for wait in waits] == [0, 10, 20, 30, 40]
    oldest_first = sorted(job.id for job in jobs)
    assert [job.replay_of for job in replays] == oldest_first
    dues = dict(QueueEntry.objects.values_list("job_id", "due_at"))
    for job in replays:
        assert dues[job.id] == job.expires_at - place.time_to_live
        assert job.due_at in (None, dues[job.id])
    assert len(queue.claim(10, "00000000-0000-0000-0000-00000000000a").jobs) == 1


def opt_out(job, **fields):
    fields = {"reason": "opted_out", **fields}
    Suppression.objects.create(tenant=job.tenant, phone=job.recipient, **fields)


def test_who_opted_out_is_counted_apart_and_left_out(client, place):
    jobs_in(place, "dead", reason="expired", recipient="+12025550101")
    (gone,) = jobs_in(place, "dead", reason="expired", recipient="+12025550102")
    (back,) = jobs_in(place, "dead", reason="expired", recipient="+12025550103")
    opt_out(gone)
    opt_out(back, lifted_at=timezone.now())

    html = visit(client, place, "replay_many").content.decode()
    assert "Replay 2 jobs?" in html
    assert "1 more job is left out" in html

    assert bulk.replay_jobs(all_of(place), **act(place)) == 2
    assert not Job.objects.filter(replay_of=gone.id).exists()


@pytest.mark.parametrize(
    ("reason", "words"),
    [("opted_out", "by texting START"), ("manual", "remove it from Suppressions")],
)
def test_a_replay_of_who_opted_out_is_refused_in_words(client, place, reason, words):
    (job,) = jobs_in(place, "dead", reason="expired")
    opt_out(job, reason=reason)
    client.force_login(make_user(place.tenant, "operator"))
    kwargs = {"tenant": place.tenant.slug, "job": job.public_id}
    answer = client.post(reverse("jobs:replay", kwargs=kwargs), follow=True)
    assert words in answer.content.decode()
    assert Job.objects.count() == 1


def test_the_page_asks_how_fast_and_says_how_long(client, place):
    jobs_in(place, *["dead"] * 20, reason="expired")
    html = visit(client, place, "replay_many").content.decode()
    assert '<option value="10">10: takes 2 min</option>' in html
    assert '<option value="60" selected>60: takes 20 s</option>' in html

    client.force_login(make_user(place.tenant, "operator"))
    url = reverse("jobs:replay_many", kwargs={"tenant": place.tenant.slug})
    client.post(f"{url}?state=dead", {"until": "", "per_minute": "10"})
    last = Job.objects.exclude(replay_of=None).order_by("expires_at").last()
    assert round((last.due_at - last.created_at).total_seconds()) == 19 * 6


def test_no_pace_is_faster_than_the_destinations():
    slow, quick = make_destination(messages_per_second=0.5), make_destination()
    jobs = Counter({slow.id: 60, quick.id: 60})
    few = paces_for(Counter({slow.id: 60}), [slow])
    assert [(pace.per_minute, pace.is_usual) for pace in few] == [
        (10, False),
        (30, True),
    ]
    both = paces_for(jobs, [slow, quick])
    assert [pace.per_minute for pace in both] == [10, 60, 300, 1000, 6000]
    assert both[-1].takes == timedelta(minutes=2), "the slow one's own rate"
    assert both[0].takes == timedelta(minutes=12)


def test_what_waits_is_canceled_but_not_what_a_drain_holds(place):
    (held,) = jobs_in(place, "queued")
    queue.claim(10, "00000000-0000-0000-0000-00000000000a")
    waiting = jobs_in(place, "queued", "queued")
    jobs_in(place, "delivered")

    assert bulk.cancel_jobs(all_of(place), **act(place)) == 2

    canceled = Job.objects.filter(state="canceled", reason="canceled")
    assert {job.id for job in canceled} == {job.id for job in waiting}
    assert [entry.job_id for entry in QueueEntry.objects.all()] == [held.id]


def test_another_tenants_jobs_are_out_of_reach(place):
    other = make_destination()
    jobs_in(other, "dead", reason="expired")
    everything = Job.objects.all()
    assert bulk.replay_jobs(everything, **act(place)) == 0
    jobs_in(other, "queued")
    assert bulk.cancel_jobs(everything, **act(place)) == 0


def visit(client, place, name, method="get", query="?state=dead", role="operator"):
    client.force_login(make_user(place.tenant, role))
    url = reverse(f"jobs:{name}", kwargs={"tenant": place.tenant.slug}) + query
    data = {"until": timezone.now().isoformat()} if method == "post" else None
    return getattr(client, method)(url, data)


def test_the_page_counts_and_then_replays_what_the_filter_finds(client, place):
    jobs_in(place, "dead", "dead", reason="expired")
    jobs_in(place, "undelivered", reason="not_delivered")

    html = visit(client, place, "replay_many").content.decode()
    assert "Replay 2 jobs?" in html
    answer = visit(client, place, "replay_many", "post")

    assert answer.headers["Location"].endswith("/jobs/?state=dead")
    assert Job.objects.exclude(replay_of=None).count() == 2
    assert (
        "There was nothing left"
        in client.get(
            visit(client, place, "replay_many", "post").headers["Location"]
        ).content.decode()
    )


def test_the_list_offers_only_what_can_be_done(client, place):
    failed = visit(client, place, "list").content.decode()
    waiting = visit(client, place, "list", query="?state=held").content.decode()
    nothing = visit(client, place, "list", query="").content.decode()
    viewer = visit(client, place, "list", role="viewer").content.decode()
    assert ("Replay these" in failed, "Cancel these" in failed) == (True, False)
    assert ("Replay these" in waiting, "Cancel these" in waiting) == (False, True)
    assert "these…" not in nothing
    assert "these…" not in viewer


def test_what_a_restored_backup_held_is_released_by_a_person(client, place):
    old = jobs_in(place, "held", "held", reason="restored_backup")
    jobs_in(place, "held", reason="destination_paused")
    query = "?state=held&reason=restored_backup"
    listed = visit(client, place, "list", query=query).content.decode()
    assert "Release these" in listed
    assert "Cancel these" in listed
    assert "Release these" not in visit(client, place, "list").content.decode()
    asked = visit(client, place, "release_many", query=query).content.decode()
    assert "Send 2 messages of the restored backup?" in asked
    assert "second time" in asked

    answer = visit(client, place, "release_many", "post", query=query)

    assert answer.headers["Location"].endswith(f"/jobs/{query}")
    released = Job.objects.filter(state="queued", reason="", due_at=None)
    assert {job.id for job in released} == {job.id for job in old}
    entry = AuditEntry.objects.get(action="jobs.released")
    assert entry.details["count"] == 2


def test_a_release_leaves_other_holds_and_other_tenants_alone(place):
    other = make_destination()
    jobs_in(other, "held", reason="restored_backup")
    jobs_in(place, "held", reason="destination_paused")
    assert bulk.release_jobs(Job.objects.all(), **act(place)) == 0


@pytest.mark.parametrize("name", ["replay_many", "cancel_many", "release_many"])
def test_viewers_and_strangers_get_nothing(client, place, name):
    assert visit(client, place, name, "post", role="viewer").status_code == 403
    client.force_login(make_user(make_tenant(), "owner"))
    url = reverse(f"jobs:{name}", kwargs={"tenant": place.tenant.slug})
    assert client.post(url).status_code == 404


@pytest.mark.parametrize(
    "until", ["", "nonsense", "2026-99-99T00:00:00Z", "9999-01-01"]
)
def test_a_preview_time_that_cannot_be_read_means_now(client, place, until):
    jobs_in(place, "dead", reason="expired")
    client.force_login(make_user(place.tenant, "operator"))
    url = reverse("jobs:replay_many", kwargs={"tenant": place.tenant.slug})
    client.post(f"{url}?state=dead", {"until": until})
    assert Job.objects.exclude(replay_of=None).count() == 1

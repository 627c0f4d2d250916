import random
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from leadrails.core import ids
from leadrails.core.states import State
from leadrails.jobs import tallies
from leadrails.jobs.models import Job, Tally, TallyChange
from leadrails.jobs.services import replay_job
from leadrails.leads.models import Lead
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

pytestmark = pytest.mark.django_db


def counted(tenant, *what) -> Counter:
    found: Counter = Counter()
    for count in tallies.read(tenant.pk, *(what or State)):
        found[count.what] += count.number
    return found


def wrong():
    return tallies.differences(now=timezone.now())


@pytest.fixture
def lead():
    return make_lead(make_source())


def test_hours_are_those_of_the_ids():
    with connection.cursor() as cursor:
        for hours in (0, 1, 500_000, 550_001):
            at = ids.time_of(ids.uuid7()).replace(year=1970) + timedelta(hours=hours)
            one = ids.uuid7_beside(ids.uuid7_floor(at))
            cursor.execute("SELECT leadrails_hour_of(%s)", [one])
            (hour,) = cursor.fetchone()
            assert hour == ids.hour_of(one) <= ids.time_of(one)
            assert ids.time_of(one) - hour < timedelta(hours=1)


def test_a_job_counts_in_the_state_that_it_is_in(lead):
    job = make_job(lead)
    assert counted(lead.tenant) == {"queued": 1}
    Job.objects.filter(pk=job.pk).update(state="sending")
    assert counted(lead.tenant) == {"sending": 1}
    Job.objects.filter(pk=job.pk).update(state="sending", attempts=1)
    assert counted(lead.tenant) == {"sending": 1}
    Job.objects.filter(pk=job.pk).delete()
    assert counted(lead.tenant) == {}
    assert wrong() == []


def test_leads_count_by_their_source(lead):
    make_lead(lead.source)
    (count,) = tallies.read(lead.tenant_id, tallies.LEAD)
    assert (count.about_id, count.number) == (lead.source_id, 2)
    assert count.hour == ids.hour_of(lead.id)


def test_folding_changes_no_count(lead):
    jobs = [make_job(lead) for _ in range(3)]
    Job.objects.filter(pk=jobs[0].pk).update(state="delivered")
    before = counted(lead.tenant)
    assert tallies.fold() == 6
    assert counted(lead.tenant) == before == {"queued": 2, "delivered": 1}
    assert TallyChange.objects.count() == 0
    Job.objects.filter(pk=jobs[1].pk).update(state="delivered")
    assert counted(lead.tenant) == {"queued": 1, "delivered": 2}
    tallies.fold()
    assert counted(lead.tenant) == {"queued": 1, "delivered": 2}
    assert wrong() == []


def test_a_tally_that_comes_to_nothing_goes(lead):
    job = make_job(lead)
    tallies.fold()
    Job.objects.filter(pk=job.pk).update(state="delivered")
    tallies.fold()
    assert [(t.what, t.number) for t in Tally.objects.exclude(what="lead")] == [
        ("delivered", 1)
    ]


def test_any_order_of_moves_and_folds_counts_right(monkeypatch):
    monkeypatch.setattr(tallies, "BATCH", 3)
    chance = random.Random(7)
    tenant = make_tenant()
    source, places = make_source(tenant), [make_destination(tenant) for _ in range(2)]
    jobs = [make_job(make_lead(source), chance.choice(places)) for _ in range(8)]
    for _ in range(60):
        some = [job.pk for job in chance.sample(jobs, 3)]
        state = chance.choice(["sending", "accepted", "delivered", "canceled"])
        Job.objects.filter(pk__in=some).update(state=state)
        if chance.random() < 0.3:
            tallies.fold()
        assert wrong() == []
    assert counted(tenant).total() == 8


def test_a_replay_counts_beside_the_first_job(lead):
    replay_job(make_job(lead, state="dead", reason="expired"), actor=None)
    assert counted(lead.tenant) == {"dead": 1, "queued": 1}
    assert wrong() == []


def test_others_are_not_counted(lead):
    make_job(lead)
    assert counted(make_tenant()) == {}
    since = ids.hour_of(lead.id) + timedelta(hours=1)
    assert tallies.read(lead.tenant_id, *State, since=since) == []
    tallies.fold()
    assert counted(make_tenant()) == {}
    assert tallies.read(lead.tenant_id, *State, since=since) == []


def test_what_pages_no_longer_show_is_not_kept(lead):
    tallies.fold()
    old = ids.hour_of(lead.id) - tallies.KEPT - timedelta(hours=1)
    Tally.objects.update(hour=old)
    make_lead(lead.source, id=ids.uuid7_beside(ids.uuid7_floor(old)))
    assert tallies.fold() == 1
    assert Tally.objects.count() == 0
    assert Lead.objects.count() == 2


def test_a_wrong_count_is_found(lead):
    make_job(lead)
    tallies.fold()
    Tally.objects.filter(what="queued").update(number=5)
    (difference,) = wrong()
    assert (difference.counted, difference.found) == (5, 1)
    Tally.objects.filter(what="queued").delete()
    (difference,) = wrong()
    assert (difference.counted, difference.found) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_one_folds_at_a_time(lead):
    parameters = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(
        **{name: parameters[name] for name in names if name in parameters}
    ) as other:
        other.execute(tallies._MY_TURN)
        assert tallies.fold() == 0
    assert tallies.fold() == 1

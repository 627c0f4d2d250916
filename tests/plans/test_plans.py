"""
What runs often keeps to its indexes, however many rows there are.

Each act runs as in production, on tables of some ten thousand rows, and PostgreSQL
tells the plans it used. No large table may be read from end to end, nor more pages
be looked at than a small multiple of what is shown or changed.
"""

import json
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from destinations.models import Destination
from leadrails import partitions
from leadrails.contacts.models import InboundMessage
from leadrails.core import ids
from leadrails.core.reasons import Reason
from leadrails.core.segments import Segments
from leadrails.core.states import State
from leadrails.jobs import (
    bulk,
    deadlines,
    overdue,
    queue,
    releases,
    services,
    tallies,
)
from leadrails.jobs.models import Deadline, FollowUpRule, Job, QueueEntry
from leadrails.jobs.prices import cost_of
from leadrails.leads import directory
from leadrails.leads.intake import Posted, accept_lead
from leadrails.leads.models import Lead
from leadrails.leads.retention import forget_old_keys
from tests import fill
from tests.make import make_destination, make_source, make_tenant, make_user
from tests.plans.watching import large_tables, watched
from tests.webhooks.twilio import form, inbound, post_message, store
from webhooks import batch, polling, prices
from webhooks.services import process_callbacks

pytestmark = pytest.mark.django_db
ROWS, DUE, TENANTS = 12_000, 2_000, 10
QUIET = 40  # rows, the oldest, of a workspace that has no others
AGE = timedelta(days=45)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """Rows of 45 days, in one transaction that is undone in the end."""
    with django_db_blocker.unblock():
        _empty_tables()
        with transaction.atomic():
            yield _made_world()
            transaction.set_rollback(True)


def _empty_tables():
    """Dead rows that other tests left behind are pages to be looked at, too."""
    tables = [*partitions.PARENTS, "leads_idempotencykey", "leads_nonce"]
    names = [
        "queueentry",
        "lane",
        "gate",
        "sourcehour",
        "tally",
        "tallychange",
        "deadline",
    ]
    tables += [f"jobs_{name}" for name in names]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        cursor.execute("VACUUM")


def _made_world():
    now = timezone.now()
    for back in range(3):
        partitions.ensure(now=now - timedelta(days=30 * back), ahead=0)
    tenants = [make_tenant() for _ in range(TENANTS)]
    for tenant in tenants:
        make_source(tenant), make_destination(tenant)
    fill.prepare()
    filling = fill.Filling(origin=now - AGE, step=AGE / (ROWS + 1), due=ROWS - DUE)
    for statement in (
        fill.LEADS,
        fill.JOBS,
        fill.ATTEMPTS,
        fill.EVENTS,
        fill.CALLBACKS,
        fill.QUEUE,
    ):
        filling.run(statement, 0, ROWS - 1)
    keys = fill.Filling(origin=now - AGE / 3, step=AGE / 3 / (ROWS + 1), due=ROWS)
    keys.run(fill.KEYS, 0, ROWS - 1)
    _fill_deadlines()
    quiet = _give_oldest_to(make_tenant(), until=now - AGE + AGE / ROWS * QUIET)
    tallies.fold()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    tenant = tenants[0]
    jobs = Job.objects.for_tenant(tenant).order_by("-id")
    return SimpleNamespace(
        tenant=tenant,
        quiet=quiet,
        clients={tenant.pk: _enter(tenant), quiet.pk: _enter(quiet)},
        job=jobs.filter(state="delivered")[20],
        queued=jobs.filter(state="queued")[0],
        awaited=list(Job.objects.filter(state="accepted")[:20]),
        lead=Lead.objects.for_tenant(tenant).order_by("-id")[20],
        source=tenant_source(tenant),
        destination=jobs[0].destination,
    )


def _fill_deadlines():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO jobs_deadline (job_id, kind, rule_id, tenant_id, due_at)"
            " SELECT id, 'not_read', tenant_id, tenant_id, now() + interval '1 day'"
            " FROM jobs_job ORDER BY id LIMIT 5000"
        )


def _give_oldest_to(tenant, *, until):
    source, place = make_source(tenant), make_destination(tenant)
    theirs = {"tenant": tenant, "source_id": source.pk}
    oldest = ids.uuid7_floor(until)
    Job.objects.filter(id__lt=oldest).update(**theirs, destination=place)
    Lead.objects.filter(id__lt=oldest).update(**theirs)
    return tenant


def _enter(tenant):
    client = Client()
    client.force_login(make_user(tenant))
    return client


def tenant_source(tenant):
    return Lead.objects.for_tenant(tenant).select_related("source")[0].source


def claim(world):
    assert len(queue.claim(200, ids.uuid7()).jobs) > 50


def sweep(world):
    assert queue.is_anything_due()


def reap(world):
    assert queue.reap()[0] == 20


def intake(world):
    directory.forget()
    source = directory.find_source(world.source.id)
    body = {"lead": {"first_name": "Ann", "phone": "+12025550100"}}
    posted = Posted(
        source=source,
        workflow=source.workflows["default"],
        workflow_name="default",
        event=body,
        body=json.dumps(body).encode(),
        idempotency_key="fresh",
    )
    assert accept_lead(posted).is_fresh
    assert not accept_lead(posted).is_fresh


def callbacks(world):
    assert process_callbacks() == 20


def stop(world):
    """A person of the backlog says it: their waiting jobs are to end."""
    said = inbound("STOP", sender=world.queued.recipient)
    post_message(world.clients[world.tenant.pk], world.queued.destination, said)
    message = InboundMessage.objects.get()
    assert (message.opt_out, message.lead_id is None) == ("stop", False)


def callbacks_waiting(world):
    assert len(batch._claim(20, batch.LOWEST, batch.HIGHEST)) == 20


def poll(world):
    assert polling._take()


def let_leases_run_out(world):
    some = [entry.pk for entry in QueueEntry.objects.all()[:20]]
    ago = timezone.now() - timedelta(hours=1)
    QueueEntry.objects.filter(pk__in=some).update(lease_until=ago)


def bring_callbacks(world):
    for job in world.awaited:
        store(job, form("delivered", sid=job.provider_id))


def accept_an_hour_ago(world):
    an_hour_ago = timezone.now() - timedelta(hours=1)
    late = [job.id for job in world.awaited]
    Job.objects.filter(pk__in=late).update(accepted_at=an_hour_ago)


RICH = {"to": "+12025550100", "body": "Hi", "channel": "rcs", "rich": {"text": "Hi"}}


def make_rich(world):
    """The awaited jobs were sent by RCS, by destinations with a follow-up each."""
    deadlines.forget_rules()
    late = [job.id for job in world.awaited]
    Job.objects.filter(pk__in=late).update(message=RICH, channel="rcs")
    found = Job.objects.filter(pk__in=late).values("destination")
    for place in Destination.objects.filter(pk__in=found):
        place.config |= {"channel": "rcs", "fallback": "leadrails"}
        place.save()
        FollowUpRule.objects.create(
            tenant=place.tenant,
            destination=place,
            watches="not_delivered",
            after=timedelta(minutes=1),
            action="text",
            body_template="Hello?",
        )


def bring_rich_callbacks(world):
    """Half of them fail, half arrive."""
    make_rich(world)
    for number, job in enumerate(world.awaited):
        word = ("undelivered", "63036") if number % 2 else ("read",)
        store(job, form(*word, sid=job.provider_id))


def let_time_be_up(world):
    """For the text in place of half of them, and for a follow-up of the others."""
    make_rich(world)
    due = timezone.now() - timedelta(hours=1)
    for number, job in enumerate(world.awaited):
        rule = FollowUpRule.objects.get(destination=job.destination_id)
        is_follow_up = number % 2
        Deadline.objects.create(
            job_id=job.id,
            kind="not_delivered" if is_follow_up else "fallback",
            rule_id=rule.id if is_follow_up else UUID(int=0),
            tenant_id=job.tenant_id,
            due_at=due,
        )


def look_at_overdue(world):
    assert overdue.sweep() == 20
    made = Job.objects.filter(parent_id__in=[job.id for job in world.awaited])
    assert made.count() == 20


def look_at_nothing(world):
    assert overdue.sweep() == 0


BEFORE = {
    "rich callbacks": bring_rich_callbacks,
    "overdue": let_time_be_up,
    "reap": let_leases_run_out,
    "callbacks": bring_callbacks,
    "callbacks waiting": bring_callbacks,
    "poll": accept_an_hour_ago,
}
"""What an act needs, and is not watched."""


def count(world):
    tallies.read(world.tenant.pk, *State)
    tallies.fold()


def forget(world):
    forget_old_keys()


def preview(world):
    jobs = Job.objects.for_tenant(world.tenant).filter(state="dead")
    now = timezone.now()
    assert bulk.preview(bulk.replayable(jobs, until=now)).count
    waiting = Job.objects.for_tenant(world.tenant).filter(state="queued")
    bulk.preview(bulk.cancelable(waiting, until=now))


def resume(world):
    services.resume_destination(world.destination, actor=None)


def follow(world):
    releases.let_follow([job.id for job in world.awaited[:20]])


def let_go(world):
    jobs = [world.queued.pk, *(job.id for job in world.awaited)]
    releases.release_jobs(world.tenant.pk, jobs, Reason.RESTORED_BACKUP)


def price_in_quiet(world):
    measured = Segments("GSM-7", 5, 1, None)
    assert cost_of(world.quiet, "+12025550100", measured).price is None


def cancel(world):
    assert services.cancel_job(world.queued, actor=None)


def page(view, *, most=250, is_quiet=False, **query):
    """A visit of a page, with what of its address depends on the world."""

    def visit(world):
        tenant = world.quiet if is_quiet else world.tenant
        given = {
            name: value(world) if callable(value) else value
            for name, value in query.items()
        }
        path = {"tenant": tenant.slug}
        if view.endswith("detail"):
            path |= given
        url = reverse(view, kwargs=path)
        assert world.clients[tenant.pk].get(url, given).status_code == 200

    return visit, most


def older(world):
    return str(world.job.id)


def provider_id(world):
    return world.job.provider_id


def destination(world):
    return world.destination.public_id


def quiet_destination(world):
    return Job.objects.for_tenant(world.quiet)[0].destination.public_id


def quiet_source(world):
    return Lead.objects.for_tenant(world.quiet)[0].source.public_id


# For the keys of a batch a table this small is read as a whole, and rightly so.
MAY_SCAN: dict[str, tuple[str, ...]] = {
    "callbacks": ("jobs_job_", "jobs_queueentry", "jobs_attempt_"),
    "rich callbacks": ("jobs_job_", "jobs_queueentry", "jobs_attempt_"),
}
STUCK = ["held", "retrying", "unknown"]
ACTS = {
    "claim": (claim, 6000),
    "sweep": (sweep, 10),
    "reap": (reap, 1500),
    "intake": (intake, 300),
    "callbacks": (callbacks, 2500),
    "rich callbacks": (callbacks, 3500),
    "overdue": (look_at_overdue, 2000),
    "nothing overdue": (look_at_nothing, 20),
    "callbacks waiting": (callbacks_waiting, 100),
    "stop": (stop, 400),
    "unpriced": (lambda world: prices._unpriced(timedelta(0)), 1000),
    "poll": (poll, 1500),
    "count": (count, 200),
    "forget": (forget, 20),
    "preview": (preview, 1500),
    "resume": (resume, 200),
    "follow": (follow, 500),
    "let go": (let_go, 500),
    "cancel": (cancel, 200),
    "jobs": page("jobs:list"),
    "jobs, older": page("jobs:list", after=older),
    "jobs, newer": page("jobs:list", before=older),
    **{f"jobs {state}": page("jobs:list", state=str(state)) for state in State},
    **{
        f"jobs {state}, older": page("jobs:list", state=str(state), after=older)
        for state in State
    },
    "jobs stuck": page("jobs:list", state=STUCK),
    "jobs failed, newer": page(
        "jobs:list", state=["dead", "undelivered"], before=older
    ),
    "jobs of a destination": page("jobs:list", destination=destination),
    "failed jobs of a destination": page(
        "jobs:list", destination=destination, state=["dead", "undelivered"]
    ),
    "jobs of a reason": page("jobs:list", reason="expired"),
    "jobs to a phone": page("jobs:list", q=lambda world: world.job.recipient),
    "the job of an id": page("jobs:list", q=lambda world: world.job.public_id),
    "jobs of a lead": page("jobs:list", q=lambda world: world.job.lead.public_id),
    "the job of a provider's id": page("jobs:list", q=provider_id),
    "jobs of an error": page("jobs:list", q="30003"),
    "jobs of a quiet workspace": page("jobs:list", is_quiet=True),
    "jobs of a quiet destination": page(
        "jobs:list", is_quiet=True, destination=quiet_destination
    ),
    "leads of a quiet workspace": page("leads:list", is_quiet=True),
    "leads of a quiet source": page("leads:list", is_quiet=True, source=quiet_source),
    "a job": page("jobs:detail", job=lambda world: world.job.public_id),
    "leads": page("leads:list", most=250),
    "leads, older": page("leads:list", most=250, after=older),
    "leads, newer": page("leads:list", most=250, before=older),
    "leads of a source": page(
        "leads:list", most=250, source=lambda world: world.source.public_id
    ),
    "leads without a route": page("leads:list", unrouted="1"),
    "leads of a phone": page("leads:list", q=lambda world: world.lead.phone),
    "leads of a name": page("leads:list", most=1500, q="nobody"),
    "leads of an address": page("leads:list", most=1500, q="nobody@example.com"),
    "the lead of an id": page("leads:list", q=lambda world: world.lead.public_id),
    "a lead": page("leads:detail", lead=lambda world: world.lead.public_id),
    "conversations": page("conversations:list"),
    "suppressions": page("suppressions:list"),
    "overview": page("overview", most=2500),
    "overview of a quiet workspace": page("overview", is_quiet=True, period="30d"),
    "price in a quiet workspace": (price_in_quiet, 50),
    "sources": page("sources:list"),
    "alerts": page("alerts:list"),
}


def broken(world, name):
    """What is wrong with the plans of an act, in words; the act is undone."""
    act, most = ACTS[name]
    large = large_tables()
    with transaction.atomic():
        BEFORE.get(name, lambda world: None)(world)
        with watched() as plans:
            act(world)
        transaction.set_rollback(True)
    found = [
        f"reads all of {table}: {plan.text[:300]}"
        for plan in plans
        for table in plan.scanned & large
        if not table.startswith(MAY_SCAN.get(name, ()))
    ]
    blocks = sum(plan.blocks for plan in plans)
    if blocks > most:
        worst = max(plans, key=lambda plan: plan.blocks)
        found.append(f"looks at {blocks} pages, {worst.blocks} by {worst.text[:300]}")
    return found


@pytest.mark.parametrize("name", ACTS)
def test_what_runs_often_keeps_to_its_indexes(world, name):
    assert broken(world, name) == []


# Each of these can stand in for another where a workspace has few rows.
JOB_OWNERS = "job_by_tenant, job_by_destination, job_by_recipient"
LEAD_OWNERS = "lead_by_tenant, lead_by_source, lead_by_phone"


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("queue_due_by_lane", "claim"),
        ("queue_due", "sweep"),
        ("queue_leased", "reap"),
        ("deadline_due", "nothing overdue"),
        ("idempotency_by_age", "forget"),
        ("callback_unprocessed", "callbacks waiting"),
        (JOB_OWNERS, "jobs of a quiet workspace"),
        (JOB_OWNERS, "jobs of a quiet destination"),
        ("job_under_way", "jobs read"),
        ("job_dead", "jobs dead"),
        ("job_undelivered", "jobs undelivered"),
        ("job_skipped", "jobs skipped"),
        ("job_by_recipient", "jobs to a phone"),
        ("job_by_lead", "jobs of a lead"),
        ("job_by_reason", "jobs of a reason"),
        ("job_by_error_code", "jobs of an error"),
        ("job_by_provider_id", "the job of a provider's id"),
        (LEAD_OWNERS, "leads of a quiet workspace"),
        (LEAD_OWNERS, "leads of a quiet source"),
        ("lead_by_phone", "leads of a phone"),
        ("lead_unrouted", "leads without a route"),
    ],
)
def test_a_missing_index_is_noticed(world, index, name):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX {index}")
        assert broken(world, name)
        transaction.set_rollback(True)

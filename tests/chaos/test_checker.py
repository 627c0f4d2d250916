"""Each invariant fails on ledgers made up to break it, and holds on good ones."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from destinations.providers.simulated import account_sid
from leadrails.partitions import PARENTS
from tests.chaos import checker
from tests.chaos.checker import check
from tests.chaos.ledgers import (
    Attempt,
    Callback,
    Count,
    Entry,
    Event,
    Finding,
    Job,
    Lead,
    Message,
    MonthLook,
    Move,
    Post,
    Rule,
    Tally,
    World,
)

TENANT, OTHER = UUID(int=1), UUID(int=2)
PLACE = UUID(int=3)
LEAD, JOB, LATER = UUID(int=10), UUID(int=20), UUID(int=21)
DELIVERED, UNDELIVERED, REFUSED = "+12125550100", "+12125550151", "+12125550158"
CORRECTED, WITHOUT_RCS = "+12125550178", "+12125550183"


NOW = datetime(2026, 11, 21, tzinfo=UTC)
HOUR = timedelta(hours=1)


def make_post(**fields):
    post = Post(
        key="key-1", tenant_id=TENANT, phone=DELIVERED, token="key1", first_at=1.0
    )
    post.answered_at, post.lead_id, post.job_count = 2.0, LEAD, 1
    for name, value in fields.items():
        setattr(post, name, value)
    return post


def make_world(**ledgers):
    """One lead that was posted, sent and delivered; `ledgers` replaces some."""
    job = Job(
        id=JOB,
        tenant_id=TENANT,
        lead_id=LEAD,
        destination_id=PLACE,
        destination_tenant=TENANT,
        replay_of=None,
        recipient=DELIVERED,
        state="delivered",
        reason="",
        attempts=1,
        provider_id="SM1",
        is_possible_duplicate=False,
        may_be_doubled=False,
    )
    attempt = Attempt(
        job_id=JOB,
        number=1,
        tenant_id=TENANT,
        outcome="accepted",
        provider_id="SM1",
        started_at=NOW,
        finished_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    message = Message(
        sid="SM1",
        account=account_sid(TENANT),
        to=DELIVERED,
        body="key1: thanks",
        status="delivered",
        words=("delivered",),
        received_at=3.0,
        job_id=JOB,
        attempt=1,
        is_told=True,
    )
    lead = Lead(
        id=LEAD, tenant_id=TENANT, idempotency_key="key-1", phone=DELIVERED, job_count=1
    )
    event = Event(
        job_id=JOB, tenant_id=TENANT, attempt=1, provider_id="SM1", status="delivered"
    )
    states = ["queued", "sending", "accepted", "sent", "delivered"]
    moves = [
        Move(job_id=JOB, old=old, new=new, at=0.0)
        for old, new in itertools.pairwise(states)
    ]
    callback = Callback(id=UUID(int=30), job_id=JOB, is_processed=True, error="")
    good = {
        "posts": [make_post()],
        "stops": [("drain", 1.0)],
        "leads": [lead],
        "jobs": [job],
        "attempts": [attempt],
        "events": [event],
        "callbacks": [callback],
        "moves": moves,
        "counts": [Count(destination_id=PLACE, counted=1, found=1)],
        "tallies": [Tally(about_id=PLACE, what="delivered", counted=1, found=1)],
        "messages": [message],
    }
    return World(**{**good, **ledgers})


GOOD = make_world()
(JOB_ROW,), (MESSAGE,), (ATTEMPT,) = GOOD.jobs, GOOD.messages, GOOD.attempts
(LEAD_ROW,), (EVENT,), (CALLBACK,) = GOOD.leads, GOOD.events, GOOD.callbacks
ENTRY = Entry(job_id=JOB, tenant_id=TENANT, is_leased=False)


def with_job(**fields):
    return make_world(jobs=[replace(JOB_ROW, **fields)])


def with_message(**fields):
    return make_world(messages=[replace(MESSAGE, **fields)])


def replays(count):
    return [JOB_ROW] + [
        replace(JOB_ROW, id=UUID(int=40 + number), replay_of=JOB)
        for number in range(count)
    ]


def move(old, new):
    return make_world(moves=[Move(job_id=JOB, old=old, new=new, at=0.0)])


def month(**rows):
    tables = dict.fromkeys([*PARENTS], 20) | rows
    return MonthLook(name="2015-01", made=20, rows=tables)


GONE = month(**dict.fromkeys(PARENTS))


def pair(seconds, **fields):
    """A second job, whose attempt began so much later than the first one's."""
    later = replace(JOB_ROW, id=UUID(int=JOB.int + 1), **fields)
    started_at = NOW + timedelta(seconds=seconds)
    attempt = replace(ATTEMPT, job_id=later.id, started_at=started_at)
    return make_world(jobs=[JOB_ROW, later], attempts=[ATTEMPT, attempt])


def child(**fields):
    """A job that the first one brought about: a fallback unless said otherwise."""
    return replace(
        JOB_ROW, **{"id": LATER, "parent_id": JOB, "cause": "fallback", **fields}
    )


BROKEN = {
    "the second message began first": ("disordered_messages", pair(-3)),
    "two messages began at once": (
        "crowded_messages",
        pair(0.5, lead_id=UUID(int=77)),
    ),
    "a month lost its jobs alone": (
        "half_dropped_months",
        make_world(months=[month(jobs_job=None), GONE]),
    ),
    "a month lost some rows": (
        "half_dropped_months",
        make_world(months=[month(jobs_attempt=3), GONE]),
    ),
    "a month was not dropped": ("half_dropped_months", make_world(months=[month()])),
    "the product's own check finds something": (
        "broken_data",
        make_world(findings=[Finding(what="jobs without their lead", count=1)]),
    ),
    "the lead of a 202 is gone": ("lost_leads", make_world(leads=[])),
    "one of two jobs is gone": (
        "lost_leads",
        make_world(posts=[make_post(job_count=2)]),
    ),
    "the lead was not routed": (
        "lost_leads",
        make_world(posts=[make_post(job_count=0)]),
    ),
    "a good number became a dead letter": (
        "lost_messages",
        with_job(state="dead", reason="expired"),
    ),
    "a good number is reported undelivered": (
        "lost_messages",
        with_job(state="undelivered"),
    ),
    "a number that fails is said to be delivered": (
        "lost_messages",
        with_job(recipient=UNDELIVERED),
    ),
    "a number that is refused is said to be delivered": (
        "lost_messages",
        with_job(recipient=REFUSED),
    ),
    "a job waits for ever": ("unsettled_jobs", with_job(state="unknown")),
    "a key made two leads": (
        "doubled_leads",
        make_world(leads=[LEAD_ROW, replace(LEAD_ROW, id=UUID(int=11))]),
    ),
    "a lead has two jobs to one destination": (
        "doubled_jobs",
        make_world(jobs=[JOB_ROW, replace(JOB_ROW, id=LATER)]),
    ),
    "a job was sent twice": (
        "doubled_messages",
        make_world(messages=[MESSAGE, replace(MESSAGE, sid="SM2")]),
    ),
    "a job was labelled and sent twice, where none may be": (
        "doubled_messages",
        make_world(
            jobs=[replace(JOB_ROW, is_possible_duplicate=True)],
            messages=[MESSAGE, replace(MESSAGE, sid="SM2")],
        ),
    ),
    "a job was sent twice and not labelled": (
        "doubled_messages",
        make_world(
            jobs=[replace(JOB_ROW, may_be_doubled=True)],
            messages=[MESSAGE, replace(MESSAGE, sid="SM2")],
        ),
    ),
    "a message and its fallback arrived unsaid": (
        "unsaid_doubles",
        make_world(
            jobs=[
                replace(JOB_ROW, is_possible_duplicate=True),
                replace(JOB_ROW, id=LATER, parent_id=JOB, cause="fallback"),
            ]
        ),
    ),
    "a message and its fallback arrived, says the provider": (
        "unsaid_doubles",
        make_world(
            jobs=[JOB_ROW, child(state="sent")],
            messages=[MESSAGE, replace(MESSAGE, sid="SM2", job_id=LATER)],
        ),
    ),
    "a message has two fallbacks": (
        "doubled_children",
        make_world(jobs=[JOB_ROW, child(), child(id=UUID(int=22))]),
    ),
    "a message has two follow-ups for one rule": (
        "doubled_children",
        make_world(
            jobs=[child(cause="follow_up", id=UUID(int=n)) for n in (21, 22)]
            + [JOB_ROW],
            rules=[Rule(destination_id=PLACE, watches="not_read")],
        ),
    ),
    "a message has a fallback and a follow-up": (
        "doubled_children",
        make_world(
            jobs=[JOB_ROW, child(), child(cause="follow_up", id=UUID(int=22))],
            rules=[Rule(destination_id=PLACE, watches="not_read")],
        ),
    ),
    "follow-ups know no end": (
        "doubled_children",
        make_world(
            jobs=[JOB_ROW]
            + [
                child(id=UUID(int=n), parent_id=UUID(int=n - 1), cause="follow_up")
                for n in range(21, 25)
            ],
            rules=[Rule(destination_id=PLACE, watches="not_read")],
        ),
    ),
    "no text went in place of a failed message": (
        "missing_fallbacks",
        with_job(state="undelivered", reason="not_delivered", falls_back=True),
    ),
    "what was not delivered was not followed up": (
        "missing_follow_ups",
        make_world(
            jobs=[replace(JOB_ROW, state="sent")],
            rules=[Rule(destination_id=PLACE, watches="not_delivered")],
        ),
    ),
    "what was not read was not followed up": (
        "missing_follow_ups",
        make_world(
            jobs=[replace(JOB_ROW, channel="rcs")],
            rules=[Rule(destination_id=PLACE, watches="not_read")],
        ),
    ),
    "a click replayed twice": (
        "doubled_replays",
        make_world(jobs=replays(2), clicks=[JOB]),
    ),
    "nobody clicked": ("doubled_replays", make_world(jobs=replays(1))),
    "the provider says something else": (
        "wrong_statuses",
        with_message(status="undelivered"),
    ),
    "the job stays behind": ("wrong_statuses", with_job(state="sent")),
    "the provider knows no such message": ("wrong_statuses", make_world(messages=[])),
    "a dead letter was delivered": (
        "wrong_statuses",
        with_job(state="dead", reason="expired"),
    ),
    "delivered, then sent": ("statuses_that_went_back", move("delivered", "sent")),
    "unknown, then sent again blindly": (
        "statuses_that_went_back",
        move("unknown", "sending"),
    ),
    "sent, then sent again blindly": (
        "statuses_that_went_back",
        move("sending", "queued"),
    ),
    "over, then queued": ("statuses_that_went_back", move("dead", "queued")),
    "the job is another tenant's": ("foreign_rows", with_job(tenant_id=OTHER)),
    "the destination is another tenant's": (
        "foreign_rows",
        with_job(destination_tenant=OTHER),
    ),
    "the attempt is another tenant's": (
        "foreign_rows",
        make_world(attempts=[replace(ATTEMPT, tenant_id=OTHER)]),
    ),
    "the event is another tenant's": (
        "foreign_rows",
        make_world(events=[replace(EVENT, tenant_id=OTHER)]),
    ),
    "the lead is another tenant's": (
        "foreign_rows",
        make_world(posts=[make_post(tenant_id=OTHER)]),
    ),
    "sent through another account": (
        "foreign_rows",
        with_message(account=account_sid(OTHER)),
    ),
    "sent to another person": ("foreign_rows", with_message(to=UNDELIVERED)),
    "sent with another text": ("foreign_rows", with_message(body="key11: thanks")),
    "a routed lead has no job": ("orphan_rows", make_world(jobs=[])),
    "a job has no lead": ("orphan_rows", make_world(leads=[])),
    "an attempt has no job": (
        "orphan_rows",
        make_world(attempts=[ATTEMPT, replace(ATTEMPT, job_id=LATER)]),
    ),
    "an event has no job": (
        "orphan_rows",
        make_world(events=[replace(EVENT, job_id=LATER)]),
    ),
    "a queue entry has no job": (
        "orphan_rows",
        make_world(entries=[replace(ENTRY, job_id=LATER)]),
    ),
    "a callback has no job": (
        "orphan_rows",
        make_world(callbacks=[replace(CALLBACK, job_id=LATER)]),
    ),
    "an attempt was counted, not written": (
        "uncounted_attempts",
        with_job(attempts=2),
    ),
    "an attempt was written, not counted": (
        "uncounted_attempts",
        make_world(attempts=[ATTEMPT, replace(ATTEMPT, number=2)]),
    ),
    "a message was sent without an attempt": (
        "uncounted_attempts",
        with_message(attempt=2),
    ),
    "a finished job is in the queue": ("misplaced_jobs", make_world(entries=[ENTRY])),
    "an accepted job is in the queue": (
        "misplaced_jobs",
        make_world(jobs=[replace(JOB_ROW, state="accepted")], entries=[ENTRY]),
    ),
    "an open job is not in the queue": ("misplaced_jobs", with_job(state="retrying")),
    "a lease is held": (
        "left_over",
        make_world(entries=[replace(ENTRY, is_leased=True)]),
    ),
    "an attempt has no outcome": (
        "left_over",
        make_world(attempts=[replace(ATTEMPT, outcome="")]),
    ),
    "an attempt has no end": (
        "left_over",
        make_world(attempts=[replace(ATTEMPT, finished_at=None)]),
    ),
    "a callback was not read": (
        "left_over",
        make_world(callbacks=[replace(CALLBACK, is_processed=False)]),
    ),
    "a callback was given up": (
        "left_over",
        make_world(callbacks=[replace(CALLBACK, error="LookupError")]),
    ),
    "an hour was miscounted": (
        "miscounted_hours",
        make_world(counts=[Count(destination_id=PLACE, counted=1, found=2)]),
    ),
    "a page would miscount": (
        "miscounted_rows",
        make_world(
            tallies=[Tally(about_id=PLACE, what="dead", counted=1, found=0)],
        ),
    ),
    "a drain did not stop": ("slow_stops", make_world(stops=[("drain", 10.1)])),
    "a good post was refused": (
        "refused_posts",
        make_world(posts=[make_post(refusals=["409 {}"])]),
    ),
}


def test_every_invariant_holds_when_all_is_well():
    assert check(GOOD) == {invariant.__name__: [] for invariant in checker.INVARIANTS}


def test_unanswered_posts_promise_nothing():
    post = make_post(answered_at=None, lead_id=None, job_count=0)
    assert not any(check(World(posts=[post])).values())


@pytest.mark.parametrize("state", ["dead", "skipped"])
def test_a_refused_recipient_may_end_without_a_message(state):
    world = with_job(state=state, reason="recipient_refused", recipient=REFUSED)
    world.messages = []
    assert not any(check(world).values())


def test_who_sends_again_in_doubt_may_double_what_is_labelled():
    job = replace(JOB_ROW, is_possible_duplicate=True, may_be_doubled=True)
    world = make_world(jobs=[job], messages=[MESSAGE, replace(MESSAGE, sid="SM2")])
    assert list(checker.doubled_messages(world)) == []


def test_a_message_that_fell_back_and_is_done_is_well():
    rich = {"falls_back": True, "channel": "rcs", "recipient": WITHOUT_RCS}
    jobs = [
        replace(JOB_ROW, state="undelivered", reason="recipient_refused", **rich),
        child(recipient=WITHOUT_RCS),
    ]
    words = {"to": WITHOUT_RCS, "sid": "SM2"}
    messages = [
        replace(MESSAGE, **words, status="undelivered"),
        replace(MESSAGE, **words, job_id=LATER),
    ]
    attempts = [ATTEMPT, replace(ATTEMPT, job_id=LATER, started_at=NOW + HOUR)]
    rules = [Rule(destination_id=PLACE, watches="not_read")]
    world = make_world(jobs=jobs, messages=messages, attempts=attempts, rules=rules)
    assert not any(check(world).values())


@pytest.mark.parametrize(
    ("reason", "is_well"), [("not_needed", True), ("canceled", False), ("", False)]
)
def test_a_text_that_was_not_needed_may_be_canceled(reason, is_well):
    text = child(state="canceled", reason=reason, attempts=0)
    world = make_world(jobs=[JOB_ROW, text])
    assert any(check(world).values()) is not is_well


def test_a_click_may_replay_once():
    world = make_world(jobs=replays(1), clicks=[JOB])
    assert list(checker.doubled_replays(world)) == []
    assert list(checker.doubled_jobs(world)) == []


@pytest.mark.parametrize("is_told", [True, False])
def test_a_correction_counts_whether_or_not_we_were_told(is_told):
    words = ("undelivered", "delivered")
    message = replace(MESSAGE, to=CORRECTED, words=words, is_told=is_told)
    job = replace(JOB_ROW, state="undelivered", recipient=CORRECTED)
    broken = check(make_world(jobs=[job], messages=[message]))
    assert broken["wrong_statuses"]
    assert broken["lost_messages"]


@pytest.mark.parametrize("what", BROKEN)
def test_a_breach_is_found(what):
    name, world = BROKEN[what]
    assert check(world)[name], what


def test_every_invariant_is_broken_by_some_world():
    tried = {name for name, _ in BROKEN.values()}
    assert tried == {invariant.__name__ for invariant in checker.INVARIANTS}


def test_a_month_may_be_there_then_without_its_callbacks_then_gone():
    looks = [month(), month(), month(webhooks_rawcallback=None), GONE]
    part = month(**{**dict.fromkeys(PARENTS), "webhooks_rawcallback": 20})
    assert list(checker.half_dropped_months(World(months=[*looks, part, GONE]))) == []

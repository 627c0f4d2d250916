"""
The queue's statements in any order, on PostgreSQL: several workers claim, start, put
aside, settle, die and wake up again, while providers report and people interfere.
After every step the books must balance, and in the end everything drains.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import wraps
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from destinations.models import Destination
from destinations.providers import twilio_messages
from destinations.providers.base import FoundMessage
from destinations.services import pause_destination
from leadrails.core.states import OPEN, REPLAYABLE, State
from leadrails.jobs import doubts, queue, tallies
from leadrails.jobs.answers import Answer
from leadrails.jobs.low_water import LowWater
from leadrails.jobs.models import Attempt, Gate, Job, Lane, QueueEntry
from leadrails.jobs.queue import Aside, Result, Start
from leadrails.jobs.services import cancel_job, replay_job, resume_destination
from tests.chaos.checker import AT_REST, MOVES
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant
from tests.webhooks.twilio import form, report
from webhooks.models import RawCallback

WORKERS = [UUID(int=number) for number in (1, 2)]
IN_FLIGHT = 3
WORDS = [("sent", ""), ("delivered", ""), ("undelivered", "30005"), ("failed", "30001")]
SECOND = timedelta(seconds=1)
WAITING = {str(state) for state in OPEN} - AT_REST
workers = st.sampled_from(WORKERS)
numbers = st.integers(0, 100)

OUTCOMES = {
    "accepted": {"state": State.ACCEPTED, "reason": "", "outcome": "accepted"},
    "not sent": {
        "state": State.RETRYING,
        "reason": "not_reached",
        "outcome": "not_sent",
        "delay": SECOND,
        "answer": Answer.NONE,
    },
    "refused": {
        "state": State.DEAD,
        "reason": "recipient_refused",
        "outcome": "refused",
    },
    "lost": {
        "state": State.UNKNOWN,
        "reason": "outcome_unknown",
        "outcome": "unknown",
        "delay": SECOND,
    },
    "config": {
        "state": State.HELD,
        "reason": "destination_paused",
        "outcome": "refused",
    },
}


def only_if(is_possible):
    """
    Skip a step that makes no sense now.

    A `precondition` would keep it from being drawn, but what is drawn must not hang on
    which of two threads came first: a run that is repeated must draw the same.
    """

    def wrap(step):
        @wraps(step)
        def checked(self, *args, **kwargs):
            if is_possible(self):
                step(self, *args, **kwargs)

        return checked

    return wrap


class Books(RuleBasedStateMachine):
    """
    `hands` and `calls` are what workers believe: jobs they leased, calls they made.

    A frozen worker goes on believing so when its leases have run out.
    """

    @initialize()
    def open_the_books(self):
        for model in (QueueEntry, Gate, Lane, RawCallback):
            model.objects.all().delete()
        tenant = make_tenant()
        self.places = [
            make_destination(tenant, max_in_flight=IN_FLIGHT, messages_per_second=500)
            for _ in range(2)
        ]
        # The first claim of a destination makes its gate; two at once are not told
        # of each other then.
        Gate.objects.bulk_create(
            Gate(destination_id=place.id, tenant_id=tenant.id) for place in self.places
        )
        self.source = make_source(tenant)
        self.hands = {worker: [] for worker in WORKERS}
        self.calls = {worker: [] for worker in WORKERS}
        self.jobs = {}
        self.started = Counter()
        self.mark = LowWater()
        for number in (0, 1):
            self.make(number)

    # Jobs come ------------------------------------------------------------------

    @rule(number=numbers)
    def make(self, number):
        place = self.places[number % 2]
        job = make_job(make_lead(self.source), place)
        self.jobs[job.id] = job.state

    @rule(number=numbers)
    def replay(self, number):
        over = Job.objects.filter(pk__in=self.jobs, state__in=REPLAYABLE).order_by(
            "created_at"
        )
        if over:
            made = replay_job(_pick(over, number), actor=None)
            self.jobs.setdefault(made.id, made.state)

    # Workers --------------------------------------------------------------------

    @rule(worker=workers, room=st.integers(1, 6))
    def claim(self, worker, room):
        held = self.leases()
        found = queue.claim(room, worker, since=self.mark.at).jobs
        assert len(found) <= room
        self._take(worker, found, held)

    @rule(room=st.integers(1, 4))
    def claim_together(self, room):
        held = self.leases()
        with ThreadPoolExecutor(len(WORKERS)) as threads:
            calls = [threads.submit(_claim_apart, room, one) for one in WORKERS]
            found = [call.result(30) for call in calls]
        taken = Counter(job.id for jobs in found for job in jobs)
        assert max(taken.values(), default=1) == 1, "a job in two hands"
        for worker, jobs in zip(WORKERS, found, strict=True):
            self._take(worker, jobs, held)

    def _take(self, worker, found, held):
        assert not {job.id for job in found} & set(held), "a leased job was claimed"
        self.hands[worker] += found

    @rule(number=numbers)
    @only_if(lambda self: self.sendable())
    def start(self, number):
        self._start(_pick(self.sendable(), number))

    def sendable(self):
        """Who believes to hold a job that may be sent."""
        states = {
            worker: {j.state for j in held} for worker, held in self.hands.items()
        }
        return [worker for worker in WORKERS if states[worker] - {State.UNKNOWN}]

    def _start(self, worker):
        """What a worker does with all that it holds, right or wrong by now."""
        held, self.hands[worker] = self.hands[worker], []
        sendable = [job for job in held if job.state is not State.UNKNOWN]
        self.hands[worker] = [job for job in held if job.state is State.UNKNOWN]
        mine = self.leases()
        went = queue.start([_start_of(job) for job in sendable], worker)
        for job in sendable:
            if job.id in went:
                assert mine.get(job.id) == worker, "started without the lease"
                self.started[job.id, job.attempts + 1] += 1
                self.calls[worker].append((job, job.attempts + 1))
        refused = [job.id for job in sendable if job.id not in went]
        queue.release(refused, worker, delay=SECOND)

    @rule(number=numbers, is_end=st.booleans())
    @only_if(lambda self: self.sendable())
    def put_aside(self, number, is_end):
        held, worker = self.leases(), _pick(self.sendable(), number)
        job = next(job for job in self.hands[worker] if job.state is not State.UNKNOWN)
        before = Job.objects.get(pk=job.id)
        state, reason = (State.SKIPPED, "opted_out") if is_end else HELD
        queue.put_aside([Aside(job=job, state=state, reason=reason)], worker)
        if held.get(job.id) != worker:
            after = Job.objects.get(pk=job.id)
            assert (after.state, after.reason) == (before.state, before.reason)
        self.hands[worker].remove(job)

    @rule(number=numbers)
    @only_if(lambda self: self.sendable())
    def release(self, number):
        worker = _pick(self.sendable(), number)
        given, self.hands[worker] = self.hands[worker], []
        queue.release([job.id for job in given], worker, delay=timedelta(0))

    @rule(outcome=st.sampled_from(sorted(OUTCOMES)), number=numbers)
    @only_if(lambda self: any(self.calls.values()))
    def settle(self, outcome, number):
        """The answer to a call, also long after others took the job over."""
        calls = _pick([calls for calls in self.calls.values() if calls], number)
        job, attempt = calls.pop(number % len(calls))
        queue.settle([_result(job, attempt, outcome)])

    @rule(number=numbers, found=st.sampled_from(["found", "absent", "not yet"]))
    @only_if(lambda self: self.doubting())
    def settle_doubt(self, number, found):
        self._settle_doubt(_pick(self.doubting(), number), found)

    def doubting(self):
        return [
            worker
            for worker in WORKERS
            if any(job.state is State.UNKNOWN for job in self.hands[worker])
        ]

    def _settle_doubt(self, worker, found):
        doubtful = [job for job in self.hands[worker] if job.state is State.UNKNOWN]
        for job in doubtful:
            self.hands[worker].remove(job)
            place = next(p for p in self.places if p.id == job.destination_id)
            queue.settle([_search(job, place, found)])

    @rule(worker=workers)
    def heartbeat(self, worker):
        jobs = [job.id for job in self.hands[worker]]
        jobs += [job.id for job, _ in self.calls[worker]]
        queue.heartbeat(jobs, worker)

    @rule(number=numbers, is_frozen=st.sampled_from([True, True, False]))
    @only_if(lambda self: any(self.hands.values()) or any(self.calls.values()))
    def lose_leases(self, number, is_frozen):
        busy = [one for one in WORKERS if self.hands[one] or self.calls[one]]
        worker = _pick(busy, number)
        past = timezone.now() - SECOND
        QueueEntry.objects.filter(worker=worker).update(lease_until=past)
        queue.reap()
        if not is_frozen:
            self.hands[worker], self.calls[worker] = [], []

    @rule(number=numbers, is_taken=st.booleans())
    @only_if(lambda self: self.sendable())
    def start_after_a_freeze(self, number, is_taken):
        """Whoever slept through its lease finds that others went on."""
        worker = _pick(self.sendable(), number)
        self._freeze(worker)
        if is_taken:
            self.claim(_other(worker), 6)
        self._start(worker)

    @rule(number=numbers, found=st.sampled_from(["found", "absent", "not yet"]))
    @only_if(lambda self: any(self.calls.values()))
    def answer_after_a_freeze(self, number, found):
        worker = _pick([one for one in WORKERS if self.calls[one]], number)
        self._freeze(worker)
        self.claim(_other(worker), 6)
        self._settle_doubt(_other(worker), found)
        self.books_balance()
        self.settle("accepted", number)

    def _freeze(self, worker):
        past = timezone.now() - SECOND
        QueueEntry.objects.filter(worker=worker).update(lease_until=past)
        queue.reap()
        self.books_balance()
        self.time_passes()

    # The world -------------------------------------------------------------------

    @rule(word=st.sampled_from(WORDS), number=numbers)
    @only_if(lambda self: self.started)
    def callback(self, word, number):
        job_id, attempt = _pick(list(self.started), number)
        report(Job.objects.get(pk=job_id), form(*word), attempt=attempt)

    @rule(number=numbers)
    def cancel(self, number):
        held = self.leases()
        job_id = _pick(list(self.jobs), number)
        if cancel_job(Job.objects.get(pk=job_id), actor=None):
            assert job_id not in held

    @rule(number=st.integers(0, 1))
    def pause_or_resume(self, number):
        place = self._place(number)
        if place.status == "active":
            pause_destination(place, reason="by hand", actor=None)
        else:
            resume_destination(place, actor=None)

    @rule()
    def look_at_the_mark(self):
        queue.is_anything_due(self.mark)

    @rule()
    def time_passes(self):
        now = timezone.now()
        QueueEntry.objects.filter(lease_until=None).update(due_at=now)
        past = {"free_at": None, "slowed_until": None}
        Gate.objects.update(**past)
        Gate.objects.filter(open_until__isnull=False).update(open_until=now)

    def _place(self, number):
        return Destination.objects.get(pk=self.places[number].pk)

    # The books -------------------------------------------------------------------

    def leases(self):
        leased = QueueEntry.objects.filter(lease_until__isnull=False)
        return dict(leased.values_list("job_id", "worker"))

    @invariant()
    def books_balance(self):
        if not hasattr(self, "jobs"):
            return
        rows = Job.objects.filter(pk__in=self.jobs).values_list(
            "id", "state", "attempts"
        )
        found = {job_id: (state, attempts) for job_id, state, attempts in rows}
        assert set(found) == set(self.jobs)
        self._check_moves(found)
        self._check_attempts(found)
        queued = set(QueueEntry.objects.values_list("job_id", flat=True))
        assert queued == {pk for pk, (state, _) in found.items() if state in WAITING}
        self._check_places()

    def _check_moves(self, found):
        for job_id, (state, _) in found.items():
            was = self.jobs[job_id]
            assert was == state or (was, state) in MOVES, f"{was} became {state}"
            self.jobs[job_id] = state

    def _check_attempts(self, found):
        made = Counter(Attempt.objects.values_list("job_id", "number"))
        made = {one: count for one, count in made.items() if one[0] in found}
        assert made == self.started, "an attempt nobody started, or one not written"
        expected = {
            (job_id, number)
            for job_id, (_, attempts) in found.items()
            for number in range(1, attempts + 1)
        }
        assert set(made) == expected, "a number was skipped or repeated"

    def _check_places(self):
        for place in self.places:
            at_place = QueueEntry.objects.filter(destination_id=place.id)
            leased = at_place.filter(lease_until__isnull=False).count()
            assert leased <= IN_FLIGHT, "more calls than the destination takes"
            lane = Lane.objects.get(destination_id=place.id, is_bulk=False)
            attempts = Attempt.objects.filter(destination_id=place.id)
            this_hour = attempts.filter(started_at__gte=lane.hour or timezone.now())
            assert lane.started_this_hour == this_hour.count()

    def teardown(self):
        if not hasattr(self, "jobs"):
            return
        past = timezone.now() - SECOND
        QueueEntry.objects.filter(lease_until__isnull=False).update(lease_until=past)
        queue.reap()
        for number in (0, 1):
            resume_destination(self._place(number), actor=None)
        for _ in range(60):
            if not QueueEntry.objects.exists():
                break
            self._drain_once()
            self.books_balance()
        assert not QueueEntry.objects.exists(), "it does not drain"
        unfinished = Attempt.objects.filter(job_id__in=self.jobs, finished_at=None)
        assert not unfinished.exists()
        assert tallies.differences(now=timezone.now()) == []

    def _drain_once(self):
        self.time_passes()
        worker = WORKERS[0]
        self.hands, self.calls = ({one: [] for one in WORKERS} for _ in range(2))
        self.claim(worker, 50)
        self._settle_doubt(worker, "found")
        self._start(worker)
        while self.calls[worker]:
            self.settle("accepted", 0)


HELD = (State.HELD, "destination_ceiling")


def _other(worker):
    return WORKERS[1 - WORKERS.index(worker)]


def _pick(among, number):
    return among[number % len(among)]


def _claim_apart(room, worker):
    try:
        return queue.claim(room, worker).jobs
    finally:
        connection.close()


def _start_of(job):
    return Start(
        job=job,
        number=job.attempts + 1,
        message={"to": job.recipient, "body": "Hi"},
        encoding="gsm7",
        segments=1,
        request={},
    )


def _result(job, number, outcome):
    fields = {"duration": SECOND, **OUTCOMES[outcome]}
    if outcome == "accepted":
        fields["provider_id"] = f"SM-{job.id.hex[-12:]}-{number}"
    return Result(job=job, number=number, **fields)


def _search(job, place, found):
    if found == "absent":
        return doubts.absent(job, place)
    if found == "not yet":
        return doubts.undecided(job, delay=SECOND)
    message = FoundMessage(
        provider_id=f"SM-{job.id.hex[-12:]}-{job.attempts}",
        to=job.recipient,
        sender=None,
        body="Hi",
        created_at=timezone.now(),
        update=twilio_messages.callback(form("queued")),
    )
    return doubts.adopted(job, message, place)


@pytest.mark.django_db(transaction=True)
def test_the_books_balance_whatever_happens_in_whatever_order():
    budget = settings(
        max_examples=9,
        stateful_step_count=45,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
    )
    run_state_machine_as_test(Books, settings=budget)

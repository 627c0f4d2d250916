"""
Reports in any order and any number end alike: two jobs that hear the same of the
provider, one at once and the other late, shuffled and again, become the same.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from destinations.models import Destination
from destinations.providers import twilio_messages
from leadrails.core.states import FINAL, RANK, REPORTS, Event, State, next_state
from tests.webhooks.lives import FATES, RETRIED, body_of
from webhooks.reports import AttemptFacts, Case, JobFacts, Report, record

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = UUID(int=1)
PLACE = Destination(id=ID, kind="twilio_sms", max_attempts=24)
# What the call came to, and what people and clocks do meanwhile.
ANSWERS = [Event.ACCEPT, Event.LOSE]
DECISIONS = [
    Event.DEFER,
    Event.ABSENT,
    Event.EXPIRE,
    Event.HOLD,
    Event.RELEASE,
    Event.SKIP,
    Event.CANCEL,
]


def make_case():
    job = JobFacts(
        id=ID,
        tenant_id=ID,
        destination_id=ID,
        recipient="+12025550100",
        state=State.SENDING,
        reason="",
        attempts=1,
        created_at=NOW,
        expires_at=NOW + timedelta(hours=4),
        clock=NOW + timedelta(seconds=2),
        provider_id="",
        sender="",
        segments=None,
        error_code="",
        error_message="",
        price=None,
        price_unit="",
        accepted_at=None,
        sent_at=None,
        delivered_at=None,
        read_at=None,
        is_possible_duplicate=False,
        is_contradicted=False,
    )
    return Case(job, {1: AttemptFacts(NOW, "", "")}, [])


def tell(case, word):
    report = Report(
        callback_id=None,
        job_id=ID,
        number=1,
        received_at=NOW,
        destination=PLACE,
        update=twilio_messages.callback(body_of(word)),
    )
    return record(report, case)


def end_of(case, *, is_corrected):
    """What must not depend on the order."""
    job, attempt = case.job, case.attempts[1]
    facts = (job.state, job.provider_id, job.sender, job.segments, job.price)
    reached = [bool(at) for at in (job.accepted_at, job.delivered_at, job.read_at)]
    told = sorted(one[:3] for one in case.told)
    # What a carrier took back before we heard of it was never a failure to us.
    why = None if is_corrected else (job.reason, job.error_code, job.is_contradicted)
    return facts, reached, told, (attempt.outcome, attempt.provider_id), why


class Twins(RuleBasedStateMachine):
    @initialize(fate=st.sampled_from(sorted(FATES)))
    def begin(self, fate):
        self.fate = fate
        self.early, self.late = make_case(), make_case()
        self.heard = []
        self.untold = []
        self.seen = {id(case): (case.job.state, "") for case in self.twins}
        self.is_bounced = False

    @property
    def twins(self):
        return self.early, self.late

    @rule(number=st.integers(0, 3))
    def hear(self, number):
        words = FATES[self.fate]
        word = words[number % len(words)]
        self._tell(self.early, word)
        self.heard.append(word)
        self.untold.append(word)

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def hear_again(self, data):
        self._tell(self.early, data.draw(st.sampled_from(self.heard)))

    @precondition(lambda self: self.heard)
    @rule(data=st.data())
    def hear_late(self, data):
        word = data.draw(st.sampled_from(self.heard))
        if word in self.untold:
            self.untold.remove(word)
        self._tell(self.late, word)

    @rule(event=st.sampled_from(ANSWERS))
    def answer(self, event):
        self._step(event)

    @precondition(lambda self: self.fate not in RETRIED)
    @rule(event=st.sampled_from(DECISIONS))
    def decide(self, event):
        self._step(event)

    def _step(self, event):
        for case in self.twins:
            before = case.job.state
            case.job.state = next_state(before, event) or before
            assert before not in FINAL or case.job.state is before

    def _tell(self, case, word):
        decision = tell(case, word)
        self.is_bounced |= decision is not None and decision.event is Event.BOUNCE
        assert decision is None or decision.event in {None, Event.BOUNCE, *REPORTS}

    @invariant()
    def nothing_goes_back(self):
        for case in self.twins:
            state, code = self.seen[id(case)]
            has_fallen = RANK.get(case.job.state, 0) < RANK.get(state, 0)
            assert not has_fallen or self.is_bounced
            assert case.job.error_code or not code, "a code was erased"
            self.seen[id(case)] = (case.job.state, case.job.error_code)

    def teardown(self):
        if not hasattr(self, "fate"):
            return
        for word in reversed(self.untold):
            self._tell(self.late, word)
        is_corrected = self.fate == "corrected"
        assert end_of(self.early, is_corrected=is_corrected) == end_of(
            self.late, is_corrected=is_corrected
        )


def test_what_is_heard_late_shuffled_and_again_ends_as_what_is_heard_at_once():
    budget = settings(
        max_examples=150, stateful_step_count=25, derandomize=True, deadline=None
    )
    run_state_machine_as_test(Twins, settings=budget)

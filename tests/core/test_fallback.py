"""A plain text in place of a rich message: never both without saying so."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrails.core.fallback import (
    MENDED_BY_TEXT,
    NOT_STARTED,
    Comparison,
    Judgement,
    compare,
    judge,
)
from leadrails.core.states import (
    ABORTABLE,
    AT_PROVIDER,
    FAILED,
    FINAL,
    SUCCEEDED,
    Event,
    State,
    next_state,
)

REASONS = [
    *sorted(MENDED_BY_TEXT),
    "number_refused",
    "opted_out",
    "expired",
    "sent_again_in_doubt",
]
REPORTS = [
    Event.QUEUE_AT_PROVIDER,
    Event.CONFIRM_SENT,
    Event.REPORT_UNDELIVERED,
    Event.CONFIRM_DELIVERED,
    Event.CONFIRM_READ,
    Event.BOUNCE,
]
STEPS = [
    Event.CLAIM,
    Event.ACCEPT,
    Event.DEFER,
    Event.REFUSE,
    Event.LOSE,
    Event.ABSENT,
    Event.HOLD,
    Event.RELEASE,
    Event.EXPIRE,
    Event.SKIP,
]


class Message:
    def __init__(self, state=State.QUEUED):
        self.state, self.reason, self.is_sent = state, "", False

    def take(self, event, reason=""):
        """Whether it moved. Nobody reports on what was never sent."""
        if event in REPORTS and not self.is_sent:
            return False
        target = next_state(self.state, event)
        if target is None:
            return False
        self.is_sent |= target is State.SENDING
        self.state, self.reason = target, reason
        return True


class Pair:
    """The two messages, as `leadrails.jobs.deadlines` and `overdue` treat them."""

    def __init__(self):
        self.rich, self.text = Message(), None
        self.is_due = self.is_up = self.is_compared = self.is_labelled = False
        self.is_held_by_worker = False

    def move_rich(self, event, reason):
        was = self.rich.state
        if self.rich.take(event, reason):
            state = self.rich.state
            if state in AT_PROVIDER and was not in AT_PROVIDER:
                self.is_due, self.is_up = True, False
            if state in FAILED and reason in MENDED_BY_TEXT:
                self.is_due = self.is_up = True
            self.meet(state)

    def move_text(self, event, reason):
        if self.text and self.text.take(event, reason):
            self.is_held_by_worker = False
            self.meet(self.text.state)

    def meet(self, state):
        if state in SUCCEEDED:
            self.is_due &= self.rich.state not in SUCCEEDED
            self.is_compared |= self.text is not None

    def sweep(self):
        if self.is_due and self.is_up:
            self.is_due = self.fall_back()
        if self.is_compared:
            self.is_compared = self.look_at_both()

    def fall_back(self):
        verdict = judge(self.rich.state, self.rich.reason, is_time_up=True)
        if verdict in (Judgement.WAIT, Judgement.NEVER):
            return verdict is Judgement.WAIT
        if verdict is Judgement.REPLACE:
            assert self.rich.state in ABORTABLE
            self.rich.state = State.CANCELED
        self.text = self.text or Message()
        self.is_labelled |= verdict is Judgement.SEND_IN_DOUBT
        return False

    def look_at_both(self):
        free = not self.is_held_by_worker
        verdict = compare(self.rich.state, self.text.state, is_text_free=free)
        if verdict is Comparison.CANCEL:
            assert self.text.state in ABORTABLE
            self.text.state, self.text.reason = State.CANCELED, "not_needed"
        self.is_labelled |= verdict is Comparison.LABEL
        return verdict is Comparison.LATER

    def lease(self):
        self.is_held_by_worker = self.text is not None and self.text.state in (
            NOT_STARTED
        )

    def finish(self, word):
        """Workers and providers do what is left to do."""
        self.is_up, self.is_held_by_worker = True, False
        for _ in range(8):
            self.sweep()
            for move in (self.move_rich, self.move_text):
                for event in (Event.RELEASE, Event.CLAIM, Event.ACCEPT, word):
                    move(event, "not_delivered")
            self.is_up = True
        self.sweep()


happenings = st.one_of(
    st.tuples(
        st.sampled_from(["move_rich", "move_text"]),
        st.sampled_from(REPORTS + STEPS),
        st.sampled_from(REASONS),
    ),
    st.tuples(st.sampled_from(["sweep", "lease", "time"])),
)
# Ordinary beginnings, or chance would seldom bring both far.
sent = ("move_rich", Event.CLAIM, ""), ("move_rich", Event.ACCEPT, "")
fallen = *sent, ("time",), ("sweep",)
texted = *fallen, ("move_text", Event.CLAIM, ""), ("move_text", Event.ACCEPT, "")


def play(events):
    pair = Pair()
    for name, *arguments in events:
        if name == "time":
            pair.is_up = True
        else:
            getattr(pair, name)(*arguments)
    return pair


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([(), sent, fallen, texted]),
    st.lists(happenings, max_size=25),
    st.sampled_from([Event.REPORT_UNDELIVERED, Event.CONFIRM_DELIVERED]),
)
def test_no_order_of_events_delivers_both_without_saying_so(beginning, events, word):
    pair = play([*beginning, *events])
    pair.finish(word)

    rich, text = pair.rich, pair.text
    assert rich.state in FINAL
    assert not pair.is_due
    assert not pair.is_compared
    if text is None:
        assert rich.state not in FAILED or rich.reason not in MENDED_BY_TEXT
    else:
        assert text.state in FINAL
        both_arrived = rich.state in SUCCEEDED and text.state in SUCCEEDED
        assert pair.is_labelled or not both_arrived


@pytest.mark.parametrize(
    ("state", "reason", "before", "after"),
    [
        ("accepted", "", "wait", "send"),
        ("sent", "", "wait", "send"),
        ("retrying", "provider_busy", "wait", "replace"),
        ("retrying", "sent_again_in_doubt", "wait", "wait"),
        ("unknown", "outcome_unknown", "wait", "wait"),
        ("held", "quiet_hours", "wait", "wait"),
        ("undelivered", "not_delivered", "send", "send"),
        ("undelivered", "carrier_timeout", "send_in_doubt", "send_in_doubt"),
        ("undelivered", "opted_out", "never", "never"),
        ("dead", "recipient_refused", "send", "send"),
        ("dead", "number_refused", "never", "never"),
        ("dead", "expired", "never", "never"),
        ("delivered", "", "never", "never"),
        ("canceled", "canceled", "never", "never"),
        ("skipped", "suppressed", "never", "never"),
    ],
)
def test_a_text_goes_when_the_rich_message_failed_or_its_time_is_up(
    state, reason, before, after
):
    assert judge(State(state), reason, is_time_up=False) == before
    assert judge(State(state), reason, is_time_up=True) == after


@pytest.mark.parametrize("text", State)
def test_a_text_is_stopped_while_it_can_be_and_else_both_say_so(text):
    may_be_stopped = text in ("queued", "held", "retrying")
    is_over_for_nothing = text in ("undelivered", "dead", "skipped", "canceled")
    otherwise = "fine" if is_over_for_nothing else "label"
    free = "cancel" if may_be_stopped else otherwise
    leased = "later" if may_be_stopped else otherwise

    for rich in State:
        told = [compare(rich, text, is_text_free=one) for one in (True, False)]
        arrived = rich in ("delivered", "read")
        assert told == ([free, leased] if arrived else ["fine", "fine"])

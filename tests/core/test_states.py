from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core import states
from leadrails.core.states import (
    ABORTABLE,
    FINAL,
    RANK,
    REPLAYABLE,
    REPORTS,
    STUCK,
    TRANSITIONS,
    Event,
    State,
    event_for,
    merge_status,
    next_state,
)

REPORTABLE = list(RANK)
UPGRADES = {
    (State.DELIVERED, State.READ),
    (State.UNDELIVERED, State.DELIVERED),
    (State.UNDELIVERED, State.READ),
}


def walk(state, *events):
    for event in events:
        state = next_state(state, event) or state
    return state


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ("claim accept queue_at_provider confirm_sent confirm_delivered", "delivered"),
        ("claim accept confirm_delivered confirm_read", "read"),
        ("claim accept confirm_read confirm_delivered confirm_sent", "read"),
        ("claim defer claim accept", "accepted"),
        ("claim defer cancel", "canceled"),
        ("claim defer hold", "held"),
        ("claim defer expire", "dead"),
        ("claim refuse", "dead"),
        ("claim skip", "skipped"),
        ("claim expire", "dead"),
        ("claim release", "queued"),
        ("claim hold release claim accept", "accepted"),
        ("hold expire", "dead"),
        ("hold cancel", "canceled"),
        ("hold skip", "skipped"),
        ("cancel claim", "canceled"),
        ("claim cancel", "sending"),
        ("claim accept cancel", "accepted"),
        ("claim lose adopt", "accepted"),
        ("claim lose absent claim accept", "accepted"),
        ("claim lose expire", "dead"),
        ("claim lose hold release claim", "unknown"),
        ("claim lose cancel", "unknown"),
        ("claim lose confirm_delivered", "delivered"),
        ("claim lose accept", "accepted"),
        ("claim lose defer claim", "sending"),
        ("claim lose absent confirm_sent claim", "sent"),
        ("claim lose absent hold confirm_delivered release", "delivered"),
        ("claim lose expire confirm_delivered", "delivered"),
        ("claim confirm_sent accept", "sent"),
        ("claim confirm_delivered lose", "delivered"),
        ("claim queue_at_provider defer", "accepted"),
        ("claim report_undelivered accept", "undelivered"),
        ("claim bounce accept", "retrying"),
        ("claim accept bounce claim accept confirm_delivered", "delivered"),
        ("claim accept confirm_sent bounce", "retrying"),
        ("claim accept report_undelivered bounce", "undelivered"),
        ("claim accept report_undelivered confirm_delivered", "delivered"),
        ("claim accept confirm_delivered report_undelivered", "delivered"),
        ("claim accept confirm_delivered bounce claim", "delivered"),
    ],
)
def test_a_job_lives_as_its_events_say(events, end):
    assert walk(State.QUEUED, *(Event(event) for event in events.split())) == end


@given(
    st.sampled_from([State.SENDING, State.UNKNOWN, State.ACCEPTED, State.RETRYING]),
    st.lists(st.sampled_from(REPORTABLE), min_size=1, max_size=4),
)
def test_reports_end_alike_in_any_order_and_repetition(start, reported):
    ends = set()
    for order in permutations(reported + reported[:1]):
        state = start
        for status in order:
            state = merge_status(state, status)
        ends.add(state)

    assert ends == {max([start, *reported], key=lambda state: RANK.get(state, 0))}


@given(st.sampled_from(list(State)), st.lists(st.sampled_from(REPORTABLE)))
def test_the_table_and_the_merge_agree_on_reports(start, reported):
    by_table = walk(start, *(event_for(status) for status in reported))
    by_merge = start
    for status in reported:
        by_merge = merge_status(by_merge, status)

    assert by_table == by_merge


@given(st.lists(st.sampled_from(list(Event)), max_size=30))
def test_rank_never_falls_except_by_a_bounce(events):
    state = State.QUEUED
    for event in events:
        after = next_state(state, event) or state
        assert RANK.get(after, 0) >= RANK.get(state, 0) or event is Event.BOUNCE
        state = after


def test_nothing_leaves_a_final_state_but_a_providers_report():
    leaving = {
        (state, event, target)
        for (state, event), target in TRANSITIONS.items()
        if state in FINAL
    }

    assert {event for _, event, _ in leaving} <= set(REPORTS)
    ranked = {(state, target) for state, _, target in leaving if state in RANK}
    assert ranked == UPGRADES


def test_nothing_final_can_be_sent_again_by_the_machine():
    for state in FINAL:
        reachable, new = set(), {state}
        while new:
            reachable |= new
            new = {
                target
                for (source, event), target in TRANSITIONS.items()
                if source in reachable and event is not Event.BOUNCE
            } - reachable
        assert State.SENDING not in reachable


@given(st.lists(st.sampled_from(list(Event)), max_size=40))
def test_an_unknown_outcome_is_claimed_only_after_it_was_settled(events):
    state, settled = State.QUEUED, True
    for event in events:
        after = next_state(state, event)
        if event is Event.CLAIM and after:
            assert settled
        if after:
            state = after
            settled = state is not State.UNKNOWN


@pytest.mark.parametrize("status", [s for s in State if s not in RANK])
@pytest.mark.parametrize("current", State)
def test_what_no_provider_can_report_changes_nothing(current, status):
    assert merge_status(current, status) is current
    assert event_for(status) is None


def test_bad_news_of_an_older_attempt_does_not_move_the_job():
    assert event_for(State.UNDELIVERED, is_shown=False) is None
    assert event_for(State.DELIVERED, is_shown=False) is Event.CONFIRM_DELIVERED


def test_the_named_sets_follow_from_the_table():
    claimable = {s for s, event in TRANSITIONS if event is Event.CLAIM}

    assert claimable == {State.QUEUED, State.RETRYING}
    assert {State.QUEUED, State.HELD, State.RETRYING} == ABORTABLE
    assert REPLAYABLE < FINAL
    assert not STUCK & FINAL
    assert set(State) == FINAL | states.OPEN


def test_every_state_is_reachable_and_every_event_moves_something():
    reachable = {State.QUEUED, *TRANSITIONS.values()}

    assert reachable == set(State)
    assert {event for _, event in TRANSITIONS} == set(Event)


@pytest.mark.parametrize("table", [states.LABELS, states.HELP, states.TONES])
def test_every_state_has_words_for_pages(table):
    assert set(table) == set(State)
    assert all(table.values())


def test_help_is_one_sentence_that_names_the_next_move():
    for text in states.HELP.values():
        assert text[0].isupper()
        assert text.endswith(".")
        assert text.count(". ") == 0


def test_the_diagram_is_drawn_from_the_table():
    short, full = states.diagram(), states.diagram(complete=True)

    assert short.startswith("stateDiagram-v2\n    [*] --> queued\n")
    assert "    sending --> accepted: accept, adopt, queue_at_provider\n" in short
    assert "dead --> delivered" not in short
    for (state, _), target in TRANSITIONS.items():
        assert f"    {state} --> {target}: " in full

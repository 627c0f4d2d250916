"""
The states of a job, what moves it between them, and the words pages use for them.

Two kinds of events move a job. *Steps* are what we do or decide: claim, settle,
hold, give up. *Reports* are what a provider says became of the message. A report
is evidence that the message exists, and evidence outranks our belief: it moves a
job from any state of lower rank, also one we had called unknown, dead or canceled.
So the status shown is the truth, and a report never leads to a second message.

Reports belong to an attempt. A caller first merges the report into the attempt's
own status with `merge_status`; when that changes nothing, the job is left alone.
Thus a late `sent` of an attempt that has already bounced cannot stop its retry.
"""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    RETRYING = "retrying"
    UNKNOWN = "unknown"
    UNDELIVERED = "undelivered"
    DEAD = "dead"
    SKIPPED = "skipped"
    CANCELED = "canceled"


class Event(StrEnum):
    # Steps: what we do or decide.
    CLAIM = "claim"
    ACCEPT = "accept"
    DEFER = "defer"
    REFUSE = "refuse"
    LOSE = "lose"
    EXPIRE = "expire"
    HOLD = "hold"
    RELEASE = "release"
    SKIP = "skip"
    CANCEL = "cancel"
    ABSENT = "absent"
    # The provider failed before the message left it, and a retry may work.
    BOUNCE = "bounce"
    # Reports: the provider's word that the message exists, and how far it came.
    ADOPT = "adopt"
    QUEUE_AT_PROVIDER = "queue_at_provider"
    CONFIRM_SENT = "confirm_sent"
    REPORT_UNDELIVERED = "report_undelivered"
    CONFIRM_DELIVERED = "confirm_delivered"
    CONFIRM_READ = "confirm_read"


# How far a message is known to have come. Undelivered stands below delivered
# because carriers correct themselves in that direction only; the caller flags it.
RANK: Mapping[State, int] = {
    State.ACCEPTED: 1,
    State.SENT: 2,
    State.UNDELIVERED: 3,
    State.DELIVERED: 4,
    State.READ: 5,
}

REPORTS: Mapping[Event, State] = {
    Event.ADOPT: State.ACCEPTED,
    Event.QUEUE_AT_PROVIDER: State.ACCEPTED,
    Event.CONFIRM_SENT: State.SENT,
    Event.REPORT_UNDELIVERED: State.UNDELIVERED,
    Event.CONFIRM_DELIVERED: State.DELIVERED,
    Event.CONFIRM_READ: State.READ,
}

STEPS: Mapping[tuple[State, Event], State] = {
    (State.QUEUED, Event.CLAIM): State.SENDING,
    (State.QUEUED, Event.HOLD): State.HELD,
    (State.QUEUED, Event.SKIP): State.SKIPPED,
    (State.QUEUED, Event.EXPIRE): State.DEAD,
    (State.QUEUED, Event.CANCEL): State.CANCELED,
    (State.HELD, Event.RELEASE): State.QUEUED,
    (State.HELD, Event.SKIP): State.SKIPPED,
    (State.HELD, Event.EXPIRE): State.DEAD,
    (State.HELD, Event.CANCEL): State.CANCELED,
    (State.SENDING, Event.ACCEPT): State.ACCEPTED,
    (State.SENDING, Event.DEFER): State.RETRYING,
    (State.SENDING, Event.REFUSE): State.DEAD,
    (State.SENDING, Event.LOSE): State.UNKNOWN,
    (State.SENDING, Event.HOLD): State.HELD,
    (State.SENDING, Event.SKIP): State.SKIPPED,
    (State.SENDING, Event.EXPIRE): State.DEAD,
    # Claimed, but no attempt was made: put back as it was.
    (State.SENDING, Event.RELEASE): State.QUEUED,
    (State.SENDING, Event.BOUNCE): State.RETRYING,
    (State.RETRYING, Event.CLAIM): State.SENDING,
    (State.RETRYING, Event.HOLD): State.HELD,
    (State.RETRYING, Event.SKIP): State.SKIPPED,
    (State.RETRYING, Event.EXPIRE): State.DEAD,
    (State.RETRYING, Event.CANCEL): State.CANCELED,
    # The late answer of a worker that was taken for dead settles the doubt.
    # There is no hold, release or cancel here: released, it would be sent blindly.
    (State.UNKNOWN, Event.ACCEPT): State.ACCEPTED,
    (State.UNKNOWN, Event.DEFER): State.RETRYING,
    (State.UNKNOWN, Event.REFUSE): State.DEAD,
    (State.UNKNOWN, Event.ABSENT): State.RETRYING,
    (State.UNKNOWN, Event.EXPIRE): State.DEAD,
    (State.UNKNOWN, Event.BOUNCE): State.RETRYING,
    (State.ACCEPTED, Event.BOUNCE): State.RETRYING,
    (State.SENT, Event.BOUNCE): State.RETRYING,
}


def merge_status(current: State, reported: State) -> State:
    """
    Return the further of what is known and what a provider reports.

    The result of many reports depends neither on their order nor on repetition.
    Only the states of `RANK` can be reported; any other changes nothing (a
    provider's own `canceled` is for the adapter to call undelivered).
    """
    return reported if RANK.get(reported, 0) > RANK.get(current, 0) else current


TRANSITIONS: dict[tuple[State, Event], State] = {
    **STEPS,
    **{
        (state, event): reported
        for event, reported in REPORTS.items()
        for state in State
        if merge_status(state, reported) is not state
    },
}


def next_state(state: State, event: Event) -> State | None:
    """Return the state that `event` leads to, or None when it changes nothing."""
    return TRANSITIONS.get((state, event))


def event_for(reported: State, *, is_shown: bool = True) -> Event | None:
    """
    Return the event by which a reported status moves its job, or None.

    Good news always counts. Bad news counts of the attempt that the job stands for
    (`is_shown`): its latest, or an earlier one whose message it was found to be.
    Of any other it says nothing of the job, whose later attempt is under way.
    """
    if reported is State.UNDELIVERED and not is_shown:
        return None
    return _EVENT_OF_REPORT.get(reported)


_EVENT_OF_REPORT: Mapping[State, Event] = {
    State.ACCEPTED: Event.QUEUE_AT_PROVIDER,
    State.SENT: Event.CONFIRM_SENT,
    State.UNDELIVERED: Event.REPORT_UNDELIVERED,
    State.DELIVERED: Event.CONFIRM_DELIVERED,
    State.READ: Event.CONFIRM_READ,
}

# Over for us. Only a report of higher rank moves such a job.
FINAL = frozenset(
    {
        State.DELIVERED,
        State.READ,
        State.UNDELIVERED,
        State.DEAD,
        State.SKIPPED,
        State.CANCELED,
    }
)
OPEN = frozenset(State) - FINAL
SUCCEEDED = frozenset({State.DELIVERED, State.READ})
FAILED = frozenset({State.UNDELIVERED, State.DEAD})
# With the provider: no attempt of ours is due, we wait for its reports.
AT_PROVIDER = frozenset({State.ACCEPTED, State.SENT})
# Open, but something stands in the way.
STUCK = frozenset({State.HELD, State.RETRYING, State.UNKNOWN})
# A person may still stop it: no provider has it.
ABORTABLE = frozenset(state for state in State if (state, Event.CANCEL) in TRANSITIONS)
# A person may send it again, as a new job of the same lead.
REPLAYABLE = frozenset({State.UNDELIVERED, State.DEAD, State.SKIPPED, State.CANCELED})

LABELS: Mapping[State, str] = {
    State.QUEUED: "Queued",
    State.HELD: "On hold",
    State.SENDING: "Sending",
    State.ACCEPTED: "Accepted",
    State.SENT: "Sent",
    State.DELIVERED: "Delivered",
    State.READ: "Read",
    State.RETRYING: "Retrying",
    State.UNKNOWN: "Outcome unknown",
    State.UNDELIVERED: "Not delivered",
    State.DEAD: "Dead letter",
    State.SKIPPED: "Skipped",
    State.CANCELED: "Canceled",
}

HELP: Mapping[State, str] = {
    State.QUEUED: "Waiting for its turn; it is sent within seconds, nothing to do.",
    State.HELD: (
        "Waiting for the cause named here; where that is your move, it is sent once "
        "you have cleared it, unless its time runs out first."
    ),
    State.SENDING: "Being handed to the provider right now; nothing to do.",
    State.ACCEPTED: "The provider has it and will report on it; nothing to do.",
    State.SENT: (
        "The provider passed it to the phone company, whose confirmation may still "
        "come; nothing to do."
    ),
    State.DELIVERED: "The phone company confirmed that it arrived; done.",
    State.READ: "The person opened it; done.",
    State.RETRYING: (
        "It could not be sent yet and is tried again by itself; nothing to do."
    ),
    State.UNKNOWN: (
        "The provider's answer was lost, so we ask it what happened before anything "
        "is sent again; nothing to do unless an alert asks you to decide."
    ),
    State.UNDELIVERED: (
        "The provider reports for good that it did not arrive; your move: see the "
        "cause, then replay it if that can help."
    ),
    State.DEAD: (
        "We stopped trying, for the cause named here; your move: clear the cause, "
        "then replay it."
    ),
    State.SKIPPED: (
        "Not sent on purpose, for the reason named here; nothing to do unless that "
        "reason is wrong."
    ),
    State.CANCELED: (
        "Stopped before it was sent, by a person or for the cause named here; nothing "
        "to do."
    ),
}

# The four colours of the interface; pages always add the label.
TONES: Mapping[State, str] = {
    State.QUEUED: "waiting",
    State.HELD: "attention",
    State.SENDING: "waiting",
    State.ACCEPTED: "waiting",
    State.SENT: "waiting",
    State.DELIVERED: "ok",
    State.READ: "ok",
    State.RETRYING: "waiting",
    State.UNKNOWN: "attention",
    State.UNDELIVERED: "failed",
    State.DEAD: "failed",
    State.SKIPPED: "attention",
    State.CANCELED: "attention",
}


def diagram(*, complete: bool = False) -> str:
    """
    Return the table as a Mermaid state diagram.

    Reports move a job out of every state of lower rank, which nobody can read as
    arrows. Unless `complete`, only those out of sending, unknown and the reported
    states themselves are drawn.
    """
    drawn = {State.SENDING, State.UNKNOWN, *RANK}
    labels: dict[tuple[State, State], list[str]] = {}
    for (state, event), target in TRANSITIONS.items():
        if complete or event not in REPORTS or state in drawn:
            labels.setdefault((state, target), []).append(event.value)
    arrows = [
        f"    {state} --> {target}: {', '.join(events)}"
        for (state, target), events in labels.items()
    ]
    ends = [f"    {state} --> [*]" for state in State if state in FINAL]
    return "\n".join(["stateDiagram-v2", "    [*] --> queued", *arrows, *ends]) + "\n"

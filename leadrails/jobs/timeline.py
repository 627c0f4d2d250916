"""A job's life as steps of a timeline, from the lead's arrival to the last word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from destinations.providers import errors
from destinations.providers.registry import PROVIDERS
from leadrails.core import ids
from leadrails.core.reasons import REASONS
from leadrails.core.states import AT_PROVIDER, SUCCEEDED, State
from leadrails.jobs.families import Family, step_of_cause, steps_of_children
from leadrails.jobs.links import link
from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from leadrails.leads.models import Lead, Source
from leadrails.routing.models import Route
from leadrails.tenants.models import Tenant
from leadrails.ui.states import look_of

Step = dict[str, Any]
WORTH_TELLING = timedelta(seconds=1)  # a shorter wait counts to what it was for

_ATTEMPT_LOOKS: dict[str, tuple[str, str]] = {
    Attempt.Outcome.ACCEPTED: ("waiting", "check"),
    Attempt.Outcome.NOT_SENT: ("attention", "retry"),
    Attempt.Outcome.REFUSED: ("failed", "x-circle"),
    Attempt.Outcome.UNKNOWN: ("attention", "question"),
    Attempt.Outcome.ABSENT: ("attention", "question"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    job: Job
    lead: Lead | None
    source: Source | None
    route: Route | None
    attempts: list[Attempt]
    events: list[DeliveryEvent]
    stops: Sequence["Stop"] = ()
    family: Family | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Somebody or something paused the destination meanwhile, or let it go on."""

    at: datetime
    title: str
    who: str
    is_end: bool


def steps_of(story: Story, *, tenant: Tenant) -> list[Step]:
    """Steps for `{% timeline %}`, oldest first; the last one is how things stand."""
    kind = story.job.destination.kind
    called = [_attempt(attempt, kind) for attempt in story.attempts]
    if called and (unfit := (story.job.message or {}).get("unfit")):
        called[0]["cause"] = _unfit_hint(unfit)
    if story.job.is_possible_duplicate:
        _label_second_copies(called, story.attempts)
    reported = [_report(event, kind) for event in story.events]
    made = steps_of_children(story.job, story.family, tenant)
    middle = sorted(called + reported + made, key=lambda step: step["at"])
    steps = [*_beginning(story, tenant), *middle]
    ending = _ending(story.job)
    if ending and not (reported and _is_told(story)):
        steps.append(ending)
    return _account(story, steps, story.stops)


def _beginning(story: Story, tenant: Tenant) -> list[Step]:
    job, steps = story.job, []
    name = story.source.name if story.source else _("a source that is gone")
    at = story.lead.received_at if story.lead else ids.time_of(job.lead_id)
    steps.append(
        {
            "title": _("Received from %(source)s") % {"source": name},
            "at": at,
            "tone": "neutral",
            "icon": "leads",
        }
    )
    if job.parent_id:
        steps.append(step_of_cause(job, tenant))
    elif job.replay_of:
        original = ids.encode(Job.prefix, job.replay_of)
        steps.append(
            {
                "title": _("Replayed by a person"),
                "at": job.created_at,
                "tone": "neutral",
                "icon": "retry",
                "url": link(tenant, "jobs:detail", job=original),
                "url_label": _("The job it replays"),
            }
        )
    elif story.route:
        steps.append(
            {
                "title": _("Took route “%(route)s”") % {"route": story.route.name},
                "at": job.created_at,
                "tone": "neutral",
                "icon": "routes",
            }
        )
    return steps


def _label_second_copies(steps: list[Step], attempts: list[Attempt]) -> None:
    """Say which attempts came after one that may have reached the person."""
    reaching = (Attempt.Outcome.UNKNOWN, Attempt.Outcome.ACCEPTED)
    is_second = False
    for step, attempt in zip(steps, attempts, strict=True):
        if is_second:
            label = _("Possible duplicate: an earlier attempt may have arrived too.")
            step["cause"] = f"{label} {step.get('cause', '')}".strip()
        is_second = is_second or attempt.outcome in reaching


def _attempt(attempt: Attempt, kind: str) -> Step:
    tone, icon = _ATTEMPT_LOOKS.get(attempt.outcome, ("waiting", "send"))
    outcome = attempt.get_outcome_display() or _("Under way")
    step: Step = {
        "title": _("Attempt %(number)s: %(outcome)s")
        % {"number": attempt.number, "outcome": outcome[:1].lower() + outcome[1:]},
        "at": attempt.started_at,
        "tone": tone,
        "icon": icon,
        "detail": attempt.error_message or _reach(attempt),
    }
    if attempt.finished_at:
        step["took"] = attempt.finished_at - attempt.started_at
    return {**step, **_cause(kind, attempt.error_code, "sync")}


def _unfit_hint(unfit: str) -> str:
    why = _("The RCS message does not fit this lead, so the text message goes.")
    return f"{why} {unfit}"


def _reach(attempt: Attempt) -> str:
    """What the provider had said of the phone, where it was asked first."""
    match attempt.response:
        case {"has_rcs": True}:
            return _("The provider says that this phone has RCS.")
        case {"has_rcs": False}:
            return _("This phone has no RCS, so the text message went at once.")
    return ""


def _report(event: DeliveryEvent, kind: str) -> Step:
    if not event.state:
        says = _("The provider says: %(word)s") % {"word": event.status}
        step: Step = {"title": says, "tone": "neutral", "icon": "dot"}
    else:
        look = look_of(event.state)
        step = {"title": str(look.word), "tone": look.tone, "icon": look.icon}
        step["detail"] = _("Provider's word: %(word)s") % {"word": event.status}
    if words := _meaning(event.status, kind):
        step["detail"] = ". ".join(filter(None, [step.get("detail"), words]))
    return {**step, "at": event.received_at, **_cause(kind, event.error, "callback")}


def _meaning(status: str, kind: str) -> str:
    provider = PROVIDERS.get(kind)
    # After the word may stand which of two messages it is of.
    word = status.partition(" ")[0]
    return provider.status_words.get(word, "") if provider else ""


def _cause(kind: str, code: str, where: errors.Where) -> Step:
    if not code:
        return {}
    info = errors.lookup(kind, code, where=where)
    cause = f"{info.sentence} ({code})"
    if not info.docs_url:
        return {"cause": cause}
    label = _("Provider's page on %(code)s") % {"code": code}
    return {"cause": cause, "url": info.docs_url, "url_label": label}


def _is_told(story: Story) -> bool:
    """Whether a provider's report already is the step that ends the story."""
    return any(event.state == story.job.state for event in story.events)


def _ending(job: Job) -> Step | None:
    """How things stand, unless the last attempt says it."""
    state = State(job.state)
    look = look_of(job.state)
    step: Step = {"tone": look.tone, "icon": look.icon, "title": str(look.word)}
    if state in AT_PROVIDER:
        step["detail"] = _("Waiting for the provider's report.")
        return {**step, "at": _reached(job)}
    if state is State.SENDING:
        return None
    if state in (State.QUEUED, State.RETRYING):
        step["detail"] = _("The next try is due.") if job.due_at else ""
        return {**step, "at": job.due_at, "cause": REASONS.get(job.reason, "")}
    step["cause"] = REASONS.get(job.reason, "")
    # Of a message that arrived after all the error is history: its step says it.
    step["detail"] = "" if state in SUCCEEDED else job.error_message
    return {**step, "at": _reached(job)}


def _reached(job: Job) -> datetime:
    known = {
        State.ACCEPTED: job.accepted_at,
        State.SENT: job.sent_at,
        State.DELIVERED: job.delivered_at,
        State.READ: job.read_at,
    }
    return known.get(State(job.state)) or job.changed_at


# Every second -------------------------------------------------------------------


def _account(story: Story, steps: list[Step], stops: Sequence[Stop]) -> list[Step]:
    """
    Give each step what it took, and what lay between two its own step.

    Together they take exactly the time from the first moment to the last.
    """
    told: list[Step] = []
    until: datetime | None = None
    called: Step | None = None
    for step in steps:
        at = step["at"]
        if at is None:
            told.append(step)
            continue
        gap = max(at - until, timedelta()) if until else timedelta()
        own = step.get("took")
        if own is None:
            step["took"] = gap if until else None
        elif gap >= WORTH_TELLING and until:
            told.append(_wait(story, called, until, gap))
            told += [_stop(stop) for stop in stops if until <= stop.at <= at]
        elif until:
            step["took"] = at + own - until if at + own > until else timedelta()
        until = max(until or at, at + own if own is not None else at)
        called = step if own is not None else called
        told.append(step)
    return told


def _wait(story: Story, called: Step | None, since: datetime, gap: timedelta) -> Step:
    """What lies before an attempt."""
    step: Step = {"at": since, "took": gap, "tone": "neutral", "icon": "clock"}
    if called is not None:
        title = _("Waited for the next try")
        cause = _("After a failure the next try waits, each time longer.")
    elif story.job.replay_of:
        title = _("Waited for its turn")
        cause = _("Replays go after all that is live.")
    else:
        title = _("Waited for its turn")
        cause = _("The queue, a limit, quiet hours or a pause kept it back.")
    return {**step, "title": title, "cause": cause}


def _stop(stop: Stop) -> Step:
    return {
        "at": stop.at,
        "tone": "attention",
        "icon": "play" if stop.is_end else "pause",
        "title": stop.title,
        "detail": stop.who,
    }


def whole_time(steps: Sequence[Step]) -> timedelta:
    """From the first moment that is told to the last."""
    return sum((step.get("took") or timedelta() for step in steps), timedelta())

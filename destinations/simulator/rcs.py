"""The course of a message by RCS: whether it arrives so, and what follows if not."""

from destinations.simulator import segments
from destinations.simulator.behaviour import Behaviour
from destinations.simulator.message import Message, PlannedStep
from destinations.simulator.rules import Rules
from destinations.simulator.scenarios import Rcs, scenario_named
from destinations.simulator.vocabulary import words_of

UNREACHABLE = 63036
LATE_MS = 1000  # between the fallback's delivery and that by RCS after all
READ_MS = 1000  # between delivery and reading
# Steps of a plan that are no statuses.
FALL_BACK, LATE = "fall back", "late by rcs"


class RcsCourse:
    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def begin(
        self, message: Message, step: PlannedStep, behaviour: Behaviour, now: int
    ) -> PlannedStep | None:
        """
        The message is about to be sent: plan how it goes on.

        Return:
            The step that is taken, None if the fallback is.
        """
        number = message.to.rpartition(":")[2]
        has_fallback, rcs = "fallback" in message.extra, rcs_of(message)
        if not self._rules.has_rcs(message.account, number):
            if has_fallback:
                message.plan = [PlannedStep(FALL_BACK, None, now, ())]
                return None
            return _failed(message, step)
        wait = message.extra.get("rcs_wait", behaviour.delay("fallback"))
        patience = now + int(wait * 1000)
        next_due = message.plan[0].due if message.plan else now
        callbacks = message.plan[0].callbacks if message.plan else (0.0,)
        if has_fallback and rcs in {Rcs.UNCONFIRMED, Rcs.LATE}:
            message.plan = [PlannedStep(FALL_BACK, None, patience, ())]
        elif has_fallback and (rcs is Rcs.REFUSED or _will_fail(message)):
            message.plan = [PlannedStep(FALL_BACK, None, next_due, ())]
        elif rcs is Rcs.UNCONFIRMED:
            message.plan = _silence(message, patience, callbacks)
        elif rcs is Rcs.LATE:
            message.plan = [PlannedStep("delivered", None, patience, callbacks)]
        elif rcs is Rcs.REFUSED:
            words = words_of(message)
            code = words.code(UNREACHABLE)
            refused = PlannedStep(words.undelivered, code, next_due, callbacks)
            message.plan = [refused]
        elif rcs is Rcs.READ:
            due = message.plan[-1].due + READ_MS
            message.plan.append(PlannedStep("read", None, due, callbacks))
        return step

    def take_fallback(self, message: Message, now: int) -> int | None:
        """Make it a text; return the code if no sender fits."""
        fallback = message.extra["fallback"]
        sender = fallback["sender"]
        if sender is None:
            sender = self._rules.text_sender(message)
        if sender is None:
            return 21703
        message.extra |= {"rcs_sender": message.sender, "fell_back_at": now}
        message.sender, message.body = sender, fallback["body"]
        message.media = fallback["media"]
        is_mms = bool(message.media) or fallback.get("is_mms", False)
        message.segments = 1 if is_mms else segments.count(message.body)
        if message.is_telnyx:
            message.extra["telnyx"]["type"] = "MMS" if is_mms else "SMS"
        return None


def rcs_of(message: Message) -> Rcs | None:
    """A carrier that never confirms does so by RCS too."""
    scenario = scenario_named(message.scenario)
    return Rcs.UNCONFIRMED if scenario.final_status == "sent" else scenario.rcs


def arrive_late(message: Message) -> None:
    """It goes by RCS again, for its last status."""
    message.sender = message.extra["rcs_sender"]
    if message.is_telnyx:
        message.extra["telnyx"]["type"] = "RCS"


def _failed(message: Message, step: PlannedStep) -> PlannedStep:
    words = words_of(message)
    message.plan.clear()
    code = words.code(UNREACHABLE)
    return PlannedStep(words.failed, code, step.due, step.callbacks)


def _will_fail(message: Message) -> bool:
    words = words_of(message)
    return any(s.status in {words.failed, words.undelivered} for s in message.plan)


def _silence(
    message: Message, due: int, callbacks: tuple[float, ...]
) -> list[PlannedStep]:
    if message.is_telnyx:
        return [PlannedStep("delivery_unconfirmed", None, due, callbacks)]
    return []

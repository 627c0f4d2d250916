"""Moves accepted messages through their statuses, on time and across restarts."""

import asyncio
from dataclasses import replace

from destinations.simulator import clock, ids, segments
from destinations.simulator.accounts import Account, Accounts
from destinations.simulator.behaviour import Behaviour
from destinations.simulator.callback import Callback
from destinations.simulator.callbacks import CallbackSender
from destinations.simulator.draft import LONGEST_WAIT, Draft, first_status, new_sid
from destinations.simulator.ledger import Ledger
from destinations.simulator.message import FINAL, Message, PlannedStep
from destinations.simulator.outgoing import OutgoingMedia
from destinations.simulator.rcs import (
    FALL_BACK,
    LATE,
    LATE_MS,
    RcsCourse,
    arrive_late,
)
from destinations.simulator.rules import Rules
from destinations.simulator.scenarios import (
    CallbackFault,
    Rcs,
    Scenario,
    Step,
    scenario_named,
)
from destinations.simulator.telnyx.events import callbacks_of
from destinations.simulator.vocabulary import at_telnyx, words_of

_BEFORE_SENT = {"queued", "sending"}
_DELAY_OF = {"queued": "queued", "sending": "queued", "sent": "sent"}
MEDIA_MS = 20  # between looks for media that are being fetched


class Lifecycle:
    def __init__(
        self,
        ledger: Ledger,
        accounts: Accounts,
        callbacks: CallbackSender,
        rules: Rules,
        media: OutgoingMedia,
    ) -> None:
        self.behaviour = Behaviour()
        self._rules = rules
        self._media = media
        self._rcs = RcsCourse(rules)
        self._ledger = ledger
        self._accounts = accounts
        self._callbacks = callbacks
        self._underway: dict[str, Message] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def pending(self) -> int:
        return len(self._underway)

    def find(self, sid: str) -> Message | None:
        """Only what is underway; the ledger has the rest."""
        return self._underway.get(sid)

    def resume(self) -> None:
        for message in self._ledger.underway():
            self._media.begin(message)
            self._schedule(message)

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._media.stop()

    def accept(self, draft: Draft, scenario: Scenario, *, received_us: int) -> Message:
        now = clock.now_ms()
        fault = self.behaviour.callback_fault(draft.account)
        is_mms = bool(draft.media) or "is_mms" in draft.extra
        if "telnyx" in draft.extra:
            scenario = at_telnyx(scenario)
        message = Message(
            seq=self._ledger.next_seq(),
            sid=new_sid(draft, is_mms=is_mms),
            account=draft.account,
            to=draft.to,
            sender=draft.sender,
            service=draft.service,
            body=draft.body,
            media=list(draft.media),
            callback_url=draft.callback_url,
            scenario=scenario.name,
            received_us=received_us,
            created=now,
            updated=now,
            status=first_status(draft),
            segments=1 if is_mms else segments.count(draft.body),
            is_badly_signed=scenario.is_badly_signed
            or fault is CallbackFault.BAD_SIGNATURE,
            direction=draft.direction,
            extra=draft.extra,
        )
        message.plan = self._plan(message, scenario, fault, draft.send_at or now)
        if message.sender and draft.send_at is None:
            self._wait_in_queue(self._accounts.get(draft.account), message, now)
        self._ledger.add_event(message, now)
        self._ledger.save(message)
        self._media.begin(message)
        self._schedule(message)
        return message

    def cancel(self, message: Message) -> None:
        """Only for a scheduled message."""
        if timer := self._timers.pop(message.sid, None):
            timer.cancel()
        message.plan = [
            PlannedStep(words_of(message).canceled, None, clock.now_ms(), (0.0,))
        ]
        self._advance(message)

    def _plan(
        self,
        message: Message,
        scenario: Scenario,
        fault: CallbackFault | None,
        begin: int,
    ) -> list[PlannedStep]:
        steps = scenario.steps
        if message.status != "queued":
            steps = (Step("queued"), *steps)
        planned, due = [], begin
        for step in steps:
            name = _DELAY_OF.get(step.status, "final")
            due += int(self.behaviour.delay(name) * 1000)
            callbacks = self.callback_times(step.callbacks, fault)
            planned.append(PlannedStep(step.status, step.error_code, due, callbacks))
        return planned

    def callback_times(
        self, times: tuple[float, ...], fault: CallbackFault | None
    ) -> tuple[float, ...]:
        if fault is CallbackFault.LOST:
            return ()
        if wait := self.behaviour.delay("callback"):
            times = tuple(time + wait for time in times)
        if fault is CallbackFault.DISORDER:
            most = self.behaviour.delay("disorder")
            return tuple(t + self.behaviour.rng.uniform(0, most) for t in times)
        if fault is CallbackFault.TWICE:
            return (*times, *(time + 1 for time in times))
        if fault is CallbackFault.LATE:
            return tuple(time + self.behaviour.delay("late") for time in times)
        return times

    def _schedule(self, message: Message) -> None:
        self._underway[message.sid] = message
        wait = max(message.plan[0].due - clock.now_ms(), 0) / 1000
        loop = asyncio.get_running_loop()
        self._timers[message.sid] = loop.call_later(wait, self._advance, message)

    def _advance(self, message: Message) -> None:
        now = clock.now_ms()
        step = self._next_step(message, now)
        if step is None:
            self._ledger.save(message)
            self._schedule(message)
            return
        message.status, message.error_code = step.status, step.error_code
        message.updated = now
        if step.status == "sent":
            message.sent = now
        self._ledger.add_event(message, now)
        self._call_back(message, step, now)
        self._ledger.save(message)
        if message.plan:
            self._schedule(message)
        else:
            self._underway.pop(message.sid, None)
            self._timers.pop(message.sid, None)

    def _next_step(self, message: Message, now: int) -> PlannedStep | None:
        """What the plan says, unless something is in the way; None is to wait."""
        step = message.plan.pop(0)
        if step.status == FALL_BACK:
            return self._fall_back(message, now)
        if step.status == LATE:
            arrive_late(message)
            return replace(step, status="delivered")
        account = self._accounts.get(message.account)
        code = None
        if step.status == "queued" and not message.sender:
            code = self._rules.choose(account, message, now)
            if code is None:
                self._wait_in_queue(account, message, now)
        elif step.status == "sent":
            if self._media.is_underway(message):
                message.plan.insert(0, replace(step, due=now + MEDIA_MS))
                return None
            code = self._media.take_code(message)
            code = code or self._rules.at_carrier(account, message)
            if code is None and message.is_rcs:
                return self._rcs.begin(message, step, self.behaviour, now)
        elif step.status == "delivered" and self._rules.is_offline(message):
            return self._wait_for_handset(message, step, now)
        if code is None:
            return step
        message.plan.clear()
        words = words_of(message)
        return PlannedStep(words.failed, words.code(code), step.due, step.callbacks)

    def _wait_in_queue(self, account: Account, message: Message, now: int) -> None:
        """Behind what the sender sends before; not longer than it may wait."""
        assert message.sender
        wait = self._rules.pace.take(account, message.sender, message.segments, now)
        longest = message.extra.get("validity", LONGEST_WAIT) * 1000
        if wait > longest:
            callbacks = message.plan[-1].callbacks if message.plan else (0.0,)
            words, due = words_of(message), message.created + longest
            ends = PlannedStep(words.failed, words.code(30036), due, callbacks)
            message.plan = [ends]
            return
        for step in message.plan if wait else ():
            step.due += wait

    def _wait_for_handset(
        self, message: Message, step: PlannedStep, now: int
    ) -> PlannedStep | None:
        """Try again later; the second time the carrier gives up."""
        if message.is_rcs and "fallback" in message.extra:
            wait = message.extra.get("rcs_wait", self.behaviour.delay("fallback"))
            due = now + int(wait * 1000)
            message.plan = [PlannedStep(FALL_BACK, None, due, ())]
            return None
        if message.extra.pop("is_waiting", False):
            message.plan.clear()
            words = words_of(message)
            code = words.code(30003)
            return PlannedStep(words.undelivered, code, now, step.callbacks)
        message.extra["is_waiting"] = True
        step.due = now + int(self.behaviour.delay("offline") * 1000)
        message.plan.insert(0, step)
        return None

    def _fall_back(self, message: Message, now: int) -> PlannedStep | None:
        """By text from now on: sent and delivered anew."""
        if code := self._rcs.take_fallback(message, now):
            words = words_of(message)
            return PlannedStep(words.failed, words.code(code), now, (0.0,))
        scenario = scenario_named(message.scenario)
        if message.is_telnyx:
            scenario = at_telnyx(scenario)
        fault = self.behaviour.callback_fault(message.account)
        steps = self._plan(message, scenario, fault, now)
        message.plan = [step for step in steps if step.status not in _BEFORE_SENT]
        if scenario.rcs is Rcs.LATE:
            last = message.plan[-1]
            due = last.due + LATE_MS
            message.plan.append(PlannedStep(LATE, None, due, last.callbacks))
        return None

    def wake_handset(self, account: str, number: str) -> None:
        """The handset is in reach again: deliver what waits for it, in order."""
        waiting = [
            message
            for message in self._underway.values()
            if message.account == account
            and message.extra.get("is_waiting")
            and message.to.rpartition(":")[2] == number
        ]
        for message in sorted(waiting, key=lambda message: message.seq):
            self._timers[message.sid].cancel()
            del message.extra["is_waiting"]
            self._advance(message)

    def mark_read(self, message: Message) -> None:
        """Only of a channel that reports it, once it is delivered."""
        message.plan = [PlannedStep("read", None, clock.now_ms(), (0.0,))]
        self._advance(message)

    def _call_back(self, message: Message, step: PlannedStep, now: int) -> None:
        if message.is_telnyx:
            for callback in callbacks_of(message, step.callbacks, now):
                self._ledger.save_callback(callback)
                self._callbacks.schedule(callback)
            return
        if not message.callback_url or not step.callbacks:
            return
        body = message.callback_form(now)
        token = ids.token()
        for index, wait in enumerate(step.callbacks):
            callback = Callback(
                id=f"{token}/{index}" if index else token,
                message=message.seq,
                account=message.account,
                status=step.status,
                url=message.callback_url,
                body=body,
                is_badly_signed=message.is_badly_signed,
                due=now + int(wait * 1000),
            )
            self._ledger.save_callback(callback)
            self._callbacks.schedule(callback)


def is_complete(message: Message) -> bool:
    return message.status in FINAL

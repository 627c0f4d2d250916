"""What a phone writes to a number or agent at Telnyx: kept, heard, told."""

import time
from typing import Any

from destinations.simulator import clock, ids, segments
from destinations.simulator.accounts import Account
from destinations.simulator.callbacks import CallbackSender
from destinations.simulator.draft import Draft
from destinations.simulator.ledger import Ledger
from destinations.simulator.lifecycle import Lifecycle
from destinations.simulator.message import Message
from destinations.simulator.phone import Written
from destinations.simulator.rules import Rules
from destinations.simulator.scenarios import DELIVERED, failed, scenario_for
from destinations.simulator.telnyx import rcs_inbound
from destinations.simulator.telnyx.events import callbacks_of
from destinations.simulator.telnyx.profiles import agent_fields, organization_id

MEDIA = "/telnyx-media/"  # where what phones sent can be fetched
Json = dict[str, Any]


class TelnyxInbound:
    def __init__(
        self,
        ledger: Ledger,
        rules: Rules,
        lifecycle: Lifecycle,
        callbacks: CallbackSender,
    ) -> None:
        self._ledger = ledger
        self._rules = rules
        self._lifecycle = lifecycle
        self._callbacks = callbacks

    def receive(self, account: Account, written: Written) -> Message:
        """Keep the message, answer STOP, START and HELP, send the webhook."""
        now = clock.now_ms()
        profile = self._rules.profiles.home_of(account, written.to)
        message = self._message(account, written, profile, now)
        self._ledger.add_event(message, now)
        for index, (content_type, data) in enumerate(written.uploads):
            self._ledger.add_upload(message.media_sid(index), content_type, data)
        if profile:
            self._hear(account, message, profile)
        for callback in callbacks_of(message, self._waits(account), now):
            self._ledger.save_callback(callback)
            self._callbacks.schedule(callback)
        self._ledger.save(message)
        return message

    def _waits(self, account: Account) -> tuple[float, ...]:
        fault = self._lifecycle.behaviour.callback_fault(account.sid)
        return self._lifecycle.callback_times((0.0,), fault)

    def _message(
        self, account: Account, written: Written, profile: str | None, now: int
    ) -> Message:
        is_rcs = written.to.startswith("rcs:")
        kind = "RCS" if is_rcs else "MMS" if written.uploads else "SMS"
        message = Message(
            seq=self._ledger.next_seq(),
            sid=ids.token(),
            account=account.sid,
            to=written.to,
            sender=written.sender.rpartition(":")[2],
            service=profile,
            body=written.body or ("" if is_rcs else _place(written)),
            media=[content_type for content_type, _ in written.uploads],
            callback_url=None,
            scenario="inbound",
            received_us=time.time_ns() // 1000,
            created=now,
            updated=now,
            sent=now,
            status="received",
            segments=1 if is_rcs else segments.count(written.body),
            direction="inbound",
            extra={"fields": written.fields} if written.fields else {},
        )
        about = message.extra["telnyx"] = {
            "type": kind,
            "organization": organization_id(account),
            "autoresponse": None,
            "media": _media(message, written),
            **self._urls(account, written.to, profile),
        }
        if is_rcs:
            about["agent"] = agent_fields(account)
            about["body"] = rcs_inbound.body(written, about["media"])
        message.callback_url = next(iter(about["urls"]), None)
        return message

    def _urls(self, account: Account, to: str, profile: str | None) -> Json:
        """An agent has its own; a number has those of its profile."""
        if to.startswith("rcs:"):
            hooks = self._rules.profiles.settings_of(account, to)
        else:
            hooks = self._rules.profiles.get(account, profile) or {}
        names = ("webhook_url", "webhook_failover_url")
        urls = [hooks[name] for name in names if hooks.get(name)]
        return {"urls": urls, "failover": hooks.get(names[1]) or None}

    def _hear(self, account: Account, message: Message, profile: str) -> None:
        sender = message.sender or ""
        heard = self._rules.profile_opt_outs.hear(
            account, profile, message.to, sender, message.body
        )
        message.extra["telnyx"]["autoresponse"] = heard.kind
        if not heard.answer or message.to.startswith("rcs:"):
            return
        about = {"type": "SMS", "urls": [], "organization": organization_id(account)}
        draft = Draft(
            account=account.sid,
            to=sender,
            sender=message.to,
            service=profile,
            body=heard.answer,
            media=(),
            callback_url=None,
            direction="outbound-reply",
            extra={"telnyx": about},
        )
        scenario = scenario_for(sender)
        if not scenario.steps:
            scenario = failed(scenario.refusal) if scenario.refusal else DELIVERED
        self._lifecycle.accept(draft, scenario, received_us=time.time_ns() // 1000)


def _place(written: Written) -> str:
    """A text has no way to share a place but a link."""
    fields = written.fields
    if "Latitude" not in fields:
        return ""
    return f"geo:{fields['Latitude']},{fields['Longitude']}"


def _media(message: Message, written: Written) -> list[Json]:
    return [
        {
            "url": f"{written.base_url}{MEDIA}{message.media_sid(index)}",
            "content_type": content_type,
            "size": len(data),
            "sha256": rcs_inbound.digest(data),
        }
        for index, (content_type, data) in enumerate(written.uploads)
    ]

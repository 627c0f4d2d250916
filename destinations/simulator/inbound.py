"""What a handset writes: kept, heard for STOP, told to the customer's web server."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode, urljoin

from destinations.providers.simulated import MARK
from destinations.simulator import clock, ids, segments, twiml
from destinations.simulator.accounts import Account, Accounts
from destinations.simulator.callback import Callback
from destinations.simulator.courier import Answer, Call, Courier
from destinations.simulator.draft import Draft
from destinations.simulator.inbound_form import inbound_fields
from destinations.simulator.ledger import Ledger
from destinations.simulator.lifecycle import Lifecycle
from destinations.simulator.message import Message
from destinations.simulator.phone import Written
from destinations.simulator.rules import Rules
from destinations.simulator.scenarios import DELIVERED, failed, scenario_for
from destinations.simulator.telnyx.inbound import TelnyxInbound
from destinations.simulator.twiml import BadTwiml, Redirect, Reply

MOST_REDIRECTS = 5
LOOP_REPLIES, LOOP_SECONDS = 15, 30  # source: the provider's page of error 14107


@dataclass(frozen=True, slots=True)
class Hook:
    url: str
    method: str
    fallback_url: str = ""
    fallback_method: str = "POST"


class Inbound:
    def __init__(
        self,
        ledger: Ledger,
        accounts: Accounts,
        rules: Rules,
        lifecycle: Lifecycle,
        courier: Courier,
        telnyx: TelnyxInbound,
    ) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._rules = rules
        self._lifecycle = lifecycle
        self._courier = courier
        self._telnyx = telnyx
        self._tasks: set[asyncio.Task[None]] = set()
        self._replies: dict[tuple[str, str, str], tuple[int, float]] = {}

    @property
    def pending(self) -> int:
        return len(self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def receive(self, account: Account, written: Written) -> Message:
        """Keep the message, answer STOP, START and HELP, and tell the web server."""
        if account.owns_at_telnyx(written.to):
            return self._telnyx.receive(account, written)
        message = self._keep(account, written)
        home = self._rules.services.home_of(account, message.to)
        number = written.sender.rpartition(":")[2]
        kind, answer = self._rules.opt_outs.hear(
            account, message.to, written.sender, written.body
        )
        if home and ":" not in message.to and message.to in home.numbers:
            self._rules.chooser.stick(home, number, message.to)
        if answer:
            reply = Reply(answer)
            self._send(message, reply, "", is_confirmation=True)
        form = inbound_fields(message, written.fields, base_url=written.base_url)
        if kind:
            form["OptOutType"] = kind
        if hook := self._hook(account, message.to):
            task = asyncio.create_task(self._tell(message, hook, form))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return message

    def _keep(self, account: Account, written: Written) -> Message:
        now = clock.now_ms()
        home = self._rules.services.home_of(account, written.to)
        message = Message(
            seq=self._ledger.next_seq(),
            sid=f"{'MM' if written.uploads else 'SM'}{MARK}{ids.hex_digits(24)}",
            account=account.sid,
            to=written.to,
            sender=written.sender,
            service=home.sid if home else None,
            body=written.body,
            media=[content_type for content_type, _ in written.uploads],
            callback_url=None,
            scenario="inbound",
            received_us=now * 1000,
            created=now,
            updated=now,
            sent=now,
            status="received",
            segments=1 if ":" in written.to else segments.count(written.body),
            direction="inbound",
            extra={"fields": written.fields} if written.fields else {},
        )
        for index, (content_type, data) in enumerate(written.uploads):
            self._ledger.add_upload(message.media_sid(index), content_type, data)
        self._ledger.add_event(message, now)
        self._ledger.save(message)
        return message

    def _hook(self, account: Account, to: str) -> Hook | None:
        """The service's own URL, unless it defers to the number's."""
        home = self._rules.services.home_of(account, to)
        if home and not home.settings["use_inbound_webhook_on_number"]:
            given = home.settings
            names = ["inbound_request_url", "inbound_method"]
            names += ["fallback_url", "fallback_method"]
        elif to.startswith("rcs:"):
            given = self._rules.rcs_webhook(account.sid)
            names = ["callback_url", "callback_method"]
            names += ["fallback_url", "fallback_method"]
        else:
            number = to.rpartition(":")[2]
            given = self._rules.store.get(account.sid, "number", number) or {}
            names = ["sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method"]
        url, method, other, other_method = (given.get(name) or "" for name in names)
        return (
            Hook(url, method or "POST", other, other_method or "POST") if url else None
        )

    async def _tell(self, message: Message, hook: Hook, form: dict[str, Any]) -> None:
        await self._ledger.before_telling()
        failure = await self._ask(message, hook.url, hook.method, form)
        if failure and hook.fallback_url:
            more = {"ErrorCode": str(failure), "ErrorUrl": hook.url.partition("#")[0]}
            await self._ask(
                message, hook.fallback_url, hook.fallback_method, form | more
            )

    async def _ask(
        self, message: Message, url: str, method: str, form: dict[str, Any]
    ) -> int | None:
        """Call, and do what the answer says; return the code of what went wrong."""
        for _ in range(MOST_REDIRECTS):
            answer = await self._call(message, url, method, form)
            if answer is None or answer.status >= 400:
                return 11200 if answer else 11205
            try:
                verbs = twiml.read(answer.text, answer.content_type)
            except BadTwiml as error:
                return error.code
            for verb in verbs:
                if isinstance(verb, Redirect):
                    break
                self._send(message, verb, url)
            else:
                return None
            url, method = urljoin(url, verb.url), verb.method
        return 11200

    async def _call(
        self, message: Message, url: str, method: str, form: dict[str, Any]
    ) -> Answer | None:
        token = ids.token()
        body = urlencode(form)
        about = Callback(
            id=token,
            message=message.seq,
            account=message.account,
            status=message.status,
            url=url,
            body=body,
            is_badly_signed=False,
            due=message.created,
        )
        call = Call(
            url=url,
            form=body,
            key=self._accounts.token(message.account),
            token=token,
            method=method,
        )
        return await self._courier.send(call, partial(self._ledger.add_try, about))

    def _send(
        self, about: Message, reply: Reply, base: str, *, is_confirmation: bool = False
    ) -> None:
        """A reply goes the way back, unless it names another one."""
        account = self._accounts.get(about.account)
        to, sender = reply.to or about.sender or "", reply.sender or about.to
        scenario = scenario_for(to)
        if not scenario.steps:
            scenario = DELIVERED
        if not is_confirmation:
            if self._rules.opt_outs.has_blocked(account, sender, to):
                scenario = failed(21610)
            elif self._is_loop(about.account, to, sender):
                scenario = failed(14107)
        callback = urljoin(base, reply.callback_url) if reply.callback_url else None
        draft = Draft(
            account=about.account,
            to=to,
            sender=sender,
            service=about.service,
            body=reply.body,
            media=reply.media,
            callback_url=callback,
            direction="outbound-reply",
        )
        self._lifecycle.accept(draft, scenario, received_us=time.time_ns() // 1000)

    def _is_loop(self, *pair: str) -> bool:
        account, to, sender = pair
        count, last = self._replies.get((account, to, sender), (0, 0.0))
        now = time.monotonic()
        count = count + 1 if now - last < LOOP_SECONDS else 1
        self._replies[account, to, sender] = (count, now)
        return count > LOOP_REPLIES

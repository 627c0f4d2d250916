"""`/v2/messages`: send by number, pool, short code or name; fetch; cancel."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web

from destinations.simulator import clock, faults
from destinations.simulator.accounts import Account
from destinations.simulator.app import json_answer
from destinations.simulator.draft import Draft
from destinations.simulator.ledger import Request
from destinations.simulator.message import Message
from destinations.simulator.messages import message_named
from destinations.simulator.numbers import kind
from destinations.simulator.scenarios import Fault, scenario_for
from destinations.simulator.telnyx import create, media
from destinations.simulator.telnyx.documents import body_of
from destinations.simulator.telnyx.errors import TelnyxError
from destinations.simulator.telnyx.front import account_of, data_answer, parts_of
from destinations.simulator.telnyx.resource import payload
from destinations.simulator.vocabulary import TELNYX, scenario_of_code

CANCEL_UNTIL = timedelta(minutes=1)  # before it is sent
Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_ERRORS: dict[Fault, Exception] = {
    Fault.RATE_LIMITED: TelnyxError(10011),
    Fault.UNAVAILABLE: TelnyxError(10037),
    Fault.ERROR_BEFORE: TelnyxError(10007),
}
# Which senders each of the narrower operations takes.
KINDS = {
    "CreateLongCodeMessage": {"long", "toll_free"},
    "CreateShortCodeMessage": {"short"},
    "SendAlphanumericSenderIdMessage": {"name"},
}


def sending(operation: str) -> Handler:
    """The handler of one of the operations that send an SMS or MMS."""

    async def send(request: web.Request) -> web.StreamResponse:
        async def drafted(account: Account) -> Draft:
            body = await body_of(request, operation)
            note_recipient(request, body)
            _check_sender(operation, body)
            draft = create.check(body, account, parts_of(request).rules)
            if draft.media:
                courier = parts_of(request).telnyx
                facts = await media.fetch(courier, draft.media, account)
                draft.extra["telnyx"]["media"] = facts
            return draft

        return await accept(request, drafted)

    return send


def note_recipient(request: web.Request, body: Json) -> None:
    request["recipient"] = str(body.get("to", ""))


def _check_sender(operation: str, body: Json) -> None:
    wanted, sender = KINDS.get(operation), str(body.get("from", ""))
    if wanted and kind(sender) not in wanted:
        raise TelnyxError(40305, where="/from")


def _shown(message: Message) -> web.Response:
    return data_answer(payload(message))


async def accept(
    request: web.Request,
    drafted: Callable[[Account], Awaitable[Draft]],
    shown: Callable[[Message], web.Response] = _shown,
) -> web.StreamResponse:
    """Check, accept and answer, with the faults that strike; all in the ledger."""
    account, parts = account_of(request), parts_of(request)
    record = Request(time.time_ns() // 1000, account.sid)
    try:
        message = await _accepted(request, await drafted(account), record)
    except TelnyxError as error:
        record.http_status, record.code = error.status, error.code
        raise
    except web.HTTPException as error:
        record.http_status = error.status
        raise
    finally:
        record.to = request.get("recipient")
        parts.ledger.add_request(record)
    await parts.ledger.before_telling()
    if message is None:
        return web.Response()  # nobody hears it: the connection is gone
    answer = shown(message)
    return await faults.answer_with(request, answer, record.fault, TelnyxError(10007))


async def _accepted(
    request: web.Request, draft: Draft, record: Request
) -> Message | None:
    """Return None when the connection was reset instead."""
    parts = parts_of(request)
    scenario = scenario_of_code(draft.to) or scenario_for(draft.to)
    if scenario.refusal:
        code = TELNYX.code(scenario.refusal) or scenario.refusal
        raise create.refusal(code, draft)
    fault = faults.fault_of(parts, draft.account, draft.to, scenario)
    record.fault = fault
    if fault and not fault.is_after_acceptance:
        faults.refuse(request, fault, _ERRORS)
        return None
    message = parts.lifecycle.accept(draft, scenario, received_us=record.received_us)
    record.sid = message.sid
    record.http_status = faults.UNTRUE.get(fault, 200) if fault else 200
    return message


async def fetch_message(request: web.Request) -> web.Response:
    return data_answer(payload(await _named(request)))


async def cancel_message(request: web.Request) -> web.Response:
    """Answered without the usual envelope, as documented."""
    message = await _named(request)
    latest = (
        message.plan[0].due - CANCEL_UNTIL / timedelta(milliseconds=1)
        if (message.plan)
        else 0
    )
    if message.status != "scheduled" or clock.now_ms() > latest:
        detail = "Only a scheduled message can be cancelled, a minute ahead."
        raise TelnyxError(10015, detail)
    parts_of(request).lifecycle.cancel(message)
    return json_answer(payload(message))


async def _named(request: web.Request) -> Message:
    sid, account = request.match_info["id"], account_of(request)
    message = await message_named(parts_of(request), sid, account.sid)
    if message is None or not message.is_telnyx:
        raise TelnyxError(10005)
    return message

"""`Messages.json` and `Messages/{Sid}.json`: create, fetch, list, change, delete."""

import sqlite3
import time
from dataclasses import replace

from aiohttp import web

from destinations.simulator import create, documents, faults, links
from destinations.simulator.app import (
    PARTS,
    Parts,
    authenticate,
    form_of,
    json_answer,
)
from destinations.simulator.errors import ApiError
from destinations.simulator.ledger import Request, message_of
from destinations.simulator.lifecycle import is_complete
from destinations.simulator.listing import FILTERS, list_messages
from destinations.simulator.message import Message
from destinations.simulator.paging import page_of
from destinations.simulator.scenarios import Fault, Lack, failed, scenario_for

NO_MMS = 30011
_ERRORS: dict[Fault, Exception] = {
    Fault.RATE_LIMITED: ApiError(20429, retry_after=1),
    Fault.UNAVAILABLE: ApiError(20503),
    Fault.ERROR_BEFORE: ApiError(20500),
}


async def create_message(request: web.Request) -> web.StreamResponse:
    record = Request(time.time_ns() // 1000, request.match_info["account"])
    try:
        message = await _accept(request, record)
    except ApiError as error:
        record.http_status, record.code = error.status, error.code
        raise
    except web.HTTPException as error:
        record.http_status = error.status
        raise
    finally:
        request.app[PARTS].ledger.add_request(record)
    await request.app[PARTS].ledger.before_telling()
    return await _answer(request, message, record.fault)


async def _accept(request: web.Request, record: Request) -> Message | None:
    """Return None when the connection was reset instead."""
    parts = request.app[PARTS]
    account = authenticate(request, what="send")
    form = await form_of(request)
    record.to = form.get("To", [""])[0]
    draft = create.check(form, account, parts.rules)
    base = f"{request.scheme}://{request.host}"
    if draft.service and form.get("ShortenUrls", [""])[0].lower() == "true":
        draft = replace(draft, body=links.shorten(draft.body, base, parts.rules.store))
    scenario = scenario_for(draft.to)
    if draft.media and scenario.lack is Lack.MMS and ":" not in draft.to:
        service = parts.rules.services.get(account, draft.service or "")
        if service and service.settings["mms_converter"]:
            body = links.with_media(draft.body, draft.media, base, parts.rules.store)
            draft = replace(draft, body=body, media=())
        else:
            scenario = failed(NO_MMS)
    if scenario.refusal:
        raise ApiError(scenario.refusal)
    fault = faults.fault_of(parts, account.sid, draft.to, scenario)
    record.fault = fault
    if fault and not fault.is_after_acceptance:
        faults.refuse(request, fault, _ERRORS)
        return None
    message = parts.lifecycle.accept(draft, scenario, received_us=record.received_us)
    record.sid = message.sid
    record.http_status = faults.UNTRUE.get(fault, 201) if fault else 201
    return message


async def _answer(
    request: web.Request, message: Message | None, fault: str | None
) -> web.Response:
    if message is None:
        return web.Response()  # nobody hears it: the connection is gone
    answer = json_answer(message.resource(), 201)
    return await faults.answer_with(request, answer, fault, ApiError(20500))


async def fetch_message(request: web.Request) -> web.Response:
    authenticate(request, what="read")
    return json_answer((await find_message(request)).resource())


async def show_messages(request: web.Request) -> web.Response:
    account = authenticate(request, what="read")
    page = page_of(request, FILTERS)
    ledger = request.app[PARTS].ledger
    ledger.add_listing(time.time_ns() // 1000, account.sid, page)
    return json_answer(await list_messages(ledger, account, page))


async def update_message(request: web.Request) -> web.Response:
    """Redact (empty Body) or cancel (Status=canceled)."""
    parts = request.app[PARTS]
    authenticate(request, what="send")
    message = await find_message(request)
    form = await form_of(request)
    documents.typed(form, "UpdateMessage")
    if form.get("Status") == ["canceled"]:
        if message.status != "scheduled":
            raise ApiError(20409)
        parts.lifecycle.cancel(message)
    elif form.get("Body") == [""]:
        if not is_complete(message):
            raise ApiError(20009)
        message.body = ""
        parts.ledger.save(message)
    else:
        raise ApiError(20001, "Only an empty Body or Status=canceled can be posted")
    return json_answer(message.resource())


async def delete_message(request: web.Request) -> web.Response:
    authenticate(request, what="send")
    message = await find_message(request)
    if not is_complete(message):
        raise ApiError(20009)
    message.is_deleted = True
    request.app[PARTS].ledger.save(message)
    return web.Response(status=204)


async def find_message(request: web.Request) -> Message:
    sid, account = request.match_info["sid"], request.match_info["account"]
    message = await message_named(request.app[PARTS], sid, account)
    if message is None or message.is_telnyx:
        path = request.path
        raise ApiError(20404, f"The requested resource {path} was not found")
    return message


async def message_named(parts: Parts, sid: str, account: str) -> Message | None:
    message = parts.lifecycle.find(sid)
    if message is None:
        message = await parts.ledger.read(lambda ledger: _stored(ledger, sid))
    if message is None or message.is_deleted or message.account != account:
        return None
    return message


def _stored(ledger: sqlite3.Connection, sid: str) -> Message | None:
    row = ledger.execute("SELECT * FROM message WHERE sid = ?", [sid]).fetchone()
    return message_of(row) if row else None

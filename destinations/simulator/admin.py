"""`/_simulator/`: what happened, and switches for what shall happen."""

import hmac
import json
import sqlite3
from typing import Any

from aiohttp import web

from destinations.simulator import behaviour
from destinations.simulator.app import PARTS, json_answer
from destinations.simulator.errors import ApiError
from destinations.simulator.ledger import message_of
from destinations.simulator.message import Message

MAX_ROWS = 10_000
Json = dict[str, Any]


def problem(status: int, sentence: str) -> web.Response:
    return json_answer({"error": sentence}, status)


def is_operator(request: web.Request) -> bool:
    expected = f"Bearer {request.app[PARTS].secret}".encode()
    given = request.headers.get("Authorization", "").encode()
    return hmac.compare_digest(expected, given)


async def show_health(request: web.Request) -> web.Response:
    parts = request.app[PARTS]
    fields = {
        "status": "ok",
        "messages_underway": parts.lifecycle.pending,
        "callbacks_underway": parts.callbacks.pending + parts.inbound.pending,
    }
    return json_answer(fields)


async def show_ledger(request: web.Request) -> web.Response:
    return await _show(request, "messages", _messages)


async def show_requests(request: web.Request) -> web.Response:
    return await _show(request, "requests", _requests)


async def show_listings(request: web.Request) -> web.Response:
    return await _show(request, "listings", _listings)


async def _show(request: web.Request, key: str, query: Any) -> web.Response:
    account = request.query.get("account", "")
    if not is_operator(request):
        try:
            user = request.app[PARTS].accounts.user(
                request.headers.get("Authorization", "")
            )
        except ApiError:
            return problem(401, "not the simulator's secret, nor an account's own")
        if account not in {"", user} or not user.startswith("AC"):
            return problem(403, "an account sees its own rows only")
        account = user
    try:
        numbers = {
            name: int(request.query[name])
            for name in ("since", "after", "limit")
            if name in request.query
        }
    except ValueError:
        return problem(400, "since, after and limit are whole numbers")
    filters = {"account": account, "to": request.query.get("to", ""), **numbers}
    rows = await request.app[PARTS].ledger.read(lambda ledger: query(ledger, filters))
    return json_answer({key: rows})


def _select(ledger: sqlite3.Connection, table: str, key: str, filters: Json) -> Any:
    """The last `limit` rows, or with `after` the first ones behind that key."""
    where, values = ["1"], []
    conditions = {
        "account": "account = ?",
        "to": "recipient = ?",
        "since": "received_us >= ? * 1000",
        "after": f"{key} > ?",
    }
    for name, condition in conditions.items():
        if filters.get(name, "") != "":
            where.append(condition)
            values.append(filters[name])
    limit = max(0, min(filters.get("limit", 100), MAX_ROWS))
    order = "ASC" if "after" in filters else "DESC"
    rows = ledger.execute(
        f"SELECT * FROM {table} WHERE {' AND '.join(where)}"  # noqa: S608
        f" ORDER BY {key} {order} LIMIT ?",
        [*values, limit],
    ).fetchall()
    return rows if "after" in filters else rows[::-1]


def _messages(ledger: sqlite3.Connection, filters: Json) -> list[Json]:
    rows = _select(ledger, "message", "seq", filters)
    shown = {row["seq"]: message_fields(message_of(row)) for row in rows}
    seqs = json.dumps(list(shown))
    of_these = "WHERE message IN (SELECT value FROM json_each(?)) ORDER BY rowid"
    for row in ledger.execute(f"SELECT * FROM event {of_these}", [seqs]):  # noqa: S608
        fields = {key: row[key] for key in ("status", "error_code", "at")}
        shown[row["message"]]["statuses"].append(fields)
    tries = f"SELECT * FROM callback_try {of_these}"  # noqa: S608
    for row in ledger.execute(tries, [seqs]):
        keys = ("status", "number", "at", "http_status", "error")
        shown[row["message"]]["callbacks"].append({key: row[key] for key in keys})
    return list(shown.values())


def message_fields(message: Message) -> Json:
    return {
        "seq": message.seq,
        "sid": message.sid,
        "provider": "telnyx" if message.is_telnyx else "twilio",
        "account": message.account,
        "to": message.to,
        "from": message.sender,
        "direction": message.direction,
        "messaging_service_sid": message.service,
        "body": message.body,
        "media": message.media,
        "fields": message.extra.get("fields", {}),
        "rich": message.extra.get("rich") if message.is_rcs else None,
        "fell_back": "fell_back_at" in message.extra,
        "scenario": message.scenario,
        "status": message.status,
        "error_code": message.error_code,
        "segments": message.segments,
        "received_at": message.received_us / 1000,
        "accepted_at": message.created,
        "callback_url": message.callback_url,
        "is_deleted": message.is_deleted,
        "statuses": [],
        "callbacks": [],
    }


def _requests(ledger: sqlite3.Connection, filters: Json) -> list[Json]:
    keys = ("id", "account", "http_status", "code", "fault", "sid")
    return [
        {
            **{key: row[key] for key in keys},
            "to": row["recipient"],
            "received_at": row["received_us"] / 1000,
        }
        for row in _select(ledger, "request", "id", filters)
    ]


def _listings(ledger: sqlite3.Connection, filters: Json) -> list[Json]:
    keys = ("id", "account", "page_size", "page")
    return [
        {
            **{key: row[key] for key in keys},
            "to": row["recipient"],
            "received_at": row["received_us"] / 1000,
        }
        for row in _select(ledger, "listing", "id", filters)
    ]


async def set_faults(request: web.Request) -> web.Response:
    lifecycle = request.app[PARTS].lifecycle
    if not is_operator(request):
        return problem(401, "not the simulator's secret")
    try:
        lifecycle.behaviour = behaviour.parse(await object_of(request))
    except ValueError as error:
        return problem(400, str(error))
    return json_answer(lifecycle.behaviour.settings())


async def clear_faults(request: web.Request) -> web.Response:
    if not is_operator(request):
        return problem(401, "not the simulator's secret")
    request.app[PARTS].lifecycle.behaviour = behaviour.Behaviour()
    return web.Response(status=204)


async def object_of(request: web.Request) -> Json:
    value = await request.json()  # its error is a ValueError
    if not isinstance(value, dict):
        raise ValueError("the body is not a JSON object")
    return value

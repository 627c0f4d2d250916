"""
The simulator's memory on disk: SQLite in WAL mode, written in groups.

Whatever changed is committed every 20 ms by one thread; a request is answered once
its message is in memory and in the queue of the next group, not after the commit.
A kill -9 can therefore forget what was accepted in its last 20 ms; SIGTERM flushes.
A durable ledger commits before anybody is told.
Reads flush first, so they see everything that was answered.
"""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from destinations.simulator import schema
from destinations.simulator.accounts import Account
from destinations.simulator.callback import Callback, Try
from destinations.simulator.message import Message, PlannedStep
from destinations.simulator.paging import Page

T = TypeVar("T")
Row = tuple[object, ...]
GROUP_SECONDS = 0.02


@dataclass(slots=True)
class Request:
    """A create request and its outcome; no status when no answer was given."""

    received_us: int
    account: str
    to: str | None = None
    http_status: int | None = None
    code: int | None = None
    fault: str | None = None
    sid: str | None = None


# Columns are in the order of the fields, so a row is what the getter returns.
_message_fields = attrgetter(*Message.__slots__)
_callback_fields = attrgetter(*Callback.__slots__)
_request_fields = attrgetter(*Request.__slots__)
_MEDIA = Message.__slots__.index("media")
_PLAN = Message.__slots__.index("plan")
_EXTRA = Message.__slots__.index("extra")
Group = list[tuple[str, list[Row]]]


class Ledger:
    def __init__(self, path: Path, *, is_durable: bool = False) -> None:
        self._is_durable = is_durable
        self._writer = _connect(path)
        schema.prepare(self._writer)
        self._reader = _connect(path)
        self._reader.row_factory = sqlite3.Row
        self._write_thread = ThreadPoolExecutor(1, "ledger-write")
        self._read_thread = ThreadPoolExecutor(1, "ledger-read")
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._messages: dict[int, Message] = {}
        self._callbacks: dict[str, Callback] = {}
        self._events: list[Row] = []
        self._tries: list[Row] = []
        self._requests: list[Row] = []
        self._listings: list[Row] = []
        self._things: dict[tuple[str, str, str], Any] = {}
        self._uploads: list[Row] = []
        self._unwritten: Group = []
        (last,) = self._writer.execute("SELECT max(seq) FROM message").fetchone()
        self._seq: int = last or 0

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def save(self, message: Message) -> None:
        self._messages[message.seq] = message
        self._wake()

    def add_event(self, message: Message, at: int) -> None:
        row = (message.seq, message.status, message.error_code, at)
        self._events.append(row)
        self._wake()

    def save_callback(self, callback: Callback) -> None:
        self._callbacks[callback.id] = callback
        self._wake()

    def add_try(self, callback: Callback, attempt: Try) -> None:
        about = (callback.id, callback.message, callback.status, attempt.number)
        self._tries.append((*about, attempt.at, attempt.http_status, attempt.error))
        self._wake()

    def add_request(self, request: Request) -> None:
        self._requests.append(_request_fields(request))
        self._wake()

    def add_listing(self, received_us: int, account: str, page: Page) -> None:
        """A page of the list of messages that was asked for."""
        to = dict(page.filters).get("To", "")
        self._listings.append((received_us, account, to, page.size, page.index))
        self._wake()

    def save_thing(self, account: str, kind: str, name: str, fields: Any) -> None:
        """None forgets it."""
        self._things[account, kind, name] = fields
        self._wake()

    def add_upload(self, sid: str, content_type: str, data: bytes) -> None:
        self._uploads.append((sid, content_type, data))
        self._wake()

    def things(self) -> list[tuple[str, str, str, Any]]:
        rows = self._writer.execute("SELECT * FROM thing WHERE fields IS NOT NULL")
        return [(*names, json.loads(fields)) for *names, fields in rows]

    async def put_account(self, account: Account) -> None:
        row = (account.sid, json.dumps(account.settings()))
        await self._write([("INSERT OR REPLACE INTO account VALUES (?,?)", [row])])

    def accounts(self) -> list[Account]:
        rows = self._writer.execute("SELECT settings FROM account").fetchall()
        settings = [json.loads(text) for (text,) in rows]
        return [Account(row.pop("sid")).changed(row) for row in settings]

    def underway(self) -> list[Message]:
        sql = "SELECT * FROM message WHERE plan <> '[]' ORDER BY seq"
        return [message_of(row) for row in self._writer.execute(sql)]

    def undone_callbacks(self) -> list[Callback]:
        sql = "SELECT * FROM callback WHERE is_done = 0 ORDER BY due"
        rows = self._writer.execute(sql).fetchall()
        names = Callback.__slots__
        return [Callback(**dict(zip(names, row, strict=True))) for row in rows]

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        await self.flush()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._read_thread, query, self._reader)

    async def before_telling(self) -> None:
        """Return when a kill could not make us forget what we are about to say."""
        if self._is_durable:
            await self.flush()

    def _wake(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(GROUP_SECONDS, self._start_flush)

    def _start_flush(self) -> None:
        self._flushing = asyncio.create_task(self.flush())

    async def flush(self) -> None:
        async with self._lock:  # a second caller waits for the group underway
            if self._timer:
                self._timer.cancel()
            self._timer = None
            group = self._unwritten + self._take()
            if group:
                self._unwritten = group  # kept for the next try if the disk is full
                await self._write(group)
                self._unwritten = []

    def _take(self) -> Group:
        group = [
            (schema.PUT_MESSAGE, [row_of(m) for m in self._messages.values()]),
            (schema.PUT_EVENT, self._events),
            (
                schema.PUT_CALLBACK,
                [_callback_fields(c) for c in self._callbacks.values()],
            ),
            (schema.PUT_TRY, self._tries),
            (schema.PUT_REQUEST, self._requests),
            (schema.PUT_LISTING, self._listings),
            (schema.PUT_UPLOAD, self._uploads),
            (
                schema.PUT_THING,
                [_row_of_thing(*thing) for thing in self._things.items()],
            ),
        ]
        if None in self._things.values():
            group.append((schema.DROP_THINGS, [()]))
        self._messages, self._callbacks = {}, {}
        self._events, self._tries = [], []
        self._requests, self._listings = [], []
        self._things, self._uploads = {}, []
        return [(sql, rows) for sql, rows in group if rows]

    async def _write(self, group: Group) -> None:
        def commit() -> None:
            with self._writer:
                for sql, rows in group:
                    self._writer.executemany(sql, rows)

        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._write_thread, commit)

    async def close(self) -> None:
        await self.flush()
        self._write_thread.shutdown()
        self._read_thread.shutdown()
        self._reader.close()
        self._writer.close()


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -2000")
    return connection


def row_of(message: Message) -> Row:
    values = list(_message_fields(message))
    values[_MEDIA] = json.dumps(message.media) if message.media else "[]"
    values[_PLAN] = "[]"
    if message.plan:
        steps = [[s.status, s.error_code, s.due, s.callbacks] for s in message.plan]
        values[_PLAN] = json.dumps(steps)
    values[_EXTRA] = json.dumps(message.extra) if message.extra else "{}"
    return tuple(values)


def _row_of_thing(names: tuple[str, str, str], fields: Any) -> Row:
    return (*names, None if fields is None else json.dumps(fields))


def message_of(row: sqlite3.Row | Row) -> Message:
    """The inverse of `row_of`."""
    values: dict[str, Any] = dict(zip(Message.__slots__, tuple(row), strict=True))
    values["media"] = json.loads(values["media"])
    values["plan"] = [
        PlannedStep(status, code, due, tuple(callbacks))
        for status, code, due, callbacks in json.loads(values["plan"])
    ]
    values["extra"] = json.loads(values["extra"])
    values["is_badly_signed"] = bool(values["is_badly_signed"])
    values["is_deleted"] = bool(values["is_deleted"])
    return Message(**values)

"""Lists of messages: newest first, filtered, by key."""

import sqlite3
from datetime import timedelta
from typing import Any

from destinations.simulator import clock
from destinations.simulator.accounts import Account
from destinations.simulator.errors import ApiError
from destinations.simulator.ledger import Ledger, message_of
from destinations.simulator.message import Message
from destinations.simulator.paging import Page

FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_DAY_MS = 86_400_000


async def list_messages(ledger: Ledger, account: Account, page: Page) -> dict[str, Any]:
    where, values = _conditions(account, page)

    def query(connection: sqlite3.Connection) -> list[Message]:
        rows = connection.execute(
            f"SELECT * FROM message WHERE {' AND '.join(where)}"  # noqa: S608
            f" ORDER BY seq {'ASC' if page.before else 'DESC'} LIMIT ?",
            [*values, page.size + 1],
        )
        return [message_of(row) for row in rows]

    found = await ledger.read(query)
    messages = found[: page.size]
    if page.before:
        messages.reverse()
    resources = [message.resource() for message in messages]
    return page.show("messages", resources, has_more=len(found) > page.size)


def _conditions(account: Account, page: Page) -> tuple[list[str], list[object]]:
    where = ["account = ?", "is_deleted = 0", "length(sid) = 34"]  # no UUIDs
    values: list[object] = [account.sid]
    for name, value in page.filters:
        condition, operands = _condition(name, value)
        where.append(condition)
        values += operands
    named_row = "(SELECT seq FROM message WHERE sid = ?)"
    if page.after or page.before:
        where.append(f"seq {'<' if page.after else '>'} {named_row}")
        values.append(page.after or page.before)
    return where, values


def _condition(name: str, value: str) -> tuple[str, list[object]]:
    """
    Both bounds include their day or second; what was not sent yet never matches.

    Plain `DateSent` means that day in GMT even with a time, since the provider's
    library turns a date into its midnight.
    """
    if name == "To":
        return "recipient = ?", [value]
    if name == "From":
        return "sender = ?", [value]
    try:
        moment, is_day = clock.parse(value)
    except ValueError as error:
        raise ApiError(20001, f"{name} is not a date") from error
    after = clock.to_ms(moment)
    before = clock.to_ms(moment + (_DAY if is_day else _SECOND))
    if name == "DateSent>":
        return "sent >= ?", [after]
    if name == "DateSent<":
        return "sent < ?", [before]
    day = clock.to_ms(moment.replace(hour=0, minute=0, second=0, microsecond=0))
    return "sent >= ? AND sent < ?", [day, day + _DAY_MS]

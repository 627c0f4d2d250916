"""Keyset paging over time-ordered ids: page 40,000 costs what page 1 costs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[T]):
    """
    Rows, newest first; `older` and `newer` are cursors, or empty at an end.

    `ended_at` is the row that a search went as far as, if there are rows beyond it.
    """

    rows: list[T]
    older: str = ""
    newer: str = ""
    ended_at: UUID | None = None

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def keyset_page(
    queryset: QuerySet[M, Any],
    *,
    after: str | None = None,
    before: str | None = None,
    size: int = 50,
    by: Sequence[str] = ("id",),
    parts: Sequence[Q] = (),
    read: Callable[[QuerySet[M, Any]], list[M]] = list,
) -> KeysetPage[M]:
    """
    One page, newest first.

    Args:
        after: the cursor of `?after=`: rows older than it. A cursor that cannot be
            read is taken as none, since links get cut off in mails and chats.
        before: the cursor of `?before=`: rows newer than it.
        by: columns whose order is that of the page. The last one is a unique UUIDv7, so
            that its order is that of time; those before it are the same in all rows.
        parts: conditions that exclude each other, such as states: a page of all that
            meets one of them. Each is looked up apart, in an index of its own.
        read: how the rows are read, such as by a prepared statement.
    """
    older_than, newer_than = _cursor(after), _cursor(before)
    field = by[-1]
    if newer_than and not older_than:
        newer = queryset.filter(**{f"{field}__gt": newer_than})
        found = read(_merged(newer, parts, by, size + 1))
        has_newer, has_older = len(found) > size, True
        rows = found[:size][::-1]
    else:
        if older_than:
            queryset = queryset.filter(**{f"{field}__lt": older_than})
        newest_first = [f"-{column}" for column in by]
        found = read(_merged(queryset, parts, newest_first, size + 1))
        has_newer, has_older = older_than is not None, len(found) > size
        rows = found[:size]
    return KeysetPage(
        rows,
        older=str(getattr(rows[-1], field)) if rows and has_older else "",
        newer=str(getattr(rows[0], field)) if rows and has_newer else "",
    )


def searched_page(
    queryset: QuerySet[M, Any],
    wanted: Q,
    *,
    after: str | None = None,
    before: str | None = None,
    most: int,
    size: int = 50,
    by: Sequence[str] = ("id",),
    parts: Sequence[Q] = (),
    read: Callable[[QuerySet[M, Any]], list[M]] = list,
) -> KeysetPage[M]:
    """
    A page of what is `wanted`, which no index tells: rows must be looked through.

    No more than `most` of them are, from the cursor on. Even from a page without rows
    the cursors lead on to those beyond, and back.
    """
    field, older_than, newer_than = by[-1], _cursor(after), _cursor(before)
    is_back = newer_than is not None and older_than is None
    start = newer_than if is_back else older_than
    rows, found = queryset, queryset.filter(wanted)
    if start:
        rows = rows.filter(**{f"{field}__{'gt' if is_back else 'lt'}": start})
    order = by if is_back else [f"-{column}" for column in by]
    last = read(_merged(rows.only(*by), parts, order, most + 1)[most - 1 :])
    end: UUID | None = getattr(last[0], field) if len(last) > 1 else None
    if end:
        found = found.filter(**{f"{field}__{'lte' if is_back else 'gte'}": end})
    page = keyset_page(
        found, after=after, before=before, size=size, by=by, parts=parts, read=read
    )
    on = page.newer if is_back else page.older
    onward = {"on": on or str(end or ""), "back": _including(start, is_back)}
    older, newer = ("back", "on") if is_back else ("on", "back")
    return replace(
        page,
        older=page.older or onward[older],
        newer=page.newer or onward[newer],
        ended_at=None if on else end,
    )


def page_of(
    order: Sequence[UUID],
    *,
    after: str | None = None,
    before: str | None = None,
    size: int = 25,
) -> KeysetPage[UUID]:
    """
    One page of a list in an order of its own, such as by name.

    For what people make one by one: of that all ids can be read.
    """
    begin, first, last = 0, _cursor(after), _cursor(before)
    if first in order:
        begin = order.index(first) + 1
    elif last in order:
        begin = max(order.index(last) - size, 0)
    rows = list(order[begin : begin + size])
    is_end = begin + len(rows) >= len(order)
    return KeysetPage(
        rows,
        older="" if is_end else str(rows[-1]),
        newer=str(rows[0]) if rows and begin else "",
    )


def _including(start: UUID | None, is_back: bool) -> str:
    """The cursor of the other direction that meets the row at `start`, too."""
    return str(UUID(int=start.int + (1 if is_back else -1))) if start else ""


def _merged(
    queryset: QuerySet[M, Any], parts: Sequence[Q], order: Sequence[str], most: int
) -> QuerySet[M, Any]:
    """The first `most` rows; of several parts, the first of what each one has."""
    if len(parts) < 2:
        return queryset.filter(*parts).order_by(*order)[:most]
    first, *more = (queryset.filter(part).order_by(*order)[:most] for part in parts)
    return first.union(*more, all=True).order_by(*order)[:most]


def _cursor(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

"""Keyset paging over time-ordered ids: page 40,000 costs what page 1 costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[M]):
    """Rows, newest first; `older` and `newer` are cursors, or empty at an end."""

    rows: list[M]
    older: str = ""
    newer: str = ""

    def __iter__(self) -> Iterator[M]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def keyset_page(
    queryset: QuerySet[M, Any],
    *,
    after: str | None = None,
    before: str | None = None,
    size: int = 50,
    field: str = "id",
    parts: Sequence[Q] = (),
) -> KeysetPage[M]:
    """
    One page, newest first.

    Args:
        after: the cursor of `?after=`: rows older than it. A cursor that cannot be
            read is taken as none, since links get cut off in mails and chats.
        before: the cursor of `?before=`: rows newer than it.
        field: a unique UUIDv7 column; its order is the order of time.
        parts: conditions that exclude each other, such as states: a page of all that
            meets one of them. Each is looked up apart, in an index of its own.
    """
    older_than, newer_than = _cursor(after), _cursor(before)
    if newer_than and not older_than:
        newer = queryset.filter(**{f"{field}__gt": newer_than})
        found = _merged(newer, parts, field, size + 1)
        has_newer, has_older = len(found) > size, True
        rows = found[:size][::-1]
    else:
        if older_than:
            queryset = queryset.filter(**{f"{field}__lt": older_than})
        found = _merged(queryset, parts, f"-{field}", size + 1)
        has_newer, has_older = older_than is not None, len(found) > size
        rows = found[:size]
    return KeysetPage(
        rows,
        older=str(getattr(rows[-1], field)) if rows and has_older else "",
        newer=str(getattr(rows[0], field)) if rows and has_newer else "",
    )


def _merged(
    queryset: QuerySet[M, Any], parts: Sequence[Q], order: str, most: int
) -> list[M]:
    """The first `most` rows; of several parts, the first of what each one has."""
    if len(parts) < 2:
        return list(queryset.filter(*parts).order_by(order)[:most])
    field = order.removeprefix("-")
    keys = [
        queryset.filter(part).order_by(order).values_list(field)[:most]
        for part in parts
    ]
    found = keys[0].union(*keys[1:], all=True).order_by(order)[:most]
    wanted = [key for (key,) in found]
    return list(queryset.filter(**{f"{field}__in": wanted}).order_by(order))


def _cursor(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

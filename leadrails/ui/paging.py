"""Keyset paging over time-ordered ids: page 40,000 costs what page 1 costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

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
) -> KeysetPage[M]:
    """
    One page, newest first.

    Args:
        after: the cursor of `?after=`: rows older than it. A cursor that cannot be
            read is taken as none, since links get cut off in mails and chats.
        before: the cursor of `?before=`: rows newer than it.
        field: a unique UUIDv7 column; its order is the order of time.
    """
    older_than, newer_than = _cursor(after), _cursor(before)
    if newer_than and not older_than:
        found = list(
            queryset.filter(**{f"{field}__gt": newer_than}).order_by(field)[: size + 1]
        )
        has_newer, has_older = len(found) > size, True
        rows = found[:size][::-1]
    else:
        if older_than:
            queryset = queryset.filter(**{f"{field}__lt": older_than})
        found = list(queryset.order_by(f"-{field}")[: size + 1])
        has_newer, has_older = older_than is not None, len(found) > size
        rows = found[:size]
    return KeysetPage(
        rows,
        older=str(getattr(rows[-1], field)) if rows and has_older else "",
        newer=str(getattr(rows[0], field)) if rows and has_newer else "",
    )


def _cursor(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None

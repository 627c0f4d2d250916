"""Lists of suppressed numbers: taken in and given out as CSV."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from leadrails.contacts.models import Suppression, SuppressionQuerySet
from leadrails.core import phone
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User

MOST_LINES = 50_000
SHOWN = 10  # of the lines that could not be read
CHUNK = 1_000
HEADINGS = ("phone", "number", "phone_number", "phone number", "mobile", "telephone")
COLUMNS = ("phone", "reason", "note", "source", "since", "until", "lifted_because")


class TooLong(ValueError):
    """The list has more lines than one import takes."""


@dataclass(slots=True)
class Imported:
    """What became of a list: `bad` are the first lines that hold no number."""

    added: int = 0
    known: int = 0
    lifted: int = 0
    bad_count: int = 0
    bad: list[tuple[int, str, str]] = field(default_factory=list)


def import_numbers(tenant: Tenant, text: str, *, actor: User) -> Imported:
    """
    Stop the messages to every number of a list; a second time it adds nothing.

    One number a line, or CSV with a heading that names the column; a second column
    is the note. What a list of ours says was lifted since is left out.

    Raises:
        TooLong: it has more than `MOST_LINES` lines; nothing was added.
    """
    result = Imported()
    notes = dict(_read(text, tenant.country, result))
    wanted = iter(sorted(notes))
    with transaction.atomic():
        while chunk := list(islice(wanted, CHUNK)):
            _add(tenant, {number: notes[number] for number in chunk}, result)
        audit.record(
            tenant,
            actor,
            "suppressions.imported",
            added=result.added,
            known=result.known,
            lifted=result.lifted,
            unreadable=result.bad_count,
        )
    return result


class Columns(NamedTuple):
    """Where things stand in a line; None where they do not."""

    number: int = 0
    note: int | None = 1
    until: int | None = None


def _read(text: str, country: str, result: Imported) -> Iterator[tuple[str, str]]:
    rows = csv.reader(_lines(text), delimiter=_delimiter(text))
    columns = Columns()
    for number, row in enumerate(rows, start=1):
        if number > MOST_LINES:
            raise TooLong(f"the list has more than {MOST_LINES:,} lines")
        if number == 1 and (found := _columns(row)) is not None:
            columns = found
            continue
        if not any(cell.strip() for cell in row):
            continue
        if _cell(row, columns.until):
            result.lifted += 1
            continue
        raw = _cell(row, columns.number)
        read = phone.normalise(raw.lstrip("'"), country)
        if read.e164:
            yield read.e164, _cell(row, columns.note)[:200]
            continue
        result.bad_count += 1
        if len(result.bad) < SHOWN:
            result.bad.append((number, raw[:40], str(read.sentence or "")))


def _cell(row: list[str], place: int | None) -> str:
    return "" if place is None or place >= len(row) else row[place].strip()


def _lines(text: str) -> Iterator[str]:
    return (f"{line}\n" for line in text.replace("\0", "").splitlines())


def _delimiter(text: str) -> str:
    first = text[:500].partition("\n")[0]
    return max(",;\t", key=first.count)


def _columns(row: list[str]) -> Columns | None:
    """What the row says of the others, if it is a heading."""
    cells = [cell.strip().strip("\ufeff").casefold() for cell in row]
    number = next((n for n, cell in enumerate(cells) if cell in HEADINGS), None)
    if number is None:
        return None
    beside = 1 - number if number < 2 else None
    is_ours = cells == list(COLUMNS)
    return Columns(
        number=number,
        note=cells.index("note") if "note" in cells else beside,
        until=cells.index("until") if is_ours else None,
    )


def _add(tenant: Tenant, notes: dict[str, str], result: Imported) -> None:
    stopped = Suppression.objects.for_tenant(tenant).in_force()
    known = set(stopped.filter(phone__in=notes).values_list("phone", flat=True))
    fresh = [
        Suppression(
            tenant=tenant,
            phone=number,
            reason=Suppression.Reason.MANUAL,
            source="import",
            note=note,
        )
        for number, note in notes.items()
        if number not in known
    ]
    Suppression.objects.bulk_create(fresh, ignore_conflicts=True)
    result.added += len(fresh)
    result.known += len(known)


def export_rows(rows: SuppressionQuerySet) -> Iterator[str]:
    """Lines of CSV, oldest first, read in pieces: no cursor stays open meanwhile."""
    yield _line(COLUMNS)
    last = UUID(int=0)
    while True:
        chunk = list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK])
        for row in chunk:
            until = row.lifted_at.isoformat() if row.lifted_at else ""
            yield _line(
                (
                    row.phone,
                    row.reason,
                    _harmless(row.note),
                    _harmless(row.source),
                    row.created_at.isoformat(),
                    until,
                    _harmless(row.lifted_because),
                )
            )
        if len(chunk) < CHUNK:
            return
        last = chunk[-1].pk


class _Echo:
    """Gives the writer's line back."""

    def write(self, line: str) -> str:
        return line


def _line(cells: Iterable[str]) -> str:
    return str(csv.writer(_Echo()).writerow(list(cells)))


def _harmless(text: str) -> str:
    """Spreadsheets run what begins like a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text

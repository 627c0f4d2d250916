"""
Work off one batch of callbacks in one transaction.

Claim, understand, lock, decide, write, follow up. What cannot be understood is
known before anything is written. Should anything else go wrong, the transaction is
undone and each callback gets one of its own, so that a bad one harms no other.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, transaction
from psycopg.rows import class_row

from destinations.cache import find_destinations
from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.inbound import NotInbound
from leadrails import statements
from leadrails.alerts.services import open_alert
from leadrails.core import ids
from leadrails.core.crashpoints import crash_here
from leadrails.core.redact import redact
from leadrails.jobs.effects import scope_of
from webhooks import sql
from webhooks.inbound import record_inbound
from webhooks.models import RawCallback
from webhooks.recording import record_reports
from webhooks.reports import Report, text

log = logging.getLogger(__name__)

CALLBACKS_GIVEN_UP = "callbacks_given_up"
MAX_TRIES = 10
TRIES_FOR_OTHERS = 4  # within a minute any job knows which message is its own
LOWEST, HIGHEST = UUID(int=0), UUID(int=2**128 - 1)


class NotOurs(LookupError):
    """The message was sent by somebody else with the same sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A stored callback, locked."""

    id: UUID
    tenant_id: UUID
    destination_id: UUID
    job_id: UUID | None
    attempt: int | None
    kind: str
    body: bytes
    received_at: datetime
    tries: int


@dataclass(slots=True)
class Batch:
    """What became of the callbacks claimed: neither done nor failed is busy."""

    claimed: Sequence[Claimed] = ()
    done: list[UUID] = field(default_factory=list)
    failed: dict[UUID, Exception] = field(default_factory=dict)

    @property
    def dealt_with(self) -> int:
        return len(self.done) + len(self.failed)


def work_off(limit: int, *, first: UUID = LOWEST, last: UUID = HIGHEST) -> Batch:
    """Work off up to `limit` callbacks with ids from `first` to `last`."""
    batch = Batch()
    try:
        with transaction.atomic():
            batch.claimed = _claim(limit, first, last)
            if batch.claimed:
                _process(batch)
                crash_here("callback_before_commit")
    except Exception as error:
        if not batch.claimed:
            raise
        return _retry_apart(batch.claimed, error)
    if batch.claimed:
        crash_here("callback_after_commit")
    return batch


def _claim(limit: int, first: UUID, last: UUID) -> list[Claimed]:
    return statements.run(
        sql.CLAIM,
        {"limit": limit, "first": first, "last": last},
        row_factory=class_row(Claimed),
    )


def _retry_apart(claimed: Sequence[Claimed], error: Exception) -> Batch:
    batch = Batch(claimed)
    if len(claimed) == 1:
        batch.failed[claimed[0].id] = error
        _note_errors(batch)
        return batch
    log.warning("a batch of %s callbacks is taken apart: %s", len(claimed), error)
    for raw in claimed:
        alone = work_off(1, first=raw.id, last=raw.id)
        batch.done += alone.done
        batch.failed |= alone.failed
    return batch


def _process(batch: Batch) -> None:
    understood = _understand(batch)
    if understood:
        callbacks, reports = list(understood), list(understood.values())
        recorded = record_reports(reports)
        batch.done += [callbacks[place] for place in recorded.kept]
        for place, error in recorded.refused.items():
            batch.failed[callbacks[place]] = error
    if batch.done:
        statements.run(sql.FINISH, {"ids": batch.done})
    if batch.failed:
        _note_errors(batch)


def _understand(batch: Batch) -> dict[UUID, Report]:
    """Parse what was claimed; what cannot be parsed fails."""
    places = find_destinations({raw.destination_id for raw in batch.claimed})
    understood = {}
    for raw in batch.claimed:
        try:
            place = _place(raw, places)
            if _is_recorded(raw, place):
                batch.done.append(raw.id)
            else:
                understood[raw.id] = _report(raw, place)
        except DatabaseError:
            raise  # the transaction is lost with it
        except NotOurs as error:
            _let_go(batch, raw, error)
        except Exception as error:  # noqa: BLE001  providers' parsers, anyone's bytes
            batch.failed[raw.id] = error
    return understood


def _is_recorded(raw: Claimed, place: Destination) -> bool:
    """Whether it was a message from a person; which it is may not have been known."""
    if raw.kind != RawCallback.Kind.INBOUND:
        return False
    try:
        record_inbound(raw, place)
    except NotInbound:
        return False
    return True


def _place(raw: Claimed, places: Mapping[UUID, Destination]) -> Destination:
    place = places.get(raw.destination_id)
    if place is None:
        raise LookupError("there is no such destination")
    return place


def _report(raw: Claimed, place: Destination) -> Report:
    update = provider_for(place).parse_callback(raw.body)
    if raw.job_id is None or raw.attempt is None:
        job_id, number, place = _find_message(raw, update.provider_id)
    else:
        job_id, number = raw.job_id, raw.attempt
    return Report(
        callback_id=raw.id,
        job_id=job_id,
        number=number,
        received_at=raw.received_at,
        destination=place,
        update=update,
    )


def _find_message(raw: Claimed, provider_id: str) -> tuple[UUID, int, Destination]:
    """Of a callback that names no attempt: whose message it is."""
    parameters = {"provider_id": provider_id, "tenant": raw.tenant_id}
    for job_id, destination_id, number in statements.run(
        sql.FIND_BY_PROVIDER_ID, parameters
    ):
        if place := find_destinations([destination_id]).get(destination_id):
            return job_id, number, place
    raise NotOurs("no job has this message")


def _let_go(batch: Batch, raw: Claimed, error: Exception) -> None:
    """A sender's other messages are not ours, unless a job has yet to hear of one."""
    if raw.tries >= TRIES_FOR_OTHERS:
        batch.done.append(raw.id)
    else:
        batch.failed[raw.id] = error


def _note_errors(batch: Batch) -> None:
    tries = {raw.id: raw.tries + 1 for raw in batch.claimed}
    rows = []
    for callback_id, error in batch.failed.items():
        said = redact(f"{type(error).__name__}: {error}", phones=True)
        rows.append({"id": str(callback_id), "error": text(str(said), 500)})
        is_last = tries[callback_id] >= MAX_TRIES
        log.log(
            logging.ERROR if is_last else logging.WARNING,
            "gave up callback %s: %s" if is_last else "callback %s failed: %s",
            ids.encode(RawCallback.prefix, callback_id),
            rows[-1]["error"],
        )
    parameters = {"rows": json.dumps(rows), "max_tries": MAX_TRIES}
    statements.run(sql.NOTE_ERRORS, parameters)
    _tell_of_given_up(
        raw
        for raw in batch.claimed
        if raw.id in batch.failed and raw.tries + 1 >= MAX_TRIES
    )


def _tell_of_given_up(given_up: Iterable[Claimed]) -> None:
    counts = Counter(raw.destination_id for raw in given_up)
    places = find_destinations(counts.keys()) if counts else {}
    for destination_id, place in sorted(places.items()):
        open_alert(
            tenant_id=place.tenant_id,
            kind=CALLBACKS_GIVEN_UP,
            scope=scope_of(destination_id),
            destination_id=destination_id,
            failures=counts[destination_id],
        )

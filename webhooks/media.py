"""Fetch the files that people sent, and keep them with their message."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from destinations.cache import find_destinations
from destinations.credentials import base_url, provider_for
from destinations.models import Destination
from destinations.providers.download import Downloads, File, NotKept, NotNow
from leadrails.contacts.models import InboundMedia
from leadrails.core.crypto import CannotDecrypt

log = logging.getLogger(__name__)

BATCH = 4  # all of them are in memory at a time
MAX_TRIES = 6
LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(seconds=15)  # doubles with each try


def fetch_waiting() -> int:
    """Fetch the files whose turn it is; return how many were dealt with."""
    rows = _take()
    if not rows:
        return 0
    places = find_destinations({row.message.destination_id for row in rows})
    for place in places.values():
        mine = [row for row in rows if row.message.destination_id == place.id]
        for row, result in zip(mine, _fetch(place, mine), strict=True):
            _keep(row, result)
    return len(rows)


def _take() -> list[InboundMedia]:
    """Lease those that are due, so that two workers do not fetch the same."""
    now = timezone.now()
    waiting = InboundMedia.objects.filter(state=InboundMedia.State.WAITING)
    due = waiting.filter(due_at__lte=now).select_related("message")
    taken = []
    for row in due.order_by("due_at")[:BATCH]:
        mine = waiting.filter(pk=row.pk, due_at=row.due_at)
        if mine.update(due_at=now + LEASE, tries=row.tries + 1):
            row.tries += 1
            taken.append(row)
    return taken


Result = File | NotKept | NotNow


def _fetch(place: Destination, rows: Sequence[InboundMedia]) -> list[Result]:
    try:
        provider = provider_for(place)
    except CannotDecrypt:
        return [NotNow("the destination's key is gone") for _ in rows]
    url = base_url(place.kind, is_simulated=place.is_simulated)

    async def run() -> list[Result]:
        async with Downloads(url, provider.media_auth) as downloads:
            return await asyncio.gather(*(_fetch_one(downloads, row) for row in rows))

    return asyncio.run(run())


async def _fetch_one(downloads: Downloads, row: InboundMedia) -> Result:
    try:
        return await downloads.fetch(row.url, content_type=row.content_type)
    except (NotKept, NotNow) as error:
        return error


def _keep(row: InboundMedia, result: Result) -> None:
    mine = InboundMedia.objects.filter(pk=row.pk, state=InboundMedia.State.WAITING)
    match result:
        case File():
            mine.update(
                state=InboundMedia.State.KEPT,
                data=result.data,
                size=len(result.data),
                content_type=result.content_type,
                due_at=None,
            )
        case NotNow() if row.tries < MAX_TRIES:
            wait = FIRST_WAIT * 2 ** (row.tries - 1)
            mine.update(due_at=timezone.now() + wait)
            log.info("a file is not there yet: %s", result)
        case _:
            is_refused = isinstance(result, NotKept)
            mine.update(
                state=InboundMedia.State.REFUSED,
                problem=str(result) if is_refused else "It could not be fetched.",
                due_at=None,
            )

"""
What messages cost: providers know it only after the last callback, and do not call.

One listing per destination tells of a thousand messages a page. Those of an account
that sends more than fits into one listing stay without a price.
"""

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from destinations.cache import find_destinations
from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.base import Capability, FoundMessage
from destinations.providers.http import ProviderSession
from leadrails import statements
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import SendError
from leadrails.core.ids import uuid7_floor
from webhooks.reports import MAX_PRICE, text

log = logging.getLogger(__name__)

LOOKED_BACK = timedelta(minutes=100)  # asked every 30: each is looked at three times
KNOWN_AFTER = timedelta(minutes=10)  # sooner, few have a price
OLDEST = timedelta(days=9)  # a job's id is as old as its lead; it waits seven at most
CHUNK = 500
TIMEOUT = 120.0  # seconds, for all pages of one destination

_UNPRICED = """
SELECT place.id FROM destinations_destination place
JOIN jobs_gate gate ON gate.destination_id = place.id
WHERE gate.free_at > now() - %(looked_back)s AND EXISTS (
  SELECT FROM (
    SELECT price, accepted_at FROM jobs_job
    WHERE jobs_job.tenant_id = place.tenant_id AND destination_id = place.id
      AND id BETWEEN %(oldest)s AND %(newest)s ORDER BY id DESC LIMIT 500) recent
  WHERE price IS NULL AND accepted_at > now() - %(looked_back)s)
ORDER BY place.id
"""

_NOTE = """
WITH input AS (
  SELECT * FROM json_to_recordset(%(rows)s::json)
    AS x (provider_id text, price numeric, price_unit text)
),
mine AS (
  SELECT job.id, input.price, input.price_unit FROM input JOIN jobs_job job
    ON job.provider_id = input.provider_id AND job.provider_id > ''
  WHERE job.tenant_id = %(tenant)s AND job.id >= %(oldest)s AND job.price IS NULL
  FOR UPDATE OF job SKIP LOCKED
)
UPDATE jobs_job job SET price = mine.price, price_unit = mine.price_unit
FROM mine WHERE job.id = mine.id
RETURNING job.id
"""


def note_prices(*, known_after: timedelta = KNOWN_AFTER) -> int:
    """Ask what recent messages cost; return of how many that is new."""
    places = find_destinations(_unpriced(known_after))
    oldest = uuid7_floor(timezone.now() - OLDEST)
    return sum(_note(place, oldest) for _, place in sorted(places.items()))


def _unpriced(known_after: timedelta) -> list[UUID]:
    """The destinations with messages that should have a price by now."""
    now = timezone.now()
    parameters = {
        "oldest": uuid7_floor(now - OLDEST),
        "newest": uuid7_floor(now - known_after),
        "looked_back": LOOKED_BACK,
    }
    return [place for (place,) in statements.run(_UNPRICED, parameters)]


def _note(place: Destination, oldest: UUID) -> int:
    noted = 0
    priced = list(_priced(_ask(place)))
    for start in range(0, len(priced), CHUNK):
        rows = json.dumps(priced[start : start + CHUNK])
        parameters = {"rows": rows, "tenant": place.tenant_id, "oldest": oldest}
        noted += len(statements.run(_NOTE, parameters))
    return noted


def _priced(messages: Sequence[FoundMessage]) -> Iterator[dict[str, Any]]:
    for message in messages:
        price = message.update.price
        if price is not None and abs(price) <= MAX_PRICE:
            yield {
                "provider_id": text(message.provider_id, 64),
                "price": str(price),
                "price_unit": text(message.update.price_unit, 3),
            }


def _ask(place: Destination) -> Sequence[FoundMessage]:
    try:
        provider = provider_for(place)
        if not provider.can(Capability.LIST):
            return ()
        since = timezone.now() - LOOKED_BACK

        async def ask() -> list[FoundMessage]:
            async with (
                asyncio.timeout(TIMEOUT),
                ProviderSession(limit=1, total_timeout=30) as http,
            ):
                return await provider.find(None, since, http)

        return asyncio.run(ask())
    except (SendError, CannotDecrypt, TimeoutError) as error:
        log.info("prices could not be asked for: %s", error)
        return ()

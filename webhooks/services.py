"""
The queue of raw callbacks: store one in a single statement, work them off later.

Rows with `processed_at` null are the queue. A row that fails is tried again, ever
later, and stays in the table with its error when it is given up.
"""

import logging
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from destinations.credentials import provider_for
from destinations.models import Destination
from leadrails.alerts.services import open_alert
from leadrails.core.redact import redact
from leadrails.jobs.effects import scope_of
from webhooks.models import RawCallback
from webhooks.reports import Busy, record_update
from webhooks.wake import callback_waker

log = logging.getLogger(__name__)

SIGNATURE_FAILURES = "signature_failures"
MAX_TRIES = 10
# Jobs stay locked until their batch is committed: a settling drain waits that long.
BATCH = 25
KEPT_HEADERS = ("Content-Type", "User-Agent", "I-Twilio-Idempotency-Token")
_FIRST = UUID(int=0)

# A row that failed waits 2, 8, 18 … 162 seconds, counted from when it came.
_CLAIM = """
SELECT * FROM webhooks_rawcallback
WHERE processed_at IS NULL AND id > %(after)s
  AND (tries = 0 OR received_at + tries * tries * interval '2 seconds' <= now())
ORDER BY id LIMIT %(limit)s
FOR UPDATE SKIP LOCKED
"""


def store_status(
    destination: Destination,
    *,
    job_id: UUID,
    attempt: int,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    is_signed: bool,
) -> None:
    """Keep a status callback as it came, and have it looked at soon."""
    RawCallback.objects.bulk_create(
        [
            RawCallback(
                tenant_id=destination.tenant_id,
                destination_id=destination.id,
                job_id=job_id,
                attempt=attempt,
                kind=RawCallback.Kind.STATUS,
                url=url,
                headers={
                    name: headers[name] for name in KEPT_HEADERS if name in headers
                },
                body=body,
                is_signed=is_signed,
                received_at=timezone.now(),
            )
        ]
    )
    callback_waker.wake()


def note_bad_signature(destination: Destination, *, job_id: UUID) -> None:
    """Tell the tenant that callbacks come with a signature that does not hold."""
    open_alert(
        tenant_id=destination.tenant_id,
        kind=SIGNATURE_FAILURES,
        scope=scope_of(destination.id),
        cause="wrong_signature",
        destination_id=destination.id,
        job_id=job_id,
    )


def process_callbacks(limit: int = 200) -> int:
    """
    Work off up to `limit` callbacks; return how many were dealt with.

    One whose job is locked just now is left for the next round and not counted.
    """
    done, seen, after = 0, 0, _FIRST
    while seen < limit:
        size = min(BATCH, limit - seen)
        with transaction.atomic():
            batch = list(
                RawCallback.objects.raw(_CLAIM, {"after": after, "limit": size})
            )
            done += sum(_process(raw) for raw in batch)
        if len(batch) < size:
            break
        seen += len(batch)
        after = batch[-1].id
    return done


def _process(raw: RawCallback) -> bool:
    try:
        with transaction.atomic():
            _report(raw)
    except Busy:
        return False
    except Exception as error:  # noqa: BLE001  one bad callback must not stop the rest
        _note_error(raw, error)
    else:
        raw.processed_at = timezone.now()
        raw.error = ""
        raw.save(update_fields=["processed_at", "error"])
    return True


def _report(raw: RawCallback) -> None:
    if raw.job_id is None or raw.attempt is None:
        raise LookupError("the callback names no attempt")
    destination = Destination.objects.get(pk=raw.destination_id)
    update = provider_for(destination).parse_callback(bytes(raw.body))
    record_update(
        update,
        destination=destination,
        job_id=raw.job_id,
        number=raw.attempt,
        received_at=raw.received_at,
        callback_id=raw.id,
    )


def _note_error(raw: RawCallback, error: Exception) -> None:
    raw.tries += 1
    raw.error = str(redact(f"{type(error).__name__}: {error}", phones=True))[:500]
    if raw.tries >= MAX_TRIES:
        raw.processed_at = timezone.now()
        log.error("gave up callback %s: %s", raw.public_id, raw.error)
    else:
        log.warning("callback %s failed: %s", raw.public_id, raw.error)
    raw.save(update_fields=["tries", "error", "processed_at"])

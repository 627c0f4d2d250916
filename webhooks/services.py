"""
The queue of raw callbacks: store one in a single statement, work them off later.

Rows with `processed_at` null are the queue. A row that fails is tried again, ever
later, and stays in the table with its error when it is given up.
"""

import json
import logging
from collections.abc import Callable, Mapping
from uuid import UUID

from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.inbound import InboundAnswer
from leadrails import statements
from leadrails.alerts.services import open_alert
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.ids import uuid7
from leadrails.jobs.effects import scope_of
from webhooks import sql
from webhooks.batch import LOWEST, work_off
from webhooks.confirmations import confirmation
from webhooks.models import RawCallback
from webhooks.reports import text
from webhooks.wake import callback_waker

log = logging.getLogger(__name__)

LONGEST_URL = 4_000
SIGNATURE_FAILURES = "signature_failures"
# Jobs stay locked until their batch is committed: a settling drain waits that long.
BATCH = 100
KEPT_HEADERS = ("Content-Type", "User-Agent", "I-Twilio-Idempotency-Token")


class Outdated(Exception):
    """What was remembered of a destination does not hold any more."""


def store_callback(
    destination: Destination,
    *,
    kind: RawCallback.Kind,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    is_signed: bool,
    job_id: UUID | None = None,
    attempt: int | None = None,
    version: str | None = None,
) -> UUID:
    """
    Keep a provider's request as it came, and have it looked at soon.

    Args:
        version: of the destination, if it was merely remembered.

    Raises:
        Outdated: the destination has changed since; nothing is kept.
    """
    kept = {name: text(headers[name], 200) for name in KEPT_HEADERS if name in headers}
    callback_id = uuid7()
    stored = statements.run(
        sql.STORE,
        {
            "id": callback_id,
            "tenant": destination.tenant_id,
            "destination": destination.id,
            "job": job_id,
            "attempt": attempt,
            "kind": kind.value,
            "url": text(url, LONGEST_URL),
            "headers": json.dumps(kept),
            "body": body,
            "is_signed": is_signed,
            "version": version,
        },
    )
    if not stored:
        raise Outdated
    callback_waker.wake()
    return callback_id


def look_at(
    destination: Destination, body: bytes
) -> tuple[RawCallback.Kind, InboundAnswer]:
    """Say whether a request is a message from a person, and what to answer then."""
    silence = InboundAnswer("text/plain", "")
    try:
        provider = provider_for(destination)
    except CannotDecrypt:
        # Who knows our address posts messages: those must not wait for the key.
        return RawCallback.Kind.INBOUND, silence
    try:
        said = provider.parse_inbound(body)
    except ValueError:
        return RawCallback.Kind.STATUS, silence
    answer = provider.answer_inbound(confirmation(said, destination))
    return RawCallback.Kind.INBOUND, answer


def understand_at_once(callback_id: UUID) -> None:
    """Work off one callback now; whatever fails is left to the worker's next round."""
    try:
        work_off(1, first=callback_id, last=callback_id)
    except Exception:
        log.exception("a message from a person waits for the worker")


def note_bad_signature(destination: Destination, *, job_id: UUID | None = None) -> None:
    """Tell the tenant that callbacks come with a signature that does not hold."""
    open_alert(
        tenant_id=destination.tenant_id,
        kind=SIGNATURE_FAILURES,
        scope=scope_of(destination.id),
        cause="wrong_signature",
        destination_id=destination.id,
        job_id=job_id,
    )


def process_callbacks(
    limit: int | None = None, *, is_stopping: Callable[[], bool] = lambda: False
) -> int:
    """
    Work off callbacks, all or up to `limit`; return how many were dealt with.

    One whose job is locked just now is left for the next round and not counted.
    """
    done, seen, first = 0, 0, LOWEST
    while not is_stopping() and (limit is None or seen < limit):
        size = BATCH if limit is None else min(BATCH, limit - seen)
        batch = work_off(size, first=first)
        done += batch.dealt_with
        seen += len(batch.claimed)
        if len(batch.claimed) < size:
            break
        first = UUID(int=batch.claimed[-1].id.int + 1)
    return done

"""
Deliveries on their way: claimed, tried, settled.

A claim commits before the network is spoken to, and says so in a row. Whoever dies
leaves that row, and when its lease is over it is told what it was: a kind that can be
repeated is tried again under the same id, of any other it is not known whether it
arrived, and it is never sent twice.
"""

import json
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from leadrails.alerts.answers import Answer, Outcome, not_sent, unknown
from leadrails.alerts.channels import CALL_FAILED, note_outcome, scope_of
from leadrails.alerts.composing import compose, message
from leadrails.alerts.fanout import fan_out
from leadrails.alerts.models import AlertEvent, Channel, Delivery, Try
from leadrails.alerts.services import close_alerts, open_alert
from leadrails.alerts.ways import REPEATABLE, Outgoing, prepare, send
from leadrails.alone import one_at_a_time
from leadrails.core.retry import RetryPolicy
from leadrails.tenants.middleware import zone_of
from leadrails.tenants.models import Membership

log = logging.getLogger(__name__)

State = Delivery.State
AT_ONCE = 8  # calls at a time
BATCH = 24
LEASE = timedelta(minutes=5)  # three rounds of the slowest mail server are shorter
ROUND = 20.0  # seconds after which no further batch is begun
RETRY = RetryPolicy(max_attempts=10, base=timedelta(seconds=15), cap=timedelta(hours=1))
KEPT = timedelta(days=90)
# One message per channel, so that one that hangs cannot fill a batch, and none while
# another one of the channel is under way or an older one of the same alert waits.
_CLAIM = """
UPDATE alerts_delivery SET state = 'sending', tries = tries + 1,
  lease_until = statement_timestamp() + make_interval(secs => %(seconds)s)
WHERE id IN (
  SELECT id FROM alerts_delivery WHERE state = 'waiting' AND id IN (
    SELECT DISTINCT ON (channel_id) id FROM alerts_delivery due
    WHERE state = 'waiting' AND due_at <= statement_timestamp()
      AND NOT EXISTS (SELECT FROM alerts_delivery other
        WHERE other.channel_id = due.channel_id AND other.state = 'sending')
      AND NOT EXISTS (SELECT FROM alerts_delivery older
        WHERE older.channel_id = due.channel_id AND older.alert_id = due.alert_id
          AND older.state = 'waiting' AND older.id < due.id)
    ORDER BY channel_id, due_at, id)
  ORDER BY due_at LIMIT %(most)s
  FOR UPDATE SKIP LOCKED)
RETURNING id
"""


def run() -> int:
    """Tell what there is to tell; return how many tries were made."""
    began, tried = time.monotonic(), 0
    while fan_out(now=timezone.now()):
        pass
    reap()
    while time.monotonic() - began < ROUND and (claimed := claim()):
        tried += len(claimed)
        _send_all(claimed)
    return tried


@transaction.atomic
def claim() -> list[Delivery]:
    """Take what is due and note that it is being tried."""
    with connection.cursor() as cursor:
        seconds = LEASE.total_seconds()
        cursor.execute(_CLAIM, {"seconds": seconds, "most": BATCH})
        ids = [row[0] for row in cursor.fetchall()]
    claimed = list(
        Delivery.objects.filter(pk__in=ids)
        .select_related("channel__user", "tenant")
        .order_by("due_at")
    )
    Try.objects.bulk_create(
        Try(delivery=row, number=row.tries, began_at=Now()) for row in claimed
    )
    return claimed


def _send_all(claimed: list[Delivery]) -> None:
    """Threads speak to the network and to nothing else."""
    now, ready = timezone.now(), []
    for delivery in claimed:
        outgoing = _prepared(delivery, now)
        if isinstance(outgoing, Answer):
            settle(delivery, outgoing)
        elif outgoing is not None:
            ready.append((delivery, outgoing))
    if not ready:
        return
    with ThreadPoolExecutor(min(AT_ONCE, len(ready)), "alert") as threads:
        calls = [(row, threads.submit(_guarded, going)) for row, going in ready]
        for delivery, call in calls:
            answer = call.result()
            settle(delivery, answer)


def _prepared(delivery: Delivery, now: datetime) -> Outgoing | Answer | None:
    """None: nobody wants it any more, and it is settled."""
    if not delivery.is_test and not _is_wanted(delivery):
        _drop(delivery)
        return None
    try:
        freeze(delivery)
        return prepare(delivery, now=now)
    except Exception:
        log.exception("delivery %s cannot be prepared", delivery.public_id)
        return not_sent("LeadRails could not make the message; the log says why.")


def _guarded(outgoing: Outgoing) -> Answer:
    try:
        return send(outgoing)
    except Exception:
        log.exception("delivery %s broke", outgoing.pk)
        return unknown("LeadRails broke while it was sent; the log says why.")


def _is_wanted(delivery: Delivery) -> bool:
    channel = delivery.channel
    if not channel.is_active:
        return False
    if channel.user is None:
        return True
    ours = Membership.objects.for_tenant(delivery.tenant_id)
    return channel.user.is_active and ours.filter(user=channel.user).exists()


def freeze(delivery: Delivery) -> None:
    """Write what is said, once: every try says the same."""
    if delivery.content is not None:
        return
    events = AlertEvent.objects.for_tenant(delivery.tenant_id).filter(
        notices__delivery=delivery
    )
    channel = delivery.channel
    said = message(
        delivery.tenant,
        channel,
        list(events.select_related("alert")),
        zone_of(channel.time_zone),
    )
    delivery.content = compose(said)
    delivery.save(update_fields=["content"])


def call_later(channel: Channel, body: Mapping[str, Any]) -> Delivery:
    """
    Have a webhook called that is no alert, as a part of the caller's transaction.

    It is signed, repeated under one id and logged like any other. That it does not get
    through is itself an alert.
    """
    return Delivery.objects.create(
        tenant_id=channel.tenant_id,
        channel=channel,
        is_call=True,
        content={"body": json.dumps(body, ensure_ascii=False)},
        due_at=Now(),
    )


def settle(delivery: Delivery, answer: Answer) -> None:
    """Write what came of a try, unless its lease was over and another took it up."""
    with transaction.atomic():
        mine = Delivery.objects.filter(
            pk=delivery.pk, state=State.SENDING, tries=delivery.tries
        )
        state, wait = _fate(delivery, answer)
        changes: dict[str, Any] = {
            "state": state,
            "lease_until": None,
            "answer": answer.words,
        }
        if state == State.WAITING:
            changes["due_at"] = Now() + wait
        else:
            changes["ended_at"] = Now()
        if not mine.update(**changes):
            return
        delivery.state, delivery.answer = state, answer.words
        Try.objects.filter(delivery=delivery, number=delivery.tries).update(
            ended_at=Now(), outcome=answer.outcome, answer=answer.words
        )
        if state != State.WAITING:
            failure = "" if answer.is_sent else answer.words or str(state)
            note_outcome(delivery.channel_id, failure, now=timezone.now())
            if delivery.is_call:
                _tell_of_call(delivery, failure)
    log.info("alert delivery %s try %s: %s", delivery.public_id, delivery.tries, state)


def _tell_of_call(delivery: Delivery, failure: str) -> None:
    channel = delivery.channel
    about: Any = {
        "tenant_id": delivery.tenant_id,
        "kind": CALL_FAILED,
        "scope": scope_of(channel),
    }
    if failure:
        open_alert(**about, details={"channel": channel.name, "answer": failure})
    else:
        close_alerts(**about, now=timezone.now())


def _fate(delivery: Delivery, answer: Answer) -> tuple[str, timedelta]:
    nothing = timedelta(0)
    if answer.is_sent:
        return State.SENT, nothing
    if answer.outcome is Outcome.REFUSED or delivery.is_test:
        is_unknown = answer.outcome is Outcome.UNKNOWN
        return (State.UNKNOWN if is_unknown else State.DEAD), nothing
    if answer.outcome is Outcome.UNKNOWN and delivery.channel.kind not in REPEATABLE:
        return State.UNKNOWN, nothing
    asked = min(answer.retry_after or 0, RETRY.cap.total_seconds())
    wait = RETRY.delay(delivery.tries, asked)
    return (State.DEAD, nothing) if wait is None else (State.WAITING, wait)


def _drop(delivery: Delivery) -> None:
    Delivery.objects.filter(
        pk=delivery.pk, state=State.SENDING, tries=delivery.tries
    ).update(state=State.DROPPED, lease_until=None, ended_at=Now())
    Try.objects.filter(delivery=delivery, number=delivery.tries).delete()


def reap() -> int:
    """Settle what somebody who died had taken up."""
    rows = Delivery.objects.filter(state=State.SENDING, lease_until__lt=Now())
    left = list(rows.select_related("channel")[:BATCH])
    for delivery in left:
        settle(delivery, unknown("Whoever sent it died before the answer."))
    return len(left)


def forget() -> int:
    """Delete the log of what ended long ago; events and alerts stay."""
    old: list[UUID] = list(
        Delivery.objects.filter(ended_at__lt=Now() - KEPT).values_list("pk", flat=True)[
            :1000
        ]
    )
    Delivery.objects.filter(pk__in=old).delete()
    return len(old)


run_alone = one_at_a_time(run)

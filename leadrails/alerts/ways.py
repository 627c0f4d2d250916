"""
How a message leaves, for each kind of channel.

`prepare` reads all that is needed from the database; `send` only speaks to the network,
so that many can wait at the same time.
"""

import smtplib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from destinations.credentials import hide_secrets
from destinations.direct import send_directly
from destinations.models import Destination
from destinations.providers import errors
from leadrails.alerts import hooks
from leadrails.alerts.answers import Answer, Outcome, not_sent, refused, sent, unknown
from leadrails.alerts.channels import address_of, open_secret
from leadrails.alerts.models import Channel, Delivery
from leadrails.contacts.permission import ask_policy
from leadrails.core import policy
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import (
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    SendError,
)
from leadrails.core.ids import uuid7_floor
from leadrails.core.reasons import EXPLANATIONS
from leadrails.core.signing import sign_webhook
from leadrails.mail import services as mail

Kind = Channel.Kind
# Repeated ones carry the same id, so whoever gets them can tell; the others cannot.
REPEATABLE = frozenset({Kind.EMAIL, Kind.WEBHOOK})
# Slack's own words for an address that is gone (api.slack.com, "Incoming webhooks").
_SLACK_GONE = frozenset({400, 403, 404, 410})
SMS_LIFETIME = timedelta(hours=4)
MOST_SMS_A_DAY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One try, ready to go."""

    pk: UUID
    kind: str
    content: Mapping[str, str] = field(repr=False)
    at: datetime
    to: str = field(default="", repr=False)
    secret: Mapping[str, str] = field(default_factory=dict, repr=False)
    destination: Destination | None = None
    thread: UUID | None = None


def prepare(delivery: Delivery, *, now: datetime) -> Outgoing | Answer:
    """An answer means that there is nothing to send."""
    channel = delivery.channel
    to, destination = address_of(channel), None
    if channel.kind == Kind.SMS:
        found = _destination(delivery, to, now)
        if isinstance(found, Answer):
            return found
        destination = found
    try:
        secret = open_secret(channel)
    except CannotDecrypt:
        return not_sent(_("The stored secret cannot be read with this server's keys."))
    return Outgoing(
        pk=delivery.pk,
        kind=channel.kind,
        content=delivery.content or {},
        at=now,
        to=to,
        secret=secret,
        destination=destination,
        thread=delivery.alert_id,
    )


def _destination(delivery: Delivery, to: str, now: datetime) -> Destination | Answer:
    channel = delivery.channel
    destination = (
        Destination.objects.for_tenant(channel.tenant_id)
        .select_related("tenant")
        .filter(pk__in=[channel.destination_id])
        .first()
    )
    if destination is None:
        return refused(_("The destination that sent the messages is gone."))
    if not to:
        return refused(_("The person has no confirmed phone number any more."))
    verdict = ask_policy(destination, to, now=now, lifetime=SMS_LIFETIME)
    if isinstance(verdict, policy.Skip):
        return refused(str(EXPLANATIONS[verdict.reason].sentence))
    if isinstance(verdict, policy.Hold):
        return not_sent(str(EXPLANATIONS[verdict.reason].sentence))
    since = uuid7_floor(now - timedelta(days=1))
    lately = channel.deliveries.filter(pk__gte=since, tries__gt=0)
    if lately.exclude(pk=delivery.pk).count() >= MOST_SMS_A_DAY:
        said = _("A channel gets at most %(most)d SMS within a day.")
        return refused(said % {"most": MOST_SMS_A_DAY})
    return destination


def send(outgoing: Outgoing) -> Answer:
    """Try once. Never raises what can be foreseen."""
    match outgoing.kind:
        case Kind.EMAIL:
            return _mail(outgoing)
        case Kind.SLACK:
            return _slack(outgoing)
        case Kind.WEBHOOK:
            return _webhook(outgoing)
        case _:
            return _sms(outgoing)


def _mail(outgoing: Outgoing) -> Answer:
    if not mail.is_set_up():
        return not_sent(_("No mail server is set up here (EMAIL_URL)."))
    said = outgoing.content
    headers = {}
    if outgoing.thread:  # mail programs show what belongs to one alert together
        headers["References"] = f"<{outgoing.thread}@alerts.leadrails>"
    try:
        mail.deliver(
            outgoing.pk,
            outgoing.to,
            said["subject"],
            said["text"],
            said["html"],
            headers=headers,
        )
    except (smtplib.SMTPException, OSError) as error:
        words = mail.words_of(error)
        return refused(words) if mail.is_final(error) else not_sent(words)
    return sent(_("The mail server took it."))


def _slack(outgoing: Outgoing) -> Answer:
    body = outgoing.content["body"].encode()
    headers = {"Content-Type": "application/json"}
    url = outgoing.secret["url"]
    answer = hooks.post(url, body, headers)
    if answer.outcome is Outcome.NOT_SENT and _status(answer) in _SLACK_GONE:
        return refused(answer.words)
    return answer


def _status(answer: Answer) -> int:
    head = answer.words[:3]
    return int(head) if head.isdecimal() else 0


def _webhook(outgoing: Outgoing) -> Answer:
    body = outgoing.content["body"].encode()
    message_id, timestamp = f"msg_{outgoing.pk.hex}", int(outgoing.at.timestamp())
    signature = sign_webhook(
        body, outgoing.secret["key"], message_id=message_id, timestamp=timestamp
    )
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    return hooks.post(outgoing.secret["url"], body, headers)


def _sms(outgoing: Outgoing) -> Answer:
    destination = outgoing.destination
    assert destination is not None
    try:
        with hide_secrets(destination):
            receipt = send_directly(
                destination,
                to=outgoing.to,
                body=outgoing.content["text"],
                validity_seconds=int(SMS_LIFETIME.total_seconds()),
            )
    except RateLimited as error:
        return not_sent(_("The provider is busy."), error.retry_after)
    except NotSent:
        return not_sent(_("The provider could not be reached."))
    except Refused as error:
        info = errors.lookup(destination.kind, error.code, where="sync")
        return refused(f"{info.sentence} ({error.code})")
    except OutcomeUnknown:
        return unknown(_("The provider's answer was lost."))
    except (SendError, CannotDecrypt):
        return not_sent(_("The destination's credentials do not work."))
    return sent(_("The provider took it (%(id)s).") % {"id": receipt.provider_id})

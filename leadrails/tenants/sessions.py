"""
The sessions of a person, and the end of old ones.

A session ends by itself after 14 days; its row does not go by itself.
"""

from datetime import datetime

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from leadrails.tenants import audit
from leadrails.tenants.models import Session, User

BATCH = 5000

_ENDED = """
DELETE FROM tenants_session WHERE session_key = ANY(ARRAY(
  SELECT session_key FROM tenants_session WHERE expire_date < now() LIMIT %(batch)s))
"""


def forget_ended_sessions() -> int:
    """Delete them in small batches; return how many there were."""
    deleted = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_ENDED, {"batch": BATCH})
            deleted += int(cursor.rowcount)
            if cursor.rowcount < BATCH:
                return deleted


def open_sessions(user: User, *, now: datetime) -> list[Session]:
    """Where the person is logged in, last used first."""
    running = Session.objects.filter(user=user, expire_date__gt=now)
    return list(running.order_by("-seen_at"))


def mark_of(session: Session) -> str:
    """A name for its page's address: whoever has the key itself has the session."""
    return salted_hmac("session", session.pk, algorithm="sha256").hexdigest()[:32]


@transaction.atomic
def end_session(user: User, session: Session) -> None:
    """Log the person out of one browser."""
    ended, _by_model = Session.objects.filter(user=user, pk=session.pk).delete()
    if ended:
        audit.record_for(user, "member.sessions_ended", count=ended)


@transaction.atomic
def end_others(user: User, *, keep: str | None) -> int:
    """Log the person out of every browser but the one with the key `keep`."""
    ended, _by_model = Session.objects.filter(user=user).exclude(pk=keep).delete()
    if ended:
        audit.record_for(user, "member.sessions_ended", count=ended)
    return ended

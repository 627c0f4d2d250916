"""Sessions end by themselves; their rows do not go by themselves."""

from django.db import connection

BATCH = 5000

_ENDED = """
DELETE FROM django_session WHERE session_key = ANY(ARRAY(
  SELECT session_key FROM django_session WHERE expire_date < now() LIMIT %(batch)s))
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

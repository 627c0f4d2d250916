"""How long intake remembers nonces and idempotency keys."""

from django.db import connection

BATCH = 5000

_NONCES = """
DELETE FROM leads_nonce WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM leads_nonce WHERE created_at < now() - interval '15 minutes'
  LIMIT %(batch)s))
"""
_KEYS = """
DELETE FROM leads_idempotencykey WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM leads_idempotencykey WHERE created_at < now() - interval '30 days'
  LIMIT %(batch)s))
"""


def forget_old_keys() -> int:
    """Delete what is too old, in small batches; return how many rows."""
    deleted = 0
    with connection.cursor() as cursor:
        for statement in (_NONCES, _KEYS):
            while True:
                cursor.execute(statement, {"batch": BATCH})
                deleted += cursor.rowcount
                if cursor.rowcount < BATCH:
                    break
    return deleted

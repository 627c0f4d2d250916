"""
Which of the account's messages to a person an attempt of unknown outcome became.

The list does not say, and several jobs to one person may be in doubt at once. So each
message settles one doubt only; a message with the very text of another such job is
that job's; and while a call to this person is under way, only a text that no one but
this job has is enough to tell.
"""

from collections.abc import Sequence

from django.db import transaction

from destinations.providers.base import FoundMessage
from leadrails import statements
from leadrails.jobs.queue import DueJob


class Contested(Exception):
    """It cannot be told yet: another call is under way, or a callback just told."""


# A statement of its own: what follows must see all that the last holder committed.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(person)s, 0))"

_PICK = """
WITH found AS (
  SELECT * FROM unnest(%(sids)s::text[], %(bodies)s::text[]) WITH ORDINALITY
    AS x (sid, body, place)
),
rival AS (
  SELECT state, coalesce(message->>'body', '') AS body FROM jobs_job
  WHERE tenant_id = %(tenant)s AND recipient = %(recipient)s AND id <> %(job)s
    AND state IN ('sending', 'unknown')
),
free AS (
  SELECT sid, place, body = %(body)s AS is_alike FROM found
  WHERE (body = %(body)s OR body NOT IN (SELECT body FROM rival))
  AND NOT EXISTS (
    SELECT FROM jobs_job other WHERE other.tenant_id = %(tenant)s
      AND other.recipient = %(recipient)s AND other.id <> %(job)s
      AND other.provider_id = sid)
  AND NOT EXISTS (
    SELECT FROM jobs_attempt attempt WHERE attempt.job_id = %(job)s
      AND attempt.provider_id = sid AND attempt.number <> %(number)s)
)
SELECT place - 1, EXISTS (SELECT FROM rival
  WHERE state = 'sending' AND NOT (is_alike AND body <> %(body)s))
FROM free ORDER BY is_alike DESC, place LIMIT 1
"""

_KEEP = """
UPDATE jobs_job SET provider_id = %(sid)s
WHERE id = %(job)s AND state = 'unknown' AND attempts = %(number)s RETURNING id
"""


def adopt(job: DueJob, found: Sequence[FoundMessage]) -> FoundMessage | None:
    """
    Return the message that `job` became, and let no other job have it.

    Raises:
        Contested: look again.
    """
    if not found:
        return None
    parameters = {
        "person": f"{job.tenant_id}:{job.recipient}",
        "sids": [message.provider_id for message in found],
        "bodies": [message.body for message in found],
        "tenant": job.tenant_id,
        "recipient": job.recipient,
        "job": job.id,
        "number": job.attempts,
        "body": (job.message or {}).get("body", ""),
    }
    with transaction.atomic():
        statements.run(_LOCK, parameters)
        rows = statements.run(_PICK, parameters)
        if not rows:
            return None
        ((place, is_contested),) = rows
        message: FoundMessage = found[place]
        kept = {**parameters, "sid": message.provider_id}
        if is_contested or not statements.run(_KEEP, kept):
            raise Contested
    return message

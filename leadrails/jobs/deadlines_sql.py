"""The statements of deadlines. All times are the database's; none waits for a job."""

# A time that is set anew counts from the newest handing over.
SET_FALLBACKS = """
INSERT INTO jobs_deadline (job_id, kind, rule_id, tenant_id, due_at)
SELECT job.id, 'fallback', '00000000-0000-0000-0000-000000000000', job.tenant_id,
  greatest(now(), CASE WHEN input.wait > interval '0'
    THEN (job.message->>'send_at')::timestamptz END) + input.wait
FROM unnest(%(jobs)s::uuid[], %(waits)s::interval[]) AS input (job_id, wait)
JOIN jobs_job job ON job.id = input.job_id
WHERE job.message->>'channel' = 'rcs' AND job.channel IN ('', 'rcs')
  AND job.cause <> 'fallback'
ORDER BY job.id
ON CONFLICT (job_id, kind, rule_id) DO UPDATE SET due_at = excluded.due_at
"""

SET_FOLLOW_UPS = """
INSERT INTO jobs_deadline (job_id, kind, rule_id, tenant_id, due_at)
SELECT job.id, rule.watches, rule.id, job.tenant_id,
  greatest(now(), (job.message->>'send_at')::timestamptz) + rule.after
FROM jobs_job job JOIN jobs_followuprule rule
  ON rule.destination_id = job.destination_id AND rule.tenant_id = job.tenant_id
WHERE job.id = ANY(%(jobs)s) AND rule.is_active AND CASE rule.watches
  WHEN 'not_read' THEN job.state = 'delivered' AND job.channel IN ('rcs', 'whatsapp')
  ELSE job.state IN ('accepted', 'sent', 'undelivered', 'dead') END
ORDER BY job.id, rule.id
ON CONFLICT DO NOTHING
"""

# What arrived needs no fallback, and what was read no follow-up. If a plain text went
# in its place, or if it is one, somebody compares the two.
MEET = """
WITH met AS (
  DELETE FROM jobs_deadline WHERE job_id = ANY(%(jobs)s) AND (
    kind IN ('fallback', 'not_delivered')
    OR kind = 'not_read' AND job_id = ANY(%(read)s))
)
INSERT INTO jobs_deadline (job_id, kind, rule_id, tenant_id, due_at)
SELECT id, 'recall', '00000000-0000-0000-0000-000000000000', tenant_id, now() FROM (
  SELECT child.parent_id AS id, child.tenant_id FROM jobs_job child
  WHERE child.id = ANY(%(children)s)
  UNION
  SELECT job.parent_id, job.tenant_id FROM jobs_job job
  WHERE job.id = ANY(%(jobs)s) AND job.cause = 'fallback'
) pair ORDER BY id
ON CONFLICT DO NOTHING
"""

# Who carried it tells: what was to go by RCS may have gone as a text, when the provider
# fell back, or at once to a phone that is known to have no RCS. Who refused that tells
# no sender, so the attempt is asked.
NOTE_CHANNELS = """
WITH told AS (
  SELECT id, channel AS before, CASE
    WHEN message->>'channel' NOT IN ('rcs', 'rcs_only')
      THEN left(message->>'channel', 8)
    WHEN starts_with(sender, 'rcs:') THEN 'rcs'
    WHEN sender = '' AND NOT (message->>'channel' = 'rcs' AND EXISTS (
      SELECT FROM jobs_attempt latest WHERE latest.job_id = job.id
        AND latest.number = job.attempts AND latest.response->'has_rcs' = 'false'
      )) THEN 'rcs'
    WHEN message->'media' IS NOT NULL THEN 'mms'
    ELSE 'sms' END AS channel
  FROM jobs_job job WHERE id = ANY(%(jobs)s) AND message->>'channel' > ''
)
UPDATE jobs_job job SET channel = told.channel
FROM told WHERE job.id = told.id AND job.channel <> told.channel
RETURNING job.id, told.before
"""

# Two sweeps never get the same, and what a callback is at is left for the next one.
CLAIM = """
SELECT deadline.job_id, deadline.kind, deadline.rule_id, deadline.tenant_id,
  job.state, job.reason, job.expires_at, job.message, now() AS clock
FROM jobs_deadline deadline JOIN jobs_job job ON job.id = deadline.job_id
WHERE deadline.due_at <= now()
ORDER BY deadline.due_at LIMIT %(most)s
FOR UPDATE SKIP LOCKED
"""
DROP = """
DELETE FROM jobs_deadline
WHERE job_id = %(job)s AND kind = %(kind)s AND rule_id = %(rule)s
"""
POSTPONE = """
UPDATE jobs_deadline SET due_at = now() + %(wait)s
WHERE job_id = %(job)s AND kind = %(kind)s AND rule_id = %(rule)s
"""

LOCK_JOB = """
SELECT state FROM jobs_job WHERE id = %(job)s AND tenant_id = %(tenant)s
FOR UPDATE SKIP LOCKED
"""
# Nobody can claim what is locked; a leased one is in somebody's hands.
LOCK_ENTRY = """
SELECT job_id FROM jobs_queueentry WHERE job_id = %(job)s AND lease_until IS NULL
FOR UPDATE SKIP LOCKED
"""
CANCEL = """
WITH canceled AS (
  UPDATE jobs_job SET state = 'canceled', reason = %(reason)s, changed_at = now(),
    due_at = NULL
  WHERE id = %(job)s AND state IN ('queued', 'held', 'retrying') RETURNING id
)
DELETE FROM jobs_queueentry WHERE job_id IN (SELECT id FROM canceled)
"""
NOTE_REPLACED = """
UPDATE jobs_job SET reason = %(reason)s
WHERE id = %(job)s AND state IN ('undelivered', 'dead')
"""
LABEL = "UPDATE jobs_job SET is_possible_duplicate = true WHERE id = ANY(%(jobs)s)"

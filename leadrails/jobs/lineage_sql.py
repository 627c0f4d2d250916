"""The statements by which a restored backup is noticed, and what waits in it held."""

PLACE = ("system", "database", "timeline")
"""The parts of the fingerprint; each has a column `…_now` in what is looked at."""

_LOOK = """
SELECT lineage.id, lineage.beats, lineage.beat_at, lineage.system, lineage.database,
  lineage.timeline, pg_postmaster_start_time() AS server_started_at,
  here.oid::bigint AS database_now, {system} AS system_now, {timeline} AS timeline_now
FROM pg_database here LEFT JOIN jobs_lineage lineage ON true
WHERE here.datname = current_database()
"""

LOOK = _LOOK.format(
    system="(SELECT system_identifier FROM pg_control_system())",
    timeline="left(pg_walfile_name(pg_current_wal_lsn()), 8)",
)
LOOK_LESS = _LOOK.format(system="NULL::bigint", timeline="''")

BEGIN = """
INSERT INTO jobs_lineage (key, id, beats, beat_at, system, database, timeline)
VALUES (1, gen_random_uuid(), 0, now(), %(system)s, %(database)s, %(timeline)s)
ON CONFLICT DO NOTHING
"""

LOCK = "SELECT id FROM jobs_lineage FOR UPDATE"

BEAT = """
UPDATE jobs_lineage SET beats = beats + 1, beat_at = now() RETURNING id, beats, beat_at
"""

RENAME = """
UPDATE jobs_lineage SET id = gen_random_uuid(), beats = 0, beat_at = now(),
  system = %(system)s, database = %(database)s, timeline = %(timeline)s
"""

# Held entries are leased by nobody: a worker that claimed one before cannot start it.
HOLD = """
WITH waiting AS (
  SELECT job.id FROM jobs_queueentry entry JOIN jobs_job job ON job.id = entry.job_id
  WHERE job.state IN ('queued', 'retrying', 'held')
    AND job.created_at <= coalesce(%(until)s, now())
  ORDER BY job.id FOR UPDATE OF job
),
held AS (
  UPDATE jobs_job job SET state = 'held', reason = %(reason)s, changed_at = now(),
    due_at = NULL
  FROM waiting WHERE job.id = waiting.id RETURNING job.id, job.tenant_id
),
parked AS (
  UPDATE jobs_queueentry entry SET due_at = now() + %(wait)s, lease_until = NULL,
    worker = NULL
  FROM held WHERE entry.job_id = held.id
)
SELECT tenant_id, (array_agg(id))[1], count(*) FROM held GROUP BY tenant_id
ORDER BY tenant_id
"""

# The question is settled once nothing is held for it any more, by whatever way.
CURE = """
UPDATE alerts_alert alert SET resolved_at = now()
WHERE kind = %(kind)s AND resolved_at IS NULL AND NOT EXISTS (
  SELECT FROM jobs_job job WHERE job.tenant_id = alert.tenant_id
    AND job.state = 'held' AND job.reason = %(reason)s)
"""

"""
What the watch asks, one statement over all tenants each.

Jobs are looked for by their ids, which carry the time of their lead, so that only the
months that matter are read. A `LIMIT` bounds each look: alerts need to know that much
is wrong, not how much exactly.
"""

# Failures that nobody else tells: dead letters and filtered messages have their alerts,
# and who opted out is no failure.
_UNTOLD = """NOT job.is_test AND job.reason <> ALL(%(told)s)"""

# Only where something failed is anything counted.
FAILURES = f"""
WITH troubled AS (
  SELECT failed.destination_id FROM tenants_tenant tenant, LATERAL (
    (SELECT job.destination_id FROM jobs_job job
     WHERE job.tenant_id = tenant.id AND job.state = 'undelivered'
       AND job.id BETWEEN %(since)s AND %(until)s AND {_UNTOLD}
     ORDER BY job.id DESC LIMIT 5000)
    UNION ALL
    (SELECT job.destination_id FROM jobs_job job
     WHERE job.tenant_id = tenant.id AND job.state = 'dead'
       AND job.id BETWEEN %(since)s AND %(until)s AND {_UNTOLD}
     ORDER BY job.id DESC LIMIT 5000)) failed
  GROUP BY 1 HAVING count(*) >= %(floor)s
  UNION
  SELECT destination_id FROM alerts_alert
  WHERE resolved_at IS NULL AND destination_id IS NOT NULL
    AND (kind = %(failure_rate)s OR kind = %(config_failed)s AND cause = %(filtered)s)
)
SELECT place.tenant_id, place.id, place.delivered_once,
  seen.failed, seen.filtered, seen.decided, seen.cause, seen.example
FROM troubled JOIN destinations_destination place ON place.id = troubled.destination_id,
LATERAL (
  SELECT count(*) FILTER (WHERE is_failed AND is_untold) AS failed,
    count(*) FILTER (WHERE is_failed AND reason = %(filtered)s) AS filtered,
    count(*) AS decided,
    mode() WITHIN GROUP (ORDER BY coalesce(nullif(error_code, ''), reason))
      FILTER (WHERE is_failed AND is_untold) AS cause,
    (array_agg(id ORDER BY id DESC) FILTER (WHERE is_failed AND is_untold))[1]
      AS example
  FROM (
    SELECT id, error_code, reason, {_UNTOLD} AS is_untold,
      state IN ('undelivered', 'dead') AS is_failed
    FROM (
      SELECT * FROM jobs_job
      WHERE jobs_job.tenant_id = place.tenant_id AND destination_id = place.id
        AND id BETWEEN %(since)s AND %(until)s
      ORDER BY id DESC LIMIT 5000) job
    WHERE NOT is_test
      -- What was accepted just now may still fail.
      AND (state IN ('undelivered', 'dead', 'delivered', 'read')
        OR state IN ('accepted', 'sent') AND accepted_at < now() - interval '5 minutes')
    ORDER BY job.id DESC LIMIT 1000) recent
) seen
"""  # noqa: S608 - constants of ours

# Since when the oldest message waits, of each destination that may send: in the queue,
# behind a ceiling, or from one try to the next. What waits for a person has an alert
# of its own, replays wait on purpose, and quiet hours are no fault.
WAITING = """
WITH RECURSIVE lane AS (
  (SELECT destination_id, is_bulk FROM jobs_queueentry
   WHERE lease_until IS NULL ORDER BY destination_id, is_bulk LIMIT 1)
  UNION ALL
  SELECT following.* FROM lane, LATERAL (
    SELECT destination_id, is_bulk FROM jobs_queueentry
    WHERE lease_until IS NULL
      AND (destination_id, is_bulk) > (lane.destination_id, lane.is_bulk)
    ORDER BY destination_id, is_bulk LIMIT 1) following
),
waiting AS (
  SELECT lane.destination_id, oldest.due_at AS since, '' AS cause, oldest.job_id
  FROM lane, LATERAL (
    SELECT due_at, job_id FROM jobs_queueentry entry
    WHERE entry.destination_id = lane.destination_id AND NOT entry.is_bulk
      AND lease_until IS NULL AND due_at <= now()
    ORDER BY due_at LIMIT 1) oldest
  WHERE NOT lane.is_bulk
  UNION ALL
  SELECT held.destination_id, held.changed_at, held.reason, held.id
  FROM alerts_alert alert, LATERAL (
    SELECT job.id, job.destination_id, job.changed_at, job.reason FROM jobs_job job
    WHERE job.tenant_id = alert.tenant_id AND job.state = 'held'
      AND job.id BETWEEN %(oldest)s AND %(until)s
      AND job.reason IN ('destination_ceiling', 'source_ceiling')
      AND (job.destination_id = alert.destination_id
        OR job.source_id = alert.source_id)
      AND job.replay_of IS NULL
    ORDER BY job.id LIMIT 1) held
  WHERE alert.resolved_at IS NULL AND alert.kind = ANY(%(ceilings)s)
  UNION ALL
  SELECT again.destination_id, first.started_at, again.reason, again.id
  FROM tenants_tenant tenant, LATERAL (
    SELECT job.id, job.destination_id, job.reason FROM jobs_job job
    WHERE job.tenant_id = tenant.id AND job.state = 'retrying'
      AND job.id BETWEEN %(oldest)s AND %(until)s AND job.replay_of IS NULL
    ORDER BY job.id LIMIT 1000) again
  JOIN jobs_attempt first ON first.job_id = again.id AND first.number = 1
    AND first.job_id BETWEEN %(oldest)s AND %(until)s
),
worst AS (
  SELECT DISTINCT ON (destination_id) * FROM waiting ORDER BY destination_id, since
)
SELECT place.tenant_id, place.id, now() - worst.since AS waited,
  place.queue_objective AS objective, worst.job_id,
  CASE WHEN gate.openings > 0 THEN 'circuit_open'
    WHEN gate.slowed_until > now() THEN 'rate_limited'
    WHEN worst.cause <> '' THEN worst.cause
    WHEN gate.free_at > now() - interval '1 minute' OR EXISTS (
      SELECT FROM jobs_queueentry entry
      WHERE entry.destination_id = place.id AND entry.lease_until > now())
    THEN 'rate_is_low' ELSE 'nobody_sends' END AS cause,
  (SELECT count(*) FROM (SELECT FROM jobs_queueentry entry
    WHERE entry.destination_id = place.id AND NOT entry.is_bulk
      AND entry.lease_until IS NULL AND entry.due_at <= now() - place.queue_objective
      AND now() - worst.since > place.queue_objective
    LIMIT 1000) late) AS late
FROM worst JOIN destinations_destination place ON place.id = worst.destination_id
LEFT JOIN jobs_gate gate ON gate.destination_id = place.id
WHERE place.status = 'active'
"""

# A circuit that nobody has tried for long says nothing of the provider any more.
SILENT = """
WITH seen AS (
  SELECT place.tenant_id, place.kind, place.is_simulated, gate.openings,
    gate.openings > 0 AND gate.open_until > now() - interval '15 minutes' AS is_silent
  FROM jobs_gate gate JOIN destinations_destination place
    ON place.id = gate.destination_id AND place.status = 'active'
  WHERE gate.openings > 0 AND gate.open_until > now() - interval '15 minutes'
    OR gate.openings = 0 AND gate.free_at > now() - interval '15 minutes'
),
provider AS (
  SELECT kind, is_simulated, count(*) FILTER (WHERE is_silent) AS silent,
    count(*) AS used, max(openings) AS longest
  FROM seen GROUP BY kind, is_simulated
)
SELECT seen.tenant_id, kind, is_simulated, provider.silent, provider.used,
  provider.longest, count(*) AS mine
FROM seen JOIN provider USING (kind, is_simulated)
WHERE seen.is_silent
GROUP BY seen.tenant_id, kind, is_simulated, provider.silent, provider.used,
  provider.longest
"""

STRAY = """
SELECT tenant_id, count(*), min({key}::text)::uuid
FROM (SELECT tenant_id, {key} FROM {table}_default LIMIT 10000) stray
GROUP BY tenant_id
"""

# Cures: conditions on `alert`. A scalar subquery with LIMIT 1 is one look by index for
# each open alert, whatever the planner thinks of the tables.
_HELD = """(SELECT 1 FROM jobs_job job
  WHERE job.tenant_id = alert.tenant_id AND job.state = 'held'
    AND job.id BETWEEN %(oldest)s AND %(until)s AND job.reason = '{reason}'
    AND job.{place} = alert.{place} LIMIT 1) IS NULL"""
NONE_HELD_BY_DESTINATION = _HELD.format(
    reason="destination_ceiling", place="destination_id"
)
NONE_HELD_BY_RECIPIENT = _HELD.format(
    reason="recipient_ceiling", place="destination_id"
)
NONE_HELD_BY_SOURCE = _HELD.format(reason="source_ceiling", place="source_id")

# Each dead letter of the last days was replayed, by a job that is not dead itself: a
# dead one is in this list on its own account.
ALL_REPLAYED = """(SELECT 1 FROM jobs_job job
  WHERE job.tenant_id = alert.tenant_id AND job.state = 'dead'
    AND job.id BETWEEN %(oldest)s AND %(until)s
    AND job.destination_id = alert.destination_id AND job.reason = ANY(%(ends)s)
    AND job.changed_at > now() - interval '7 days'
    AND (SELECT 1 FROM jobs_job again
      WHERE again.lead_id = job.lead_id AND again.replay_of = job.id
        AND again.id BETWEEN %(oldest)s AND %(until)s LIMIT 1) IS NULL
  ORDER BY job.id DESC LIMIT 1) IS NULL"""

NONE_UNKNOWN = """(SELECT 1 FROM jobs_job job
  WHERE job.tenant_id = alert.tenant_id AND job.state = 'unknown'
    AND job.id BETWEEN %(oldest)s AND %(until)s
    AND job.destination_id = alert.destination_id LIMIT 1) IS NULL"""

# It sends again although nobody pressed “resume”: the refusal came late.
ACCEPTED_SINCE = """alert.cause <> %(filtered)s
AND EXISTS (SELECT FROM destinations_destination place
  WHERE place.id = alert.destination_id AND place.status = 'active')
AND (SELECT 1 FROM (
    SELECT job.accepted_at FROM jobs_job job
    WHERE job.tenant_id = alert.tenant_id
      AND job.destination_id = alert.destination_id
      AND job.id BETWEEN %(oldest)s AND %(until)s
    ORDER BY job.id DESC LIMIT 50) recent
  WHERE recent.accepted_at > alert.last_at LIMIT 1) = 1"""

COUNTRY_NOT_HELD = """NOT EXISTS (SELECT FROM destinations_destination place
  WHERE place.id = alert.destination_id
    AND place.held_countries @> ARRAY[split_part(alert.scope, ':', 3)]::varchar[])"""

CLOSE_OF_DELETED = """
UPDATE alerts_alert SET resolved_at = now() WHERE id IN (
  SELECT alert.id FROM alerts_alert alert
  JOIN destinations_destination place ON place.id = alert.destination_id
  WHERE alert.resolved_at IS NULL AND place.status = 'revoked'
  FOR UPDATE OF alert SKIP LOCKED)
"""

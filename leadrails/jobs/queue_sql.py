"""
The statements that move jobs through the queue. All times are the database's.

A claim leases entries, `START` writes attempt rows before any call is made, `SETTLE`
writes what came of them, `PUT_ASIDE` ends or delays what is not attempted, and `REAP`
takes over from workers that died. Each is one statement and so one transaction. Rows
come in as one JSON array: a driver's arrays cost the drain ten times as much.
"""

# Lanes that hold anything due are found by a loose index scan, one probe each; a
# destination's replays wait while anything live of its own is due. Nothing is looked
# for before the low-water mark `since`.
#
# Tenants share the claim equally, and so do the lanes of a tenant, so that a backlog
# gains nothing by being long or by being spread over many destinations. What one
# lane leaves unused, the next claim gives to the others.
#
# A destination gets no more than its gate lets start within `ahead`. Gates are locked
# in one order, for the moment of the claim. Who waited for that reads the gate as the
# other claim left it, but counts the calls in flight as of before: what `claimed` has
# grown by meanwhile is in flight as well. A row without a job says that something
# due was kept back by its gate: look again soon.
#
# The plan is often made while the queue is empty and kept into a flood. So lanes are
# never joined with tenants, nor entries with those picked: the planner, who takes both
# for one row, would compare each with each.
#
# A claim need not be on disk: a crash of the database gives its jobs back, and `START`
# waits for the disk before any call is made.
CLAIM = """
WITH RECURSIVE lane AS (
  (SELECT destination_id, is_bulk, tenant_id FROM jobs_queueentry
   WHERE lease_until IS NULL AND due_at BETWEEN %(since)s AND now()
   ORDER BY destination_id, is_bulk LIMIT 1)
  UNION ALL
  SELECT following.* FROM lane, LATERAL (
    SELECT destination_id, is_bulk, tenant_id FROM jobs_queueentry
    WHERE lease_until IS NULL AND due_at BETWEEN %(since)s AND now()
      AND destination_id > lane.destination_id
    ORDER BY destination_id, is_bulk LIMIT 1) following
),
due AS (
  SELECT lane.*, coalesce(seen.served_at, '-infinity') AS served_at
  FROM lane LEFT JOIN jobs_lane seen USING (destination_id, is_bulk)
),
gate AS (
  SELECT * FROM jobs_gate WHERE destination_id IN (SELECT destination_id FROM due)
  ORDER BY destination_id FOR UPDATE
),
flying AS (
  SELECT destination_id, count(*) AS calls FROM jobs_queueentry
  WHERE lease_until > now() GROUP BY destination_id
),
flow AS (
  SELECT due.*, rate.per_second,
    CASE WHEN gate.open_until > now() OR gate.slowed_until > now() THEN 0
      WHEN gate.openings > 0 THEN 1
      ELSE least(place.max_in_flight - coalesce(flying.calls, 0)
          - coalesce(gate.claimed - known.claimed, 0),
        floor(greatest(1, rate.per_second) + rate.per_second * extract(epoch FROM
          now() + %(ahead)s - greatest(gate.free_at, now())))::bigint)
    END AS room
  FROM due JOIN destinations_destination place ON place.id = due.destination_id
  LEFT JOIN gate USING (destination_id) LEFT JOIN flying USING (destination_id)
  LEFT JOIN jobs_gate known USING (destination_id),
  LATERAL (SELECT place.messages_per_second * coalesce(least(1, gate.share
    + 0.02 * extract(epoch FROM now() - gate.slowed_until)), 1) AS per_second) AS rate
),
ready AS (
  SELECT flow.*, max(served_at) OVER tenant AS tenant_served_at,
    count(*) OVER tenant AS lanes
  FROM flow WHERE room > 0 WINDOW tenant AS (PARTITION BY tenant_id)
),
quota AS (
  SELECT destination_id, is_bulk,
    row_number() OVER (ORDER BY is_bulk, tenant_served_at, served_at) AS turn,
    least(room, greatest(1,
      %(room)s / (SELECT count(DISTINCT tenant_id) FROM ready) / lanes)) AS share
  FROM ready
),
picked AS (
  SELECT entry.job_id FROM (SELECT * FROM quota ORDER BY turn LIMIT %(room)s) quota,
  LATERAL (
    SELECT job_id FROM jobs_queueentry
    WHERE destination_id = quota.destination_id AND is_bulk = quota.is_bulk
      AND lease_until IS NULL AND due_at BETWEEN %(since)s AND now()
    ORDER BY due_at LIMIT quota.share
    FOR UPDATE SKIP LOCKED) entry
  LIMIT %(room)s
),
leased AS (
  UPDATE jobs_queueentry entry
  SET lease_until = now() + %(lease)s, worker = %(worker)s
  WHERE entry.job_id = ANY(ARRAY(SELECT job_id FROM picked))
  RETURNING entry.job_id, entry.destination_id, entry.tenant_id, entry.is_bulk
),
served AS (
  INSERT INTO jobs_lane AS lane (destination_id, is_bulk, tenant_id, served_at)
  SELECT DISTINCT destination_id, is_bulk, tenant_id, now() FROM leased
  ORDER BY destination_id, is_bulk
  ON CONFLICT (destination_id, is_bulk) DO UPDATE SET served_at = now()
),
passed AS (
  INSERT INTO jobs_gate AS gate (destination_id, tenant_id, free_at, claimed)
  SELECT flow.destination_id, flow.tenant_id,
    now() + count(*) / flow.per_second * interval '1 second', count(*)
  FROM leased JOIN flow USING (destination_id)
  GROUP BY flow.destination_id, flow.tenant_id, flow.per_second
  ORDER BY flow.destination_id
  ON CONFLICT (destination_id) DO UPDATE SET
    free_at = excluded.free_at + (greatest(gate.free_at, now()) - now()),
    claimed = gate.claimed + excluded.claimed,
    is_probing = gate.openings > 0,
    open_until = CASE WHEN gate.openings > 0 THEN now() + %(probe)s END
)
SELECT job_id FROM leased,
  (SELECT set_config('synchronous_commit', 'off', true)) relaxed
UNION ALL
SELECT NULL WHERE EXISTS (SELECT FROM flow WHERE room <= 0)
"""

LOAD = """
SELECT job.id, job.tenant_id, job.lead_id, job.destination_id, job.recipient,
  job.state, job.reason, job.attempts, job.message, job.created_at, job.expires_at,
  job.is_test, now() AS clock, lead.event, lead.phone,
  (SELECT reason FROM contacts_suppression listed
   WHERE listed.tenant_id = job.tenant_id AND listed.phone = job.recipient
     AND listed.lifted_at IS NULL) AS suppressed_as,
  job.recipient <> '' AND EXISTS (SELECT FROM jobs_job other
    WHERE other.tenant_id = job.tenant_id AND other.recipient = job.recipient
      AND other.id BETWEEN %(since)s AND %(until)s AND other.id <> job.id
  ) AS has_company,
  (SELECT coalesce(sum(started_this_hour), 0) FROM jobs_lane
   WHERE jobs_lane.destination_id = job.destination_id
     AND hour = date_trunc('hour', now(), 'UTC')) AS destination_this_hour,
  job.source_id, source.hourly_ceiling AS source_ceiling,
  CASE WHEN source.hourly_ceiling IS NULL THEN 0 ELSE coalesce(
    (SELECT started FROM jobs_sourcehour spent WHERE spent.source_id = job.source_id
       AND hour = date_trunc('hour', now(), 'UTC')), 0) END AS source_this_hour,
  attempt.started_at AS attempt_started_at, attempt.finished_at AS attempt_finished_at,
  coalesce((attempt.response->>'looks')::int, 0) AS looks,
  destination.xmin::text || destination.ctid::text AS destination_version
FROM unnest(%(jobs)s::uuid[]) WITH ORDINALITY AS wanted (id, place)
JOIN jobs_job job ON job.id = wanted.id
LEFT JOIN destinations_destination destination ON destination.id = job.destination_id
LEFT JOIN leads_lead lead ON lead.id = job.lead_id AND job.message IS NULL
LEFT JOIN leads_source source ON source.id = job.source_id
LEFT JOIN jobs_attempt attempt ON attempt.job_id = job.id
  AND attempt.number = job.attempts AND job.state = 'unknown'
ORDER BY wanted.place
"""

# The policy's facts may have aged since they were read: what would text somebody
# against their will is asked again in the statement that commits us to the call.
# What is sent while an earlier attempt's outcome is unknown may arrive twice.
#
# That ids lie between the first and the last is always so, but the planner guesses that
# one row of a hundred does, and looks each job up by its id. By a plan made for empty
# tables it would else read all that wait, for each batch of a flood.
START = """
WITH input AS (
  SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS x (job_id uuid, number int,
    message jsonb, encoding text, segments int, request jsonb)
  WHERE job_id BETWEEN '00000000-0000-0000-0000-000000000000'
    AND 'ffffffff-ffff-ffff-ffff-ffffffffffff'
),
moved AS (
  UPDATE jobs_job job SET state = 'sending', reason = '', changed_at = now(),
    attempts = input.number, message = coalesce(job.message, input.message),
    encoding = input.encoding, segments = input.segments, due_at = NULL,
    error_code = '', error_message = '',
    is_possible_duplicate = job.is_possible_duplicate OR input.number > 1 AND EXISTS (
      SELECT FROM jobs_attempt earlier WHERE earlier.job_id = job.id
        AND earlier.number < input.number AND earlier.outcome = 'unknown')
  FROM input, destinations_destination place
  WHERE job.id = input.job_id AND job.attempts = input.number - 1
    AND job.state IN ('queued', 'retrying', 'held') AND job.expires_at > now()
    AND place.id = job.destination_id AND place.status = 'active'
    AND (SELECT reason FROM contacts_suppression listed
      WHERE listed.tenant_id = job.tenant_id AND listed.phone = job.recipient
        AND listed.lifted_at IS NULL) IS NULL
    AND (SELECT worker FROM jobs_queueentry entry WHERE entry.job_id = job.id)
      = %(worker)s
  RETURNING job.id, job.tenant_id, job.destination_id, job.source_id, input.number,
    input.request
),
counted AS (
  INSERT INTO jobs_lane AS lane (destination_id, is_bulk, tenant_id, served_at, hour,
    started_this_hour)
  SELECT destination_id, false, tenant_id, now(), date_trunc('hour', now(), 'UTC'),
    count(*) FROM moved GROUP BY destination_id, tenant_id ORDER BY destination_id
  ON CONFLICT (destination_id, is_bulk) DO UPDATE SET hour = excluded.hour,
    started_this_hour = excluded.started_this_hour
      + CASE WHEN lane.hour = excluded.hour THEN lane.started_this_hour ELSE 0 END
),
counted_by_source AS (
  INSERT INTO jobs_sourcehour AS spent (source_id, tenant_id, hour, started)
  SELECT source_id, tenant_id, date_trunc('hour', now(), 'UTC'), count(*)
  FROM moved WHERE source_id = ANY(%(counted_sources)s::uuid[])
  GROUP BY source_id, tenant_id ORDER BY source_id
  ON CONFLICT (source_id) DO UPDATE SET hour = excluded.hour,
    started = excluded.started
      + CASE WHEN spent.hour = excluded.hour THEN spent.started ELSE 0 END
)
INSERT INTO jobs_attempt (job_id, number, tenant_id, destination_id, started_at,
  request)
SELECT id, number, tenant_id, destination_id, now(), request FROM moved
RETURNING job_id
"""

# An entry without a delay waits until its job expires, or until somebody clears the
# cause. `error` is the text for the job's page. Whoever lost its lease decides nothing:
# the job may be in doubt by another's attempt now.
PUT_ASIDE = """
WITH input AS (
  SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS x (job_id uuid, state text,
    reason text, due timestamptz, error text)
  WHERE job_id BETWEEN '00000000-0000-0000-0000-000000000000'
    AND 'ffffffff-ffff-ffff-ffff-ffffffffffff'
),
moved AS (
  UPDATE jobs_job job SET state = input.state, reason = input.reason,
    changed_at = CASE WHEN job.state = input.state AND job.reason = input.reason
      THEN job.changed_at ELSE now() END,
    error_message = CASE WHEN input.error = '' THEN job.error_message
      ELSE input.error END,
    due_at = CASE WHEN input.state = 'held' THEN input.due END
  FROM input
  WHERE job.id = input.job_id AND job.state IN ('queued', 'retrying', 'held', 'unknown')
    AND (SELECT worker FROM jobs_queueentry entry WHERE entry.job_id = job.id)
      = %(worker)s
  RETURNING job.id, job.state, job.expires_at, input.due
),
ended AS (
  DELETE FROM jobs_queueentry
  WHERE job_id = ANY(ARRAY(SELECT id FROM moved WHERE state <> 'held'))
),
waiting AS (
  UPDATE jobs_queueentry entry SET due_at = coalesce(moved.due, moved.expires_at),
    lease_until = NULL, worker = NULL
  FROM moved WHERE entry.job_id = moved.id
    AND entry.job_id = ANY(ARRAY(SELECT id FROM moved WHERE state = 'held'))
)
SELECT id FROM moved
"""

# A callback may have come before its own receipt, and a lease may have run out under
# a slow call: only a job that still waits for this attempt is moved by its outcome, or
# one that was to be sent again, or given up, since nobody knew of this receipt.
SETTLE = """
WITH input AS (
  SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS x (job_id uuid, number int,
    state text, reason text, delay interval, outcome text, provider_id text,
    sender text, segments int, http_status int, error_code text, error_message text,
    response jsonb, duration interval)
),
finished AS (
  UPDATE jobs_attempt attempt SET finished_at = attempt.started_at + input.duration,
    -- What a callback has proven before, a lost answer does not disprove.
    outcome = CASE WHEN attempt.outcome = 'accepted' THEN attempt.outcome
      ELSE input.outcome END,
    http_status = coalesce(input.http_status, attempt.http_status),
    -- What was said is not unsaid by what says nothing.
    error_code = coalesce(nullif(input.error_code, ''), attempt.error_code),
    error_message = coalesce(nullif(input.error_message, ''), attempt.error_message),
    provider_id = coalesce(nullif(input.provider_id, ''), attempt.provider_id),
    response = input.response
  FROM input
  WHERE attempt.job_id = input.job_id AND attempt.number = input.number
),
locked AS (
  SELECT input.*, job.attempts, job.state AS was,
    -- A receipt of what was given up proves that the message exists.
    -- (A join: for EXISTS the planner might read the whole table, and a subquery here
    -- has crashed PostgreSQL 18.)
    CASE WHEN input.outcome = 'accepted'
      AND (job.state NOT IN ('sending', 'unknown') OR job.attempts > input.number)
      THEN coalesce(doubted.outcome IN ('absent', 'unknown'), false)
      ELSE false END AS is_found
  FROM input JOIN jobs_job job ON job.id = input.job_id
  LEFT JOIN jobs_attempt doubted ON doubted.job_id = input.job_id
    AND doubted.number = input.number
  FOR UPDATE OF job
),
before AS (
  SELECT locked.*, attempts = number AND (was = 'sending'
      OR was = 'unknown' AND state <> 'held'
      OR is_found AND was IN ('queued', 'retrying', 'held', 'dead', 'canceled',
        'skipped')) AS waits
  FROM locked
),
moved AS (
  UPDATE jobs_job job SET
    state = CASE WHEN waits THEN before.state ELSE job.state END,
    reason = CASE WHEN waits THEN before.reason ELSE job.reason END,
    changed_at = CASE WHEN waits THEN now() ELSE job.changed_at END,
    due_at = CASE WHEN waits THEN now() + before.delay ELSE job.due_at END,
    error_code = CASE WHEN waits THEN before.error_code ELSE job.error_code END,
    error_message = CASE WHEN waits THEN before.error_message
      ELSE job.error_message END,
    accepted_at = coalesce(job.accepted_at,
      CASE WHEN before.outcome = 'accepted' THEN now() END),
    provider_id = CASE WHEN before.provider_id <> '' AND job.attempts = before.number
      THEN before.provider_id ELSE job.provider_id END,
    sender = CASE WHEN before.sender <> '' AND job.sender = '' THEN before.sender
      ELSE job.sender END,
    segments = coalesce(before.segments, job.segments),
    is_possible_duplicate = job.is_possible_duplicate
      OR is_found AND job.attempts > before.number
  FROM before WHERE job.id = before.job_id
  RETURNING job.id, job.state, job.expires_at, before.delay, before.waits
),
ended AS (
  DELETE FROM jobs_queueentry WHERE job_id = ANY(ARRAY(SELECT id FROM moved
    WHERE state NOT IN ('queued', 'retrying', 'held', 'unknown', 'sending')))
),
again AS (
  UPDATE jobs_queueentry entry SET lease_until = NULL, worker = NULL,
    due_at = coalesce(now() + moved.delay, moved.expires_at)
  FROM moved WHERE entry.job_id = moved.id AND entry.job_id = ANY(ARRAY(
    SELECT id FROM moved WHERE waits AND state IN ('retrying', 'held', 'unknown')))
)
SELECT id, state, waits FROM moved
"""

RELEASE = """
UPDATE jobs_queueentry SET lease_until = NULL, worker = NULL, due_at = now() + %(delay)s
WHERE job_id = ANY(%(jobs)s) AND worker = %(worker)s
"""

HEARTBEAT = """
UPDATE jobs_queueentry SET lease_until = now() + %(lease)s
WHERE job_id = ANY(%(jobs)s) AND worker = %(worker)s
"""

# Leases that ran out: without an attempt under way the job runs again, with one its
# outcome is unknown and is asked for; a job that ended meanwhile leaves the queue.
REAP = """
WITH lost AS (
  SELECT job_id FROM jobs_queueentry
  WHERE lease_until >= %(since)s AND lease_until < now()
  ORDER BY lease_until LIMIT %(most)s FOR UPDATE SKIP LOCKED
),
doubtful AS (
  UPDATE jobs_job job SET state = 'unknown', reason = 'worker_lost', changed_at = now()
  FROM lost WHERE job.id = lost.job_id AND job.state = 'sending'
  RETURNING job.id, job.attempts
),
unfinished AS (
  UPDATE jobs_attempt attempt SET outcome = 'unknown', finished_at = now()
  FROM doubtful WHERE attempt.job_id = doubtful.id
    AND attempt.number = doubtful.attempts AND attempt.finished_at IS NULL
),
waiting AS (
  UPDATE jobs_queueentry entry SET lease_until = NULL, worker = NULL,
    due_at = CASE WHEN job.state = 'sending' THEN now() + %(first_look)s ELSE now() END
  FROM lost JOIN jobs_job job ON job.id = lost.job_id
  WHERE entry.job_id = lost.job_id
    AND entry.job_id = ANY(ARRAY(SELECT job_id FROM lost))
    AND job.state IN ('queued', 'retrying', 'held', 'unknown', 'sending')
  RETURNING entry.job_id
),
ended AS (
  DELETE FROM jobs_queueentry entry
  WHERE job_id = ANY(ARRAY(SELECT job_id FROM lost))
    AND NOT EXISTS (SELECT FROM jobs_job job WHERE job.id = entry.job_id
      AND job.state IN ('queued', 'retrying', 'held', 'unknown', 'sending'))
  RETURNING entry.job_id
)
SELECT (SELECT count(*) FROM waiting), (SELECT count(*) FROM doubtful),
  (SELECT count(*) FROM ended), now()
"""

# The first of the index tells, whatever share of the entries the planner believes due.
# The index for this names the epoch too, lest it tempt the planner of a claim to walk
# over a long backlog in search of one lane's.
OLDEST = """
SELECT (SELECT due_at FROM jobs_queueentry
  WHERE lease_until IS NULL AND due_at > '1970-01-01 00:00+00' AND due_at >= %(since)s
  ORDER BY due_at LIMIT 1), now()
"""

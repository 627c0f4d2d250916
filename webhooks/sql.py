"""
The statements of the callbacks' queue. All times are the database's.

A batch is claimed, its jobs are locked and loaded, and what was decided is written
with one statement for each table. No statement waits for a lock on a job: what is
locked elsewhere stays for later. Rows travel as one JSON value, whose type never
changes, so that each statement is planned once.
"""

# Safe to run twice: the id is ours. With a version, only if the destination is still
# of that version: who remembers it need not ask for it first.
STORE = """
INSERT INTO webhooks_rawcallback (id, tenant_id, destination_id, job_id, attempt, kind,
  url, headers, body, is_signed, received_at, tries, error)
SELECT %(id)s, %(tenant)s, %(destination)s, %(job)s::uuid, %(attempt)s::smallint,
  %(kind)s, %(url)s, %(headers)s::jsonb, %(body)s, %(is_signed)s, now(), 0, ''
WHERE %(version)s::text IS NULL OR EXISTS (
  SELECT FROM destinations_destination
  WHERE id = %(destination)s AND xmin::text || ctid::text = %(version)s)
ON CONFLICT (id) DO UPDATE SET tries = webhooks_rawcallback.tries
RETURNING id
"""

# A row that failed waits 2, 8, 18 … 162 seconds, counted from when it came.
CLAIM = """
SELECT id, tenant_id, destination_id, job_id, attempt, kind, body, received_at, tries
FROM webhooks_rawcallback
WHERE processed_at IS NULL AND id BETWEEN %(first)s AND %(last)s
  AND (tries = 0 OR received_at + tries * tries * interval '2 seconds' <= now())
ORDER BY id LIMIT %(limit)s
FOR UPDATE SKIP LOCKED
"""

LOCK_JOBS = """
SELECT job.id, job.tenant_id, job.destination_id, job.recipient, job.state, job.reason,
  job.attempts, job.created_at, job.expires_at, job.provider_id, job.sender,
  job.segments, job.error_code, job.error_message, job.price, job.price_unit,
  job.accepted_at, job.sent_at, job.delivered_at, job.read_at,
  job.is_possible_duplicate, job.is_contradicted, now() AS clock
FROM jobs_job job WHERE job.id = ANY(%(jobs)s)
FOR UPDATE SKIP LOCKED
"""

FIND_JOBS = "SELECT id FROM jobs_job WHERE id = ANY(%(jobs)s)"

# Runs when the jobs are locked, so that its snapshot has all that others wrote
# under their locks. A drain may still hold a job's entry: then the job is busy.
LOAD = """
WITH entry AS (
  SELECT job_id FROM jobs_queueentry WHERE job_id = ANY(%(jobs)s)
  FOR UPDATE SKIP LOCKED
)
SELECT job.id,
  (SELECT job_id FROM jobs_queueentry WHERE job_id = job.id) IS NOT NULL
    AND job.id NOT IN (SELECT job_id FROM entry) AS is_busy,
  (SELECT json_agg(json_build_array(number, started_at, outcome, provider_id))
   FROM jobs_attempt WHERE job_id = job.id) AS attempts,
  (SELECT json_agg(json_build_array(provider_id, status, error, attempt, state))
   FROM jobs_deliveryevent WHERE job_id = job.id) AS told
FROM unnest(%(jobs)s::uuid[]) AS job (id)
"""

WRITE_JOBS = """
WITH input AS (
  SELECT * FROM json_to_recordset(%(rows)s::json) AS x (id uuid, state text,
    reason text, provider_id text, sender text, segments int, error_code text,
    error_message text, price numeric, price_unit text, accepted_at timestamptz,
    sent_at timestamptz, delivered_at timestamptz, read_at timestamptz,
    is_possible_duplicate bool, is_contradicted bool, is_moved bool, delay interval,
    attempts int)
),
written AS (
  UPDATE jobs_job job SET state = input.state, reason = input.reason,
    provider_id = input.provider_id, sender = input.sender, segments = input.segments,
    error_code = input.error_code, error_message = input.error_message,
    price = input.price, price_unit = input.price_unit,
    accepted_at = input.accepted_at, sent_at = input.sent_at,
    delivered_at = input.delivered_at, read_at = input.read_at,
    is_possible_duplicate = input.is_possible_duplicate,
    is_contradicted = input.is_contradicted, attempts = input.attempts,
    changed_at = CASE WHEN is_moved THEN now() ELSE job.changed_at END,
    due_at = CASE WHEN is_moved THEN now() + input.delay ELSE job.due_at END
  FROM input WHERE job.id = input.id
  RETURNING job.id, job.tenant_id, job.destination_id, job.state, job.due_at,
    job.replay_of, is_moved
),
ended AS (
  DELETE FROM jobs_queueentry WHERE job_id = ANY(ARRAY(
    SELECT id FROM written WHERE is_moved AND state <> 'retrying'))
)
INSERT INTO jobs_queueentry (job_id, tenant_id, destination_id, is_bulk, due_at)
SELECT id, tenant_id, destination_id, replay_of IS NOT NULL, due_at
FROM written WHERE is_moved AND state = 'retrying'
ON CONFLICT (job_id) DO UPDATE SET due_at = excluded.due_at, lease_until = NULL,
  worker = NULL
"""

# Attempts that a restored database has forgotten.
ADD_ATTEMPTS = """
INSERT INTO jobs_attempt (job_id, number, tenant_id, destination_id, started_at)
SELECT * FROM json_to_recordset(%(rows)s::json)
  AS x (job_id uuid, number int, tenant_id uuid, destination_id uuid,
    started_at timestamptz)
ON CONFLICT DO NOTHING
"""

# The worker that made the attempt may have died over it: then nobody else ends it.
# If it lives, its own settling overwrites the time, or came first and knows more.
WRITE_ATTEMPTS = """
UPDATE jobs_attempt attempt SET
  outcome = CASE WHEN input.outcome = 'unknown' AND attempt.outcome <> ''
    THEN attempt.outcome ELSE input.outcome END,
  provider_id = coalesce(nullif(input.provider_id, ''), attempt.provider_id),
  finished_at = coalesce(attempt.finished_at, now())
FROM json_to_recordset(%(rows)s::json)
  AS input (job_id uuid, number int, outcome text, provider_id text)
WHERE attempt.job_id = input.job_id AND attempt.number = input.number
"""

WRITE_EVENTS = """
INSERT INTO jobs_deliveryevent (job_id, provider_id, status, error, tenant_id, attempt,
  state, received_at, callback_id, payload)
SELECT * FROM json_to_recordset(%(rows)s::json)
  AS x (job_id uuid, provider_id text, status text, error text, tenant_id uuid,
    attempt int, state text, received_at timestamptz, callback_id uuid, payload jsonb)
ON CONFLICT DO NOTHING
"""

LOCK_DESTINATIONS = """
SELECT id FROM destinations_destination WHERE id = ANY(%(ids)s)
ORDER BY id FOR NO KEY UPDATE
"""

FINISH = """
UPDATE webhooks_rawcallback SET processed_at = now(), error = ''
WHERE id = ANY(%(ids)s)
"""

# A row that fails for the last time is given up, and kept with its error.
NOTE_ERRORS = """
UPDATE webhooks_rawcallback callback SET tries = tries + 1, error = input.error,
  processed_at = CASE WHEN tries + 1 >= %(max_tries)s THEN now() END
FROM json_to_recordset(%(rows)s::json) AS input (id uuid, error text)
WHERE callback.id = input.id AND processed_at IS NULL
"""

# Of callbacks that name no attempt: whose message it is, in the workspace.
FIND_BY_PROVIDER_ID = """
SELECT job.id, job.destination_id, coalesce(
  (SELECT max(number) FROM jobs_attempt
   WHERE job_id = job.id AND provider_id = %(provider_id)s), job.attempts)
FROM jobs_job job
WHERE job.provider_id = %(provider_id)s AND job.provider_id > ''
  AND job.tenant_id = %(tenant)s
ORDER BY job.id DESC LIMIT 1
"""

# Which message a person answers, unless the provider tells: the last that was sent to
# them, by the same destination if there is one. Before all others goes the last that
# offered what was tapped: several may be on the phone.
FIND_ANSWERED = """
SELECT id, lead_id, CASE WHEN sender = %(recipient)s THEN destination_id END FROM (
  SELECT id, lead_id, destination_id, sender, attempts, message,
    coalesce(accepted_at, created_at) AS sent_at
  FROM jobs_job
  WHERE tenant_id = %(tenant)s AND recipient = %(phone)s
  ORDER BY id DESC LIMIT 50) recent
WHERE attempts > 0
ORDER BY %(postback)s::text > '' AND coalesce(jsonb_path_exists(
    message,
    '$.rich.** ? (@.postback == $tapped || @.label == $tapped && !exists(@.postback))',
    jsonb_build_object('tapped', %(postback)s::text)), false) DESC,
  (sender = %(recipient)s OR destination_id = %(destination)s) DESC,
  sent_at DESC, id DESC LIMIT 1
"""

FIND_ANSWERED_BY_ID = """
SELECT id, lead_id, destination_id FROM jobs_job
WHERE provider_id = %(answers)s AND provider_id > '' AND tenant_id = %(tenant)s
ORDER BY id DESC LIMIT 1
"""

FIND_LEAD = """
SELECT NULL::uuid, id, NULL::uuid FROM leads_lead
WHERE tenant_id = %(tenant)s AND phone = %(phone)s
ORDER BY id DESC LIMIT 1
"""

# Of a person who said stop: the drain ends what waits, and says why on its page.
LET_END = """
WITH waiting AS (
  SELECT job_id, lease_until, due_at FROM jobs_queueentry
  WHERE job_id = ANY(ARRAY(SELECT id FROM jobs_job
    WHERE tenant_id = %(tenant)s AND recipient = %(phone)s AND id >= %(since)s
      AND state IN ('queued', 'retrying', 'held')))
  FOR UPDATE SKIP LOCKED
)
UPDATE jobs_queueentry SET due_at = now() WHERE job_id = ANY(ARRAY(
  SELECT job_id FROM waiting WHERE lease_until IS NULL AND due_at > now()))
"""

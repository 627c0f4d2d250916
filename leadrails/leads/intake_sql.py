"""
The one statement that stores a lead with its jobs, and answers repeats.

Data-modifying CTEs all see one snapshot. `ON CONFLICT … DO UPDATE` on the idempotency
row returns the winner's row to the loser of a race; `DO NOTHING` would return nothing,
because the loser's snapshot is older than the winner's row.

No row at all means that the nonce is known and the key was not, in this snapshot: the
caller looks once more in a new one, since another request with the same nonce may
just have committed; still none is a replayed nonce.

Jobs come in as one JSON array, which costs the driver a fraction of seven arrays of its
own. LIMIT 1 makes the planner, which knows not how many jobs come, look destinations up
one by one.
"""

_GATE_BY_NONCE = """
gate AS (
  INSERT INTO leads_nonce (key_id, nonce, created_at)
  VALUES (%(key_id)s, %(nonce)s, now())
  ON CONFLICT DO NOTHING RETURNING 1
)"""
_GATE_OPEN = "gate AS (SELECT 1)"

_STORE = """
WITH {gate},
mine AS (
  INSERT INTO leads_idempotencykey AS known (tenant_id, source_id, key, body_sha256,
    lead_id, job_count, workflow, created_at)
  SELECT %(tenant)s, %(source)s, %(idempotency_key)s, %(body_sha256)s,
    %(lead)s, %(job_count)s::int, %(workflow_name)s, now() FROM gate
  ON CONFLICT (tenant_id, source_id, key) DO UPDATE SET created_at = known.created_at
  RETURNING lead_id, job_count, workflow, body_sha256, lead_id = %(lead)s AS is_fresh
),
lead AS (
  INSERT INTO leads_lead (id, tenant_id, source_id, workflow_id, received_at,
    idempotency_key, phone, phone_raw, phone_problem, email, name, event, trail,
    job_count, is_test, source_paused, remote_ip, user_agent)
  SELECT %(lead)s, %(tenant)s, %(source)s, %(workflow)s, now(),
    %(idempotency_key)s, %(phone)s, %(phone_raw)s, %(phone_problem)s, %(email)s,
    %(name)s, %(event)s::jsonb, %(trail)s::jsonb, %(job_count)s::int,
    %(is_test)s, %(source_paused)s, %(remote_ip)s::inet, %(user_agent)s
  FROM mine WHERE is_fresh
),
job AS (
  INSERT INTO jobs_job (id, tenant_id, lead_id, source_id, route_id, destination_id,
    recipient, state, reason, error_message, created_at, changed_at, expires_at,
    is_test)
  SELECT plan.id, %(tenant)s, %(lead)s, %(source)s, plan.route, place.id,
    plan.recipient, plan.state, plan.reason, plan.detail, now(), now(),
    now() + place.time_to_live + coalesce(plan.longer, '0'), %(is_test)s
  FROM mine, json_to_recordset(%(jobs)s::json) AS plan (id uuid, route uuid,
    destination uuid, recipient text, state text, reason text, detail text,
    longer interval),
  LATERAL (SELECT id, time_to_live FROM destinations_destination
    WHERE id = plan.destination AND tenant_id = %(tenant)s LIMIT 1) place
  WHERE is_fresh
  RETURNING id, tenant_id, destination_id, state
),
counted AS (
  INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
  SELECT tenant_id, state, %(hour)s, destination_id, 1 FROM job
  UNION ALL
  SELECT %(tenant)s, 'lead', %(hour)s, %(source)s, 1 FROM mine WHERE is_fresh
),
queued AS (
  INSERT INTO jobs_queueentry (job_id, tenant_id, destination_id, is_bulk, due_at)
  SELECT id, tenant_id, destination_id, false, now() FROM job WHERE state = 'queued'
)
SELECT lead_id, job_count, workflow, body_sha256, is_fresh FROM mine
UNION ALL
SELECT lead_id, job_count, workflow, body_sha256, false FROM leads_idempotencykey
WHERE NOT EXISTS (SELECT FROM mine) AND tenant_id = %(tenant)s
  AND source_id = %(source)s AND key = %(idempotency_key)s
"""

STORE_SIGNED = _STORE.format(gate=_GATE_BY_NONCE)
STORE = _STORE.format(gate=_GATE_OPEN)
LOOK_AGAIN = """
SELECT lead_id, job_count, workflow, body_sha256, false FROM leads_idempotencykey
WHERE tenant_id = %(tenant)s AND source_id = %(source)s AND key = %(idempotency_key)s
"""

"""What answers, troubles and slow-downs do to gates. All times are the database's."""

# Any answer of a provider ends a run of troubles and closes the circuit.
NOTE_ANSWERS = """
WITH answered AS (
  SELECT destination_id, open_until IS NOT NULL AS was_open FROM jobs_gate
  WHERE destination_id = ANY(%(destinations)s) AND (troubles > 0 OR openings > 0)
  ORDER BY destination_id FOR UPDATE
)
UPDATE jobs_gate gate SET troubles = 0, openings = 0, open_until = NULL,
  is_probing = false
FROM answered WHERE gate.destination_id = answered.destination_id
RETURNING gate.destination_id, gate.tenant_id
"""

NOTE_TROUBLES = """
WITH input AS (
  SELECT * FROM unnest(%(destinations)s::uuid[], %(counts)s::int[])
    AS x (destination_id, troubles)
),
before AS (
  SELECT gate.*, gate.troubles + input.troubles AS in_a_row,
    gate.troubles + input.troubles >= %(enough)s
      AND (gate.is_probing OR gate.open_until IS NULL) AS opens
  FROM jobs_gate gate JOIN input USING (destination_id)
  ORDER BY gate.destination_id FOR UPDATE OF gate
)
UPDATE jobs_gate gate SET troubles = before.in_a_row,
  openings = gate.openings + before.opens::int,
  open_until = CASE WHEN before.opens
    THEN now() + least(%(longest)s, %(shortest)s * power(2, least(gate.openings, 10)))
    ELSE gate.open_until END,
  is_probing = gate.is_probing AND NOT before.opens
FROM before WHERE gate.destination_id = before.destination_id
RETURNING gate.destination_id, gate.tenant_id, before.opens
"""

# “Slow down” shuts the gate for as long as was asked and halves the rate, which then
# comes back by a fiftieth a second.
NOTE_SLOWDOWNS = """
WITH input AS (
  SELECT * FROM unnest(%(destinations)s::uuid[], %(waits)s::interval[])
    AS x (destination_id, wait)
),
before AS (
  SELECT gate.destination_id, input.wait FROM jobs_gate gate
  JOIN input USING (destination_id) ORDER BY gate.destination_id FOR UPDATE OF gate
)
UPDATE jobs_gate gate SET
  -- Calls that were under way together are one complaint.
  share = CASE WHEN gate.slowed_until > now() THEN gate.share
    ELSE greatest(%(least)s, coalesce(least(1, gate.share
      + 0.02 * extract(epoch FROM now() - gate.slowed_until)), 1) / 2) END,
  slowed_until = greatest(gate.slowed_until, now() + before.wait)
FROM before WHERE gate.destination_id = before.destination_id
"""

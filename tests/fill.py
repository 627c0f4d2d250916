"""
Fills tables with many rows by SQL alone: for guards of plans, and for `bench-10m`.

Rows are spread evenly over time, tenants and their destinations. Most jobs are
delivered; one in a hundred ended otherwise or is under way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

# Time and a number make a UUIDv7 that is the same every time.
UUID7 = """
CREATE OR REPLACE FUNCTION pg_temp.uuid7(ms bigint, n bigint, salt text) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(ms), 12, '0') || '7' || substr(hash, 1, 3) || '8'
    || substr(hash, 4, 15))::uuid FROM (SELECT md5(salt || n) AS hash) x
$$
"""
PLACES = """
DROP TABLE IF EXISTS pg_temp.place;
CREATE TEMP TABLE place ON COMMIT PRESERVE ROWS AS
SELECT row_number() OVER (ORDER BY destination.id) - 1 AS number, destination.id,
  destination.tenant_id, source.id AS source_id, workflow.id AS workflow_id
FROM destinations_destination destination
JOIN leads_source source USING (tenant_id)
JOIN leads_workflow workflow ON workflow.source_id = source.id
"""
# Lead and job of the same number have the same time; `n` counts from the oldest on.
ROW = """
SELECT n, %(origin)s + n * %(step)s AS ms, place.*,
  '+1202' || (2000000 + n %% 7919) AS phone
FROM generate_series(%(first)s::bigint, %(last)s::bigint) n
JOIN place ON place.number = n %% (SELECT count(*) FROM place) ORDER BY n
"""
LEADS = f"""
INSERT INTO leads_lead (id, tenant_id, source_id, workflow_id, received_at,
  idempotency_key, phone, phone_raw, phone_problem, email, name, event, trail,
  job_count, is_test, source_paused, user_agent)
SELECT pg_temp.uuid7(ms, n, 'lead'), tenant_id, source_id, workflow_id,
  to_timestamp(ms / 1000.0), 'fill-' || n, phone, phone, '',
  'person' || n || '@example.com', 'Person ' || n,
  '{{"lead": {{"first_name": "Ann"}}}}', '[]', 1, false, false, ''
FROM ({ROW}) x
"""
# From the `due`th on they are queued, and nothing was tried yet.
JOBS = f"""
INSERT INTO jobs_job (id, tenant_id, lead_id, source_id, destination_id, recipient,
  state, reason, created_at, changed_at, expires_at, attempts, message, provider_id,
  error_code, accepted_at)
SELECT pg_temp.uuid7(ms, n, 'job'), tenant_id, pg_temp.uuid7(ms, n, 'lead'), source_id,
  id, phone, state, CASE WHEN state IN ('dead', 'undelivered', 'skipped') THEN 'expired'
  ELSE '' END, at, at, now() + interval '1 day', (NOT is_due)::int,
  CASE WHEN NOT is_due THEN '{{"body": "Hi Ann, thanks for asking."}}'::jsonb END,
  CASE WHEN is_due THEN '' ELSE 'SM' || md5('message' || n) END,
  CASE WHEN state = 'undelivered' THEN '30003' ELSE '' END,
  CASE WHEN NOT is_due THEN at END
FROM (SELECT x.*, n >= %(due)s AS is_due, to_timestamp(ms / 1000.0) AS at,
  CASE WHEN n >= %(due)s THEN 'queued' ELSE CASE ((n * 2654435761) >> 8) %% 400
    WHEN 0 THEN 'dead' WHEN 100 THEN 'undelivered' WHEN 200 THEN 'skipped'
    WHEN 300 THEN 'accepted' ELSE 'delivered' END END AS state
  FROM ({ROW}) x) x
"""
ATTEMPTS = f"""
INSERT INTO jobs_attempt (job_id, number, tenant_id, destination_id, started_at,
  finished_at, outcome, provider_id)
SELECT pg_temp.uuid7(ms, n, 'job'), 1, tenant_id, id, to_timestamp(ms / 1000.0),
  to_timestamp(ms / 1000.0), 'accepted', 'SM' || md5('message' || n)
FROM ({ROW}) x
"""
EVENTS = f"""
INSERT INTO jobs_deliveryevent (job_id, provider_id, status, error, tenant_id, attempt,
  state, received_at, payload)
SELECT pg_temp.uuid7(ms, n, 'job'), 'SM' || md5('message' || n), 'sent', '', tenant_id,
  1, 'sent', to_timestamp(ms / 1000.0), '{{}}'
FROM ({ROW}) x
"""
CALLBACKS = f"""
INSERT INTO webhooks_rawcallback (id, tenant_id, destination_id, job_id, attempt, kind,
  url, headers, body, is_signed, received_at, processed_at, tries, error)
SELECT pg_temp.uuid7(ms, n, 'callback'), tenant_id, id, pg_temp.uuid7(ms, n, 'job'), 1,
  'status', '/', '{{}}', 'x', true, to_timestamp(ms / 1000.0), now(), 0, ''
FROM ({ROW}) x
"""
QUEUE = f"""
INSERT INTO jobs_queueentry (job_id, tenant_id, destination_id, is_bulk, due_at)
SELECT pg_temp.uuid7(ms, n, 'job'), tenant_id, id, false, now()
FROM ({ROW}) x WHERE n >= %(due)s
"""
KEYS = f"""
INSERT INTO leads_idempotencykey (tenant_id, source_id, key, body_sha256, lead_id,
  job_count, workflow, created_at)
SELECT tenant_id, source_id, 'fill-' || n, 'x', pg_temp.uuid7(ms, n, 'lead'), 1,
  'default', to_timestamp(ms / 1000.0)
FROM ({ROW}) x
"""


def prepare() -> None:
    """When the tenants with a destination and source are there."""
    with connection.cursor() as cursor:
        cursor.execute(UUID7)
        cursor.execute(PLACES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Row n has the time `origin` + n · `step`; from row `due` on jobs are queued."""

    origin: datetime
    step: timedelta
    due: int

    def run(self, statement: str, first: int, last: int) -> None:
        """Insert rows `first` to `last` by one of the statements above."""
        parameters = {
            "first": first,
            "last": last,
            "origin": int(self.origin.timestamp() * 1000),
            "step": self.step // timedelta(milliseconds=1),
            "due": self.due,
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)

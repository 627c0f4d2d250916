from django.db import migrations

# The hour that a UUIDv7 carries: its first 48 bits are milliseconds.
HOUR_OF = """
CREATE FUNCTION leadrails_hour_of(id uuid) RETURNS timestamptz
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT to_timestamp((('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint
    / 3600000) * 3600)
$$
"""
# Each statement that moves jobs or takes them away is counted here, once for all its
# rows. New jobs are counted by the statements that make them: a trigger would cost
# intake a tenth.
NOTE = """
CREATE FUNCTION jobs_note_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
    SELECT tenant_id, state, leadrails_hour_of(id), destination_id, sum(number)
    FROM (
      SELECT tenant_id, state, id, destination_id, 1 AS number FROM moved
      UNION ALL
      SELECT tenant_id, state, id, destination_id, -1 FROM gone) job
    GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0;
  ELSE
    INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
    SELECT tenant_id, state, leadrails_hour_of(id), destination_id, -count(*)
    FROM gone GROUP BY 1, 2, 3, 4;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_note_moves AFTER UPDATE ON jobs_job
  REFERENCING NEW TABLE AS moved OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION jobs_note_moves();
CREATE TRIGGER jobs_note_ends AFTER DELETE ON jobs_job
  REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION jobs_note_moves();
"""
FORGET = """
DROP TRIGGER jobs_note_moves ON jobs_job;
DROP TRIGGER jobs_note_ends ON jobs_job;
DROP FUNCTION jobs_note_moves();
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0010_tally")]

    operations = [
        migrations.RunSQL(HOUR_OF, "DROP FUNCTION leadrails_hour_of(uuid)"),
        migrations.RunSQL(NOTE, FORGET),
    ]

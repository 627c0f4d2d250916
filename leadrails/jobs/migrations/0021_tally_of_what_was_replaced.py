from django.db import migrations

# A rich message in whose place a plain text went is counted apart from all others: the
# text stands for it. As in `leadrails/jobs/tallies.py`.
NOTE = """
CREATE OR REPLACE FUNCTION jobs_note_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
    SELECT tenant_id, what, leadrails_hour_of(id), destination_id, sum(number)
    FROM (
      SELECT tenant_id, {what} AS what, id, destination_id, 1 AS number FROM moved
      UNION ALL
      SELECT tenant_id, {what}, id, destination_id, -1 FROM gone) job
    GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0;
  ELSE
    INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
    SELECT tenant_id, {what}, leadrails_hour_of(id), destination_id, -count(*)
    FROM gone GROUP BY 1, 2, 3, 4;
  END IF;
  RETURN NULL;
END $$;
"""
REPLACED = "CASE reason WHEN 'replaced' THEN reason ELSE state END"
# What waited too long and gave way had the reason before.
MOVE = """
LOCK TABLE jobs_job IN SHARE MODE;
INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
SELECT tenant_id, each.what, leadrails_hour_of(job.id), destination_id,
  sum(each.number * {sign})
FROM jobs_job job, LATERAL (VALUES (state, -1), ('replaced', 1)) AS each (what, number)
WHERE reason = 'replaced' GROUP BY 1, 2, 3, 4
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0020_lists_by_cause")]

    operations = [
        migrations.RunSQL(NOTE.format(what=REPLACED), NOTE.format(what="state")),
        migrations.RunSQL(MOVE.format(sign=1), MOVE.format(sign=-1)),
    ]

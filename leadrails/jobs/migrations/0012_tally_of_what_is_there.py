from django.db import migrations

COUNT = """
LOCK TABLE jobs_job, leads_lead IN SHARE MODE;
DELETE FROM jobs_tallychange;
DELETE FROM jobs_tally;
INSERT INTO jobs_tally (tenant_id, what, hour, about_id, number)
SELECT tenant_id, state, leadrails_hour_of(id), destination_id, count(*)
FROM jobs_job GROUP BY 1, 2, 3, 4
UNION ALL
SELECT tenant_id, 'lead', leadrails_hour_of(id), source_id, count(*)
FROM leads_lead GROUP BY 1, 2, 3, 4;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0011_tally_moves"),
        ("leads", "0002_current_months"),
    ]

    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]

from django.db import migrations

# A row lives for seconds and is updated at each claim: leave room on its page, and
# clean up after every few thousand dead rows instead of a fifth of the table.
FORWARDS = """
ALTER TABLE jobs_queueentry SET (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 5000
);
ALTER TABLE jobs_lane SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000);
"""
BACKWARDS = """
ALTER TABLE jobs_queueentry RESET (fillfactor, autovacuum_vacuum_scale_factor,
  autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay,
  autovacuum_analyze_scale_factor, autovacuum_analyze_threshold);
ALTER TABLE jobs_lane RESET (fillfactor, autovacuum_vacuum_scale_factor,
  autovacuum_vacuum_threshold);
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

from django.db import migrations

# What is known of older alerts; nobody is told of it any more.
FORWARDS = """
INSERT INTO alerts_alertevent (tenant_id, alert_id, what, at, actor_id, actor_name,
  cause, text, is_told)
SELECT tenant_id, id, CASE WHEN times_opened > 1 THEN 'reopened' ELSE 'opened' END,
  opened_at, NULL::uuid, '', cause, '', true
FROM alerts_alert
UNION ALL
SELECT alert.tenant_id, alert.id, 'acknowledged', alert.acknowledged_at, person.id,
  coalesce(nullif(person.name, ''), person.email, ''), '', '', true
FROM alerts_alert alert LEFT JOIN tenants_user person
  ON person.id = alert.acknowledged_by_id
WHERE alert.acknowledged_at IS NOT NULL
UNION ALL
SELECT alert.tenant_id, alert.id,
  CASE WHEN person.id IS NULL THEN 'cured' ELSE 'resolved' END, alert.resolved_at,
  person.id, coalesce(nullif(person.name, ''), person.email, ''), '', '', true
FROM alerts_alert alert LEFT JOIN tenants_user person
  ON person.id = alert.resolved_by_id
WHERE alert.resolved_at IS NOT NULL
ORDER BY 4
"""
BACKWARDS = "DELETE FROM alerts_alertevent"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0003_history_by_trigger")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

from django.db import migrations

# Every statement that opens or closes an alert passes here, so none can forget to tell.
FORWARDS = """
CREATE FUNCTION alert_tells() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO alerts_alertevent (tenant_id, alert_id, what, at, actor_id, actor_name,
    cause, text, is_told)
  VALUES (NEW.tenant_id, NEW.id,
    CASE
      WHEN TG_OP = 'INSERT' THEN 'opened'
      WHEN NEW.resolved_at IS NULL THEN 'reopened'
      WHEN NEW.resolved_by_id IS NULL THEN 'cured'
      ELSE 'resolved'
    END,
    coalesce(NEW.resolved_at, NEW.opened_at),
    NEW.resolved_by_id,
    coalesce((SELECT coalesce(nullif(name, ''), email) FROM tenants_user
      WHERE id = NEW.resolved_by_id), ''),
    NEW.cause, '', false);
  RETURN NULL;
END $$;
CREATE TRIGGER alert_opens AFTER INSERT ON alerts_alert
FOR EACH ROW EXECUTE FUNCTION alert_tells();
CREATE TRIGGER alert_moves AFTER UPDATE OF resolved_at ON alerts_alert
FOR EACH ROW WHEN ((OLD.resolved_at IS NULL) <> (NEW.resolved_at IS NULL))
EXECUTE FUNCTION alert_tells();
"""
BACKWARDS = """
DROP TRIGGER alert_moves ON alerts_alert;
DROP TRIGGER alert_opens ON alerts_alert;
DROP FUNCTION alert_tells();
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_alert_event")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]

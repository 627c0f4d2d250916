from datetime import UTC, datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0014_gate_claimed")]

    operations = [
        migrations.RemoveIndex(model_name="queueentry", name="queue_due"),
        migrations.AddIndex(
            model_name="queueentry",
            index=models.Index(
                fields=["due_at"],
                condition=models.Q(
                    lease_until=None, due_at__gt=datetime.fromtimestamp(0, UTC)
                ),
                name="queue_due",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("destinations", "0003_attempts_outlast_the_time_to_live")]

    operations = [
        migrations.AddField(
            model_name="destination",
            name="messages_per_second",
            field=models.FloatField(db_default=10, default=10),
        ),
        migrations.AddField(
            model_name="destination",
            name="max_in_flight",
            field=models.PositiveSmallIntegerField(db_default=100, default=100),
        ),
        migrations.AddConstraint(
            model_name="destination",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_in_flight__range", (1, 1000)), ("messages_per_second__gt", 0)
                ),
                name="destination_sane_rate",
            ),
        ),
    ]

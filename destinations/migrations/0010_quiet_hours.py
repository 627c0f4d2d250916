from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("destinations", "0009_destination_rich"),
        ("tenants", "0006_quiet_hours"),
    ]

    operations = [
        migrations.AddField(
            model_name="destination",
            name="quiet",
            field=models.CharField(
                choices=[
                    ("workspace", "As the workspace says, for marketing"),
                    ("always", "The workspace's quiet hours, whatever the purpose"),
                    ("own", "Quiet hours of its own"),
                    ("never", "None: send at any hour"),
                ],
                db_default="workspace",
                default="workspace",
                help_text="Which quiet hours of its recipients it keeps.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="quiet_from",
            field=models.TimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="destination",
            name="quiet_to",
            field=models.TimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="destination",
            constraint=models.CheckConstraint(
                condition=models.Q(quiet__in=["workspace", "always", "own", "never"]),
                name="destination_known_quiet_policy",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0005_job_asked_at")]

    operations = [
        migrations.CreateModel(
            name="Gate",
            fields=[
                (
                    "destination_id",
                    models.UUIDField(primary_key=True, serialize=False),
                ),
                ("tenant_id", models.UUIDField()),
                ("free_at", models.DateTimeField(null=True)),
                (
                    "share",
                    models.FloatField(
                        db_default=1,
                        default=1,
                        help_text="Of the rate, when last told to slow down.",
                    ),
                ),
                ("slowed_until", models.DateTimeField(null=True)),
                (
                    "troubles",
                    models.PositiveIntegerField(
                        db_default=0,
                        default=0,
                        help_text="Calls without an answer, in a row.",
                    ),
                ),
                (
                    "openings",
                    models.PositiveSmallIntegerField(
                        db_default=0,
                        default=0,
                        help_text="How often in a row the circuit opened.",
                    ),
                ),
                ("open_until", models.DateTimeField(null=True)),
                ("is_probing", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("share__gt", 0), ("share__lte", 1)),
                        name="gate_share",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE jobs_gate SET (fillfactor = 50,"
            " autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)",
            migrations.RunSQL.noop,
        ),
    ]

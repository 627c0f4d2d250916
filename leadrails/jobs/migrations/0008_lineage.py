from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0007_source_hour")]

    operations = [
        migrations.CreateModel(
            name="Lineage",
            fields=[
                (
                    "key",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                (
                    "id",
                    models.UUIDField(help_text="The witness knows it by this name."),
                ),
                (
                    "system",
                    models.BigIntegerField(
                        null=True, help_text="PostgreSQL's identifier."
                    ),
                ),
                ("database", models.BigIntegerField(null=True)),
                ("timeline", models.CharField(blank=True, max_length=8)),
                ("beats", models.BigIntegerField(default=0)),
                ("beat_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("key", 1)), name="lineage_is_one_row"
                    )
                ]
            },
        ),
    ]

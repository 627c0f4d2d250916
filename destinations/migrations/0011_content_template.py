import django.db.models.deletion
from django.db import migrations, models

import leadrails.core.ids


class Migration(migrations.Migration):
    dependencies = [
        ("destinations", "0010_quiet_hours"),
        ("tenants", "0005_invitation"),
    ]

    operations = [
        migrations.AddField(
            model_name="destination",
            name="content_sid",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Under which the provider keeps what is to go by RCS, if it does.",
                max_length=64,
            ),
        ),
        migrations.CreateModel(
            name="ContentTemplate",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=leadrails.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        help_text="Of the account and all that is kept: SHA-256.",
                        max_length=64,
                    ),
                ),
                ("sid", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                (
                    "made_at",
                    models.DateTimeField(
                        help_text="When the provider had it.", null=True
                    ),
                ),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "retired_at",
                    models.DateTimeField(
                        help_text="When the destination was given other content.",
                        null=True,
                    ),
                ),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "destination",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="content_templates",
                        to="destinations.destination",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("deleted_at", None)),
                        fields=["tried_at"],
                        name="content_template_live",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("deleted_at", None)),
                        fields=("destination", "digest"),
                        name="content_template_once",
                    )
                ],
            },
        ),
    ]

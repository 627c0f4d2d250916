import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import leadrails.core.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("alerts", "0006_channels_of_rules"),
        ("contacts", "0003_inboundmedia_is_thumbnail"),
        ("destinations", "0008_rcs_sheet"),
        ("tenants", "0005_invitation"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pending",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="contacts.inboundmessage",
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "pending",
                "indexes": [
                    models.Index(fields=["due_at", "message"], name="pending_due")
                ],
            },
        ),
        migrations.CreateModel(
            name="Rule",
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
                ("name", models.CharField(max_length=100)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("paused", "Paused"),
                            ("deleted", "Deleted"),
                        ],
                        default="active",
                        max_length=10,
                    ),
                ),
                ("postback", models.CharField(blank=True, max_length=2048)),
                ("is_prefix", models.BooleanField(default=False)),
                (
                    "words",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=100),
                        blank=True,
                        default=list,
                        help_text="Labels that are tapped, or answers that are written.",
                        size=None,
                    ),
                ),
                ("tag", models.CharField(blank=True, max_length=40)),
                ("suppresses", models.BooleanField(default=False)),
                (
                    "send_text",
                    models.TextField(
                        blank=True,
                        help_text="A template; empty for the destination's own.",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "channel",
                    models.ForeignKey(
                        blank=True,
                        help_text="The webhook that is called; empty for none.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alerts.channel",
                    ),
                ),
                (
                    "destination",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whose answers it hears; empty for all.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="destinations.destination",
                    ),
                ),
                (
                    "send_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Sends a further message to the person; empty for none.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
        ),
        migrations.CreateModel(
            name="Run",
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
                    "by",
                    models.CharField(
                        help_text="By what it was recognised.", max_length=10
                    ),
                ),
                ("acts", models.JSONField(default=list)),
                ("is_failed", models.BooleanField(default=False)),
                (
                    "job_id",
                    models.UUIDField(help_text="The further message's.", null=True),
                ),
                ("ran_at", models.DateTimeField()),
                (
                    "delivery",
                    models.ForeignKey(
                        help_text="The call.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="alerts.delivery",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="contacts.inboundmessage",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="rules.rule",
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
        ),
        migrations.AddIndex(
            model_name="rule",
            index=models.Index(
                condition=models.Q(("status", "active")),
                fields=["tenant", "id"],
                name="rule_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(("postback", ""), ("words", []), _negated=True),
                name="rule_waits_for_some",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("channel", None),
                    ("send_by", None),
                    ("suppresses", False),
                    ("tag", ""),
                    _negated=True,
                ),
                name="rule_does_something",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["rule", "-id"], name="run_by_rule"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                fields=("message", "rule"), name="run_once_for_a_message"
            ),
        ),
    ]

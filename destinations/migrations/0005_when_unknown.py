from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("destinations", "0004_rate")]

    operations = [
        migrations.AddField(
            model_name="destination",
            name="when_unknown",
            field=models.CharField(
                choices=[("hold", "Wait for a person"), ("resend", "Send it again")],
                db_default="hold",
                default="hold",
                help_text="What to do in doubt if the provider cannot be asked.",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="destination",
            constraint=models.CheckConstraint(
                condition=models.Q(("when_unknown__in", ["hold", "resend"])),
                name="destination_known_doubt_policy",
            ),
        ),
    ]

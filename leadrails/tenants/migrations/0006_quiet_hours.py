from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_invitation")]

    operations = [
        migrations.AddField(
            model_name="tenant",
            name="quiet_from",
            field=models.TimeField(
                blank=True,
                help_text="Of messages to people, on their own clock.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="tenant",
            name="quiet_to",
            field=models.TimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="tenant",
            name="quiet_by_law",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text=(
                    "Quiet hours also keep the stricter rules of states and countries."
                ),
            ),
        ),
    ]

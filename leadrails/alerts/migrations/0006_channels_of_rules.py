from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0005_channels"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="hears_alerts",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Off for one that rules on replies call alone.",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="is_call",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="A rule's, and tells of no alert.",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0013_lists_of_rare_jobs")]

    operations = [
        migrations.AddField(
            model_name="gate",
            name="claimed",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="Jobs so far. Claims at once tell by it.",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0004_lane_counts_the_hour")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="asked_at",
            field=models.DateTimeField(
                help_text="When the provider was last asked for the status.", null=True
            ),
        ),
    ]

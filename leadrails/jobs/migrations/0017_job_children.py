from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0016_lists_of_what_went_wrong")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="parent_id",
            field=models.UUIDField(
                help_text="The job that brought it about.", null=True
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="cause",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Why its parent did: see `leadrails.core.children`.",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="job",
            name="channel",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text=(
                    "What carried it: rcs, whatsapp, sms, mms; empty for a plain text."
                ),
                max_length=8,
            ),
        ),
    ]

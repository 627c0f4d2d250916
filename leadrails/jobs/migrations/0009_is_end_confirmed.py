from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0008_lineage")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="is_end_confirmed",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The provider was asked once more about a failure.",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(
                    ("is_end_confirmed", False), ("state", "undelivered")
                ),
                fields=["changed_at"],
                name="job_unconfirmed",
            ),
        ),
    ]

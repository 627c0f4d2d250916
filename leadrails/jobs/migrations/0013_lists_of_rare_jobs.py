from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0012_tally_of_what_is_there")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["queued", "sending", "accepted", "sent", "read"])
                ),
                fields=["tenant", "state", "id"],
                name="job_under_way",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("provider_id__gt", "")),
                fields=["provider_id"],
                name="job_by_provider_id",
            ),
        ),
    ]

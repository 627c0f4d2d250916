from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0017_job_children")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q((f"{field}__isnull", False)),
                fields=[field],
                name=name,
            ),
        )
        for field, name in (("replay_of", "job_replays"), ("parent_id", "job_children"))
    ]

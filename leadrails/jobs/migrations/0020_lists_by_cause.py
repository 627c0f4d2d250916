from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0019_deadlines")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q((f"{field}__gt", "")),
                fields=["tenant", field, "id"],
                name=f"job_by_{field}",
            ),
        )
        for field in ("cause", "channel")
    ]

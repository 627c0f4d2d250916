from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0015_due_by_lanes")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q((f"{field}__gt", "")),
                fields=["tenant", field, "id"],
                name=f"job_by_{field}",
            ),
        )
        for field in ("reason", "error_code")
    ]

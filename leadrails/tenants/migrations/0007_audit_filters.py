from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_quiet_hours")]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["tenant", "action", "-id"], name="audit_by_act"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                fields=["tenant", "actor", "-id"], name="audit_by_person"
            ),
        ),
    ]

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0004_source_form"),
        ("tenants", "0005_invitation"),
    ]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="tags",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40),
                blank=True,
                db_default=models.Value(
                    [],
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(), size=None
                    ),
                ),
                default=list,
                size=None,
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("tags", []), _negated=True),
                fields=["tenant", "id"],
                name="lead_tagged",
            ),
        ),
    ]

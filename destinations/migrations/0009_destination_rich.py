from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("destinations", "0008_rcs_sheet"),
    ]

    operations = [
        migrations.AddField(
            model_name="destination",
            name="rich",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="What goes by RCS, with fields in it; see leadrails.core.rich.",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0003_ceiling_and_silence")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="form_token",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Part of the address that an HTML form posts to.",
                max_length=43,
            ),
        ),
        migrations.AddField(
            model_name="source",
            name="field_map",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="A form's field to ours.",
            ),
        ),
    ]

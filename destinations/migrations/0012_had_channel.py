from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("destinations", "0011_content_template")]

    operations = [
        migrations.AddField(
            model_name="destination",
            name="had_channel",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="It sent otherwise than now, as RCS is sent: reports may still come.",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_replies")]

    operations = [
        migrations.AddField(
            model_name="inboundmedia",
            name="is_thumbnail",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="It shows the file before it.",
            ),
        ),
    ]

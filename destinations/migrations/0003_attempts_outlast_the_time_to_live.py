from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("destinations", "0002_destination_secrets_set_at")]

    operations = [
        migrations.AlterField(
            model_name="destination",
            name="max_attempts",
            field=models.PositiveSmallIntegerField(default=24),
        ),
    ]

from django.db import migrations

from leadrails.partitions import ensure_in_migration


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_queue_storage")]

    operations = [migrations.RunPython(ensure_in_migration, migrations.RunPython.noop)]

from django.db import migrations

from leadrails.partitions import ensure_in_migration


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunPython(ensure_in_migration, migrations.RunPython.noop)]

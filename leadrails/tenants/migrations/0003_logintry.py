from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_audit_is_append_only")]

    operations = [
        migrations.CreateModel(
            name="LoginTry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "key",
                    models.BinaryField(
                        help_text="HMAC of e-mail and address: neither is kept.",
                        max_length=32,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "login tries",
                "indexes": [
                    models.Index(fields=["key", "at"], name="login_try_by_key"),
                    models.Index(fields=["at"], name="login_try_by_age"),
                ],
            },
        ),
    ]

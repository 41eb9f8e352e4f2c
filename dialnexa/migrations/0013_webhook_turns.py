from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("dialnexa", "0012_webhooks"),
    ]

    operations = [
        migrations.RemoveField(model_name="webhookendpoint", name="rung_until"),
        migrations.RemoveField(model_name="webhookendpoint", name="turn_until"),
    ]

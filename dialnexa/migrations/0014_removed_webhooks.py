from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dialnexa", "0013_webhook_turns"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookendpoint",
            name="removed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("numbers", "0021_drift_carrier_price"),
    ]

    operations = [
        migrations.AddField(
            model_name="ledgerproof",
            name="next_mail_at",
            field=models.DateTimeField(
                blank=True, help_text="Empty: there is nothing to tell staff", null=True
            ),
        ),
        migrations.AddField(
            model_name="ledgerproof",
            name="mailed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="ledgerproof",
            index=models.Index(
                condition=Q(("next_mail_at__isnull", False)), fields=["next_mail_at"], name="proof_to_mail"
            ),
        ),
    ]

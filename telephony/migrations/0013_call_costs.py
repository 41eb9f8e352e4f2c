from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("telephony", "0012_resting_batches")]

    operations = [
        migrations.AddField(
            "call",
            "carrier_seconds",
            models.PositiveIntegerField(
                null=True, blank=True, help_text="What the carrier bills, by its record"
            ),
        ),
        migrations.AddField(
            "call",
            "given_away",
            models.DecimalField(
                max_digits=20,
                decimal_places=6,
                default=0,
                help_text="The price of what the carrier bills, not charged",
            ),
        ),
        migrations.AddField(
            "call",
            "next_cost_at",
            models.DateTimeField(null=True, blank=True, help_text="When to read the carrier's record of it"),
        ),
        migrations.AlterField(
            "call",
            "carrier_cost",
            models.DecimalField(
                max_digits=20,
                decimal_places=6,
                null=True,
                blank=True,
                help_text="In the carrier's currency",
            ),
        ),
        migrations.AddIndex(
            "call",
            models.Index(
                fields=["next_cost_at"], condition=Q(next_cost_at__isnull=False), name="call_cost_due"
            ),
        ),
        migrations.AddIndex(
            "call",
            models.Index(fields=["-created_at"], condition=Q(given_away__gt=0), name="call_given_away"),
        ),
    ]

from typing import Any

from django.db import migrations, models
from django.db.models import F


def keep_prices(apps: Any, schema_editor: Any) -> None:
    """What a difference cost a month was until now the carrier's whole price."""
    apps.get_model("numbers", "Drift").objects.exclude(kind="ghost").update(carrier_price=F("monthly_cost"))


class Migration(migrations.Migration):
    dependencies = [
        ("numbers", "0020_orphans_in_pool"),
    ]

    operations = [
        migrations.AddField(
            model_name="drift",
            name="carrier_price",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="What the carrier charges a month",
                max_digits=20,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="drift",
            name="monthly_cost",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="What the difference costs a month",
                max_digits=20,
                null=True,
            ),
        ),
        migrations.RunPython(keep_prices, migrations.RunPython.noop),
    ]

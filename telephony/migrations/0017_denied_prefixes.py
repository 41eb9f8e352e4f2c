from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import Min

from telephony.e164 import country_of

FIRST = {
    "870": "Inmarsat satellite phones",
    "878": "Universal personal numbers, of no country",
    "881": "Satellite phones (Iridium, Globalstar and others)",
    "882": "International networks of no country, often used for revenue-share fraud",
    "883": "International networks of no country, often used for revenue-share fraud",
    "979": "International premium rate",
    "1900": "Premium rate in North America",
    "1976": "Premium rate in North America",
    "4470": "Personal numbers of the United Kingdom: look like mobiles, cost like premium rate",
}


def deny(apps: Any, schema_editor: Any) -> None:
    denied = apps.get_model("telephony", "DeniedPrefix")
    denied.objects.bulk_create(denied(digits=digits, reason=reason) for digits, reason in FIRST.items())


def remember_countries(apps: Any, schema_editor: Any) -> None:
    """What was called before is not new."""
    called, first = apps.get_model("telephony", "CalledCountry"), {}
    calls = apps.get_model("telephony", "Call").objects.filter(direction="outbound").order_by()
    begun = calls.values_list("workspace", "to_text").annotate(at=Min("created_at"))
    for workspace, number, at in begun.iterator():
        if country := country_of(number):
            key = (workspace, country)
            first[key] = min(at, first.get(key, at))
    called.objects.bulk_create(
        called(workspace_id=workspace, country=country, first_at=at)
        for (workspace, country), at in first.items()
    )


class Migration(migrations.Migration):
    dependencies = [("telephony", "0016_limits")]

    operations = [
        migrations.RunPython(deny, migrations.RunPython.noop),
        migrations.RunPython(remember_countries, migrations.RunPython.noop),
    ]

"""Every number gets the UUID that stands for its id, so that it can be looked up by it."""

from django.db import migrations

import phone_numbers.models.numbers
from dialnexa.ids import uuid_of

BATCH = 1000


def fill(apps, schema_editor):
    PhoneNumber = apps.get_model("numbers", "PhoneNumber")
    empty = PhoneNumber.objects.filter(uuid=None).order_by("pk").only("pk")
    while rows := list(empty[:BATCH]):
        for row in rows:
            row.uuid = uuid_of(row.pk)
        PhoneNumber.objects.bulk_update(rows, ["uuid"])


class Migration(migrations.Migration):
    dependencies = [("numbers", "0007_order_inbound_version")]
    operations = [
        migrations.AddField(
            "phonenumber",
            "uuid",
            phone_numbers.models.numbers.IdAsUUID(editable=False, null=True, unique=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "phonenumber",
            "uuid",
            phone_numbers.models.numbers.IdAsUUID(
                editable=False, help_text="Its id for clients that know only UUIDs", unique=True
            ),
        ),
    ]

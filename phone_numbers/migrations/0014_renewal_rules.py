"""Rentals that exist are looked at when they are next due, and numbers may be handed over without being given back."""

from django.db import migrations

from dialnexa.states import refuse_other_transitions

DUE = "UPDATE numbers_rental SET next_run_at = paid_through WHERE ended_at IS NULL;"


class Migration(migrations.Migration):
    dependencies = [("numbers", "0013_renewals"), ("dialnexa", "0011_pool")]
    operations = [
        migrations.RunSQL(DUE, migrations.RunSQL.noop),
        refuse_other_transitions(
            "numbers_phonenumber",
            "active>released,active>releasing,pending>active,pending>failed,pending>releasing,releasing>released",
        ),
    ]

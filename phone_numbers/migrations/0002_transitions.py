"""PostgreSQL refuses every change of state that the model's table does not list."""

from django.db import migrations

from dialnexa.states import refuse_other_transitions


class Migration(migrations.Migration):
    dependencies = [("numbers", "0001_initial"), ("dialnexa", "0002_ledger_rules")]
    operations = [
        refuse_other_transitions(
            "numbers_phonenumber",
            "active>releasing,pending>active,pending>failed,pending>releasing,releasing>released",
        ),
        refuse_other_transitions(
            "numbers_numberorder",
            "buying>fulfilled,buying>placed,buying>rejected,buying>uncertain,placed>buying,placed>fulfilled,placed>rejected,uncertain>fulfilled,uncertain>placed,uncertain>rejected",
        ),
        refuse_other_transitions(
            "numbers_rental",
            "active>expired,expired>active,expired>available_for_reassignment",
            field="rental_status",
        ),
    ]

"""PostgreSQL refuses every change of a document's state that the model does not list."""

from django.db import migrations

from dialnexa.states import refuse_other_transitions


class Migration(migrations.Migration):
    dependencies = [("kyc", "0003_documents")]
    operations = [
        refuse_other_transitions(
            "kyc_kycdocument",
            "accepted>rejected,accepted>replaced,rejected>accepted,rejected>removed,rejected>replaced,uploaded>accepted,uploaded>rejected,uploaded>removed,uploaded>replaced",
        ),
    ]

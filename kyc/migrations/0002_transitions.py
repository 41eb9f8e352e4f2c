"""PostgreSQL refuses every change of state that the model's table does not list."""

from django.db import migrations

from dialnexa.states import refuse_other_transitions


class Migration(migrations.Migration):
    dependencies = [("kyc", "0001_initial"), ("dialnexa", "0002_ledger_rules")]
    operations = [
        refuse_other_transitions(
            "kyc_kyccase",
            "draft>submitted,expired>submitted,not_started>draft,rejected>submitted,submitted>rejected,submitted>verified,suspended>verified,verified>expired,verified>suspended",
        ),
    ]

"""PostgreSQL refuses every change of a batch's state that the model does not list."""

from django.db import migrations

from dialnexa.states import refuse_other_transitions


class Migration(migrations.Migration):
    dependencies = [("telephony", "0004_batches_and_sip_switch")]
    operations = [
        refuse_other_transitions(
            "telephony_batchcall",
            "draft>cancelled,draft>scheduled,draft>waiting,paused>cancelled,paused>waiting,running>cancelled,running>completed,running>paused,scheduled>cancelled,scheduled>paused,scheduled>running,waiting>cancelled,waiting>paused,waiting>running",
        ),
    ]

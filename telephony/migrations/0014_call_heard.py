"""What an engine has last told of a call that is on (see ``phone_numbers.calls.silence``)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony", "0013_call_costs")]
    operations = [
        migrations.AddField(
            "call",
            "heard_at",
            models.DateTimeField(
                null=True, blank=True, help_text="When its SIP engine last said that it is on"
            ),
        ),
        migrations.AddField(
            "call",
            "heard_seconds",
            models.PositiveIntegerField(default=0, help_text="Seconds spoken until then, as it said"),
        ),
    ]

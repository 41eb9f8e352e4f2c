"""Requests for a second person are support's: no workspace sees them, not its own either."""

from django.db import migrations

from dialnexa.isolation.policies import staff_only


class Migration(migrations.Migration):
    dependencies = [("dialnexa", "0018_approvals")]
    operations = [staff_only("dialnexa_approvalrequest")]

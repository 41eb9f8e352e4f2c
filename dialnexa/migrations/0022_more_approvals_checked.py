from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dialnexa", "0021_more_approvals")]
    operations = [ValidateConstraint("approvalrequest", "approval_kind_known")]

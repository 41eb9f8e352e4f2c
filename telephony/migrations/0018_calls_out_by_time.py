from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("telephony", "0017_denied_prefixes")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="call",
            index=models.Index(
                condition=models.Q(("direction", "outbound")), fields=["-created_at"], name="call_out_by_time"
            ),
        ),
    ]

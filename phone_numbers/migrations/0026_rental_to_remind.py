from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("numbers", "0025_reminders_begin")]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="rental",
            index=models.Index(
                condition=Q(("ended_at__isnull", True)), fields=["remind_at"], name="rental_to_remind"
            ),
        ),
    ]

"""When a number's next reminder comes, so that a look reads only what is due."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("numbers", "0023_walls")]

    operations = [
        migrations.AddField(
            model_name="rental",
            name="remind_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="No reminder before; empty: none until a date changes",
                null=True,
            ),
        ),
    ]

"""PostgreSQL refuses every change of a trunk's state that the model does not list."""

from django.db import migrations

from dialnexa.states import refuse_other_transitions


class Migration(migrations.Migration):
    dependencies = [("numbers", "0003_trunks")]
    operations = [refuse_other_transitions("numbers_siptrunk", "linking>failed,linking>linked")]

"""Where a SIP trunk's calls may come from, said by its owner. Nothing said is the host's own addresses.

Until now a trunk with user and password took calls from everywhere. Such trunks go on doing so, and their
pages say it, until somebody narrows them.
"""

import django.contrib.postgres.fields
from django.db import migrations, models

KEEP = """
UPDATE numbers_siptrunk SET sources = '{0.0.0.0/0,::/0}'
WHERE auth_mode = 'userpass' AND status IN ('linking', 'linked');
"""
WATCHED = "number_id, auth_mode, host, port, transport"
TRIGGER = """
DROP TRIGGER trunk_route ON numbers_siptrunk;
CREATE TRIGGER trunk_route AFTER UPDATE ON numbers_siptrunk FOR EACH ROW
WHEN (({old}) IS DISTINCT FROM ({new}))
EXECUTE FUNCTION numbers_note_rental_route();
"""


def watch(columns: str) -> str:
    """The trigger that notes changes of these columns."""
    old, new = (", ".join(f"{row}.{name}" for name in columns.split(", ")) for row in ("OLD", "NEW"))
    return TRIGGER.format(old=old, new=new)


class Migration(migrations.Migration):
    dependencies = [("numbers", "0015_drift")]
    operations = [
        migrations.AddField(
            model_name="siptrunk",
            name="sources",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=43),
                blank=True,
                default=list,
                help_text="Addresses and networks that calls may come from; empty: the host's own",
                size=None,
            ),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.RunSQL(watch(f"{WATCHED}, sources"), watch(WATCHED)),
    ]

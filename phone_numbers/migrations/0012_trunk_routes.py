"""Where a SIP trunk's calls must come from decides about them, too: processes that remember routes hear of it."""

from django.db import migrations

TRIGGER = """
CREATE TRIGGER trunk_route AFTER UPDATE ON numbers_siptrunk FOR EACH ROW
WHEN ((OLD.number_id, OLD.auth_mode, OLD.host, OLD.port, OLD.transport)
    IS DISTINCT FROM (NEW.number_id, NEW.auth_mode, NEW.host, NEW.port, NEW.transport))
EXECUTE FUNCTION numbers_note_rental_route();
CREATE TRIGGER trunk_route_new AFTER INSERT OR DELETE ON numbers_siptrunk FOR EACH ROW
EXECUTE FUNCTION numbers_note_rental_route();
"""

UNDO = """
DROP TRIGGER trunk_route ON numbers_siptrunk;
DROP TRIGGER trunk_route_new ON numbers_siptrunk;
"""


class Migration(migrations.Migration):
    dependencies = [("numbers", "0011_route_changes")]
    operations = [migrations.RunSQL(TRIGGER, UNDO)]

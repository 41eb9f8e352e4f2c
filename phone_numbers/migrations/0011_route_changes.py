"""What has changed about who takes a call to a number, for processes that remember routes (``inbound.watching``).

Each row names the number, or none: then any route may have changed. It also names the transaction that wrote
it, because transactions do not commit in the order in which they began.

Numbers that were active before are pointed at us.
"""

from django.db import migrations

TABLE = """
CREATE TABLE numbers_route_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    e164 varchar(16) NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX route_change_by_transaction ON numbers_route_change (xid);
CREATE INDEX route_change_by_time ON numbers_route_change (at);
"""

FUNCTIONS = """
CREATE FUNCTION numbers_note_number_route() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO numbers_route_change (e164) VALUES (OLD.e164);
    RETURN NULL;
END $$;

CREATE FUNCTION numbers_note_rental_route() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO numbers_route_change (e164)
    SELECT e164 FROM numbers_phonenumber
    WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.number_id END,
                 CASE WHEN TG_OP <> 'DELETE' THEN NEW.number_id END);
    RETURN NULL;
END $$;

CREATE FUNCTION numbers_note_any_route() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO numbers_route_change (e164) VALUES ('');
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER number_route AFTER UPDATE ON numbers_phonenumber FOR EACH ROW
WHEN ((OLD.e164, OLD.carrier, OLD.country, OLD.status, OLD.workspace_id, OLD.inbound_version_id)
    IS DISTINCT FROM (NEW.e164, NEW.carrier, NEW.country, NEW.status, NEW.workspace_id, NEW.inbound_version_id))
EXECUTE FUNCTION numbers_note_number_route();
CREATE TRIGGER number_route_gone AFTER DELETE ON numbers_phonenumber FOR EACH ROW
EXECUTE FUNCTION numbers_note_number_route();

CREATE TRIGGER rental_route AFTER UPDATE ON numbers_rental FOR EACH ROW
WHEN ((OLD.number_id, OLD.rental_status) IS DISTINCT FROM (NEW.number_id, NEW.rental_status))
EXECUTE FUNCTION numbers_note_rental_route();
CREATE TRIGGER rental_route_new AFTER INSERT OR DELETE ON numbers_rental FOR EACH ROW
EXECUTE FUNCTION numbers_note_rental_route();

CREATE TRIGGER version_route AFTER UPDATE ON telephony_agentversion FOR EACH ROW
WHEN (OLD.status = 'published' AND (OLD.status, OLD.runtime_url) IS DISTINCT FROM (NEW.status, NEW.runtime_url))
EXECUTE FUNCTION numbers_note_any_route();
CREATE TRIGGER agent_route AFTER UPDATE ON telephony_agent FOR EACH ROW
WHEN (OLD.title IS DISTINCT FROM NEW.title)
EXECUTE FUNCTION numbers_note_any_route();
CREATE TRIGGER workspace_route AFTER UPDATE ON dialnexa_workspace FOR EACH ROW
WHEN (OLD.currency IS DISTINCT FROM NEW.currency)
EXECUTE FUNCTION numbers_note_any_route();
"""

POINT = """
UPDATE numbers_phonenumber SET next_route_at = now() WHERE status = 'active' AND carrier <> 'sip_trunk';
"""

UNDO = """
DROP TRIGGER number_route ON numbers_phonenumber;
DROP TRIGGER number_route_gone ON numbers_phonenumber;
DROP TRIGGER rental_route ON numbers_rental;
DROP TRIGGER rental_route_new ON numbers_rental;
DROP TRIGGER version_route ON telephony_agentversion;
DROP TRIGGER agent_route ON telephony_agent;
DROP TRIGGER workspace_route ON dialnexa_workspace;
DROP FUNCTION numbers_note_number_route(), numbers_note_rental_route(), numbers_note_any_route();
DROP TABLE numbers_route_change;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("dialnexa", "0010_calls"),
        ("numbers", "0010_inbound"),
        ("telephony", "0007_calls"),
    ]
    operations = [migrations.RunSQL(TABLE + FUNCTIONS + TRIGGERS + POINT, UNDO)]

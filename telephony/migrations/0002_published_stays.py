"""A published version never changes: PostgreSQL refuses it."""

from django.db import migrations

PUBLISHED_STAYS = """
CREATE FUNCTION refuse_published_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status = 'published' THEN
        RAISE EXCEPTION 'a published version never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER version_published_stays BEFORE UPDATE OR DELETE ON telephony_agentversion
    FOR EACH ROW EXECUTE FUNCTION refuse_published_change();
"""
UNDO = """
DROP TRIGGER version_published_stays ON telephony_agentversion;
DROP FUNCTION refuse_published_change();
"""


class Migration(migrations.Migration):
    dependencies = [("telephony", "0001_initial")]
    operations = [migrations.RunSQL(PUBLISHED_STAYS, UNDO)]

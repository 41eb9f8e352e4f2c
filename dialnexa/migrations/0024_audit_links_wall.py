"""The history's chain: append-only, and support's alone."""

from django.db import migrations

from dialnexa.isolation.policies import staff_only

GUARD = """
CREATE TRIGGER link_append_only BEFORE UPDATE OR DELETE ON dialnexa_auditlink
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER link_no_truncate BEFORE TRUNCATE ON dialnexa_auditlink
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("dialnexa", "0023_audit_links")]
    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop), staff_only("dialnexa_auditlink")]

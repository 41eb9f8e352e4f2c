"""Take away the second index that Django makes of every text key, for LIKE: nobody looks for a part of an id.

Each insert had to write it, for a call or an entry of the ledger five times over. What LIKE does look in
(references, prefixes: texts that are no keys) keeps its index.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# The one column of the index is the primary key, or leads to another table.
UNUSED = """
SELECT quote_ident(name.relname) FROM pg_index i
JOIN pg_class name ON name.oid = i.indexrelid
JOIN pg_class of ON of.oid = i.indrelid
JOIN pg_opclass way ON way.oid = i.indclass[0]
WHERE of.relnamespace = 'public'::regnamespace AND i.indnatts = 1 AND i.indpred IS NULL AND NOT i.indisunique
    AND way.opcname IN ('varchar_pattern_ops', 'text_pattern_ops')
    AND of.relname ~ '^(dialnexa|kyc|telephony|numbers)_'
    AND EXISTS (
        SELECT FROM pg_constraint c
        WHERE c.conrelid = i.indrelid AND c.contype IN ('p', 'f') AND c.conkey = ARRAY[i.indkey[0]]
    )
ORDER BY 1
"""


def take_away(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(UNUSED)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("numbers", "0027_large_tables"),
        ("telephony", "0019_rating_sooner"),
        ("dialnexa", "0020_user_language"),
        ("kyc", "0007_clock"),
    ]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", migrations.RunSQL.noop),
        migrations.RunPython(take_away, migrations.RunPython.noop),
    ]

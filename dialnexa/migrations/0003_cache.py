"""The cache's table, as ``createcachetable`` would make it."""

from django.db import migrations

MAKE = """
CREATE TABLE dialnexa_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX dialnexa_cache_expires ON dialnexa_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = (("dialnexa", "0002_ledger_rules"),)
    operations = (migrations.RunSQL(MAKE, "DROP TABLE dialnexa_cache"),)

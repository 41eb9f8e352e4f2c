"""Rating: the indexes of the longest prefix, the look-up itself, and a version that every change of rates moves.

The look-up is a function because PostgreSQL then keeps its plan: planning took longer than finding.
"""

from django.db import migrations, models

LOOK_UP = """
CREATE FUNCTION telephony_deciding_rate(
    asked_carrier varchar, asked_country varchar, called varchar, asked_direction varchar,
    asked_currency varchar, moment timestamptz
) RETURNS TABLE (
    rate_id bigint, matched varchar, group_id varchar, group_name varchar, per_minute numeric,
    pulse_seconds smallint, connection_fee numeric, valid_from timestamptz
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
    beginnings varchar[] := ARRAY(SELECT left(called, size) FROM generate_series(1, length(called)) size);
BEGIN
    RETURN QUERY
    SELECT found.id, found.matched, found.network_group_id, found.name, found.per_minute,
        found.pulse_seconds, found.connection_fee, found.valid_from
    FROM (
        SELECT r.*, g.name, r.prefix AS matched, 1 AS explicit
        FROM telephony_callrate r JOIN telephony_networkgroup g ON g.id = r.network_group_id
        WHERE r.prefix = ANY (beginnings) AND r.direction = asked_direction AND r.currency = asked_currency
            AND r.valid_from <= moment AND g.carrier = asked_carrier AND g.country_id = asked_country
        UNION ALL
        SELECT r.*, g.name, p.digits, 0
        FROM telephony_prefix p JOIN telephony_networkgroup g ON g.id = p.network_group_id
            JOIN telephony_callrate r ON r.network_group_id = g.id AND r.prefix = ''
        WHERE p.digits = ANY (beginnings) AND r.direction = asked_direction AND r.currency = asked_currency
            AND r.valid_from <= moment AND g.carrier = asked_carrier AND g.country_id = asked_country
        UNION ALL
        SELECT r.*, g.name, '', 0
        FROM telephony_networkgroup g JOIN telephony_callrate r ON r.network_group_id = g.id
        WHERE r.prefix = '' AND r.direction = asked_direction AND r.currency = asked_currency
            AND r.valid_from <= moment AND g.carrier = asked_carrier AND g.country_id = asked_country
            AND NOT EXISTS (SELECT FROM telephony_prefix p WHERE p.network_group_id = g.id)
    ) found
    ORDER BY length(found.matched) DESC, found.explicit DESC, found.valid_from DESC, found.id DESC
    LIMIT 1;
END $$;
"""
VERSION = """
CREATE FUNCTION telephony_rates_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO telephony_rateversion (id, version) VALUES (1, gen_random_uuid())
        ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version;
    RETURN NULL;
END $$;
CREATE TRIGGER call_rates_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON telephony_callrate
    FOR EACH STATEMENT EXECUTE FUNCTION telephony_rates_changed();
CREATE TRIGGER prefixes_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON telephony_prefix
    FOR EACH STATEMENT EXECUTE FUNCTION telephony_rates_changed();
CREATE TRIGGER network_groups_changed AFTER UPDATE OR DELETE OR TRUNCATE ON telephony_networkgroup
    FOR EACH STATEMENT EXECUTE FUNCTION telephony_rates_changed();
"""
UNDO_VERSION = """
DROP TRIGGER call_rates_changed ON telephony_callrate;
DROP TRIGGER prefixes_changed ON telephony_prefix;
DROP TRIGGER network_groups_changed ON telephony_networkgroup;
DROP FUNCTION telephony_rates_changed();
"""
ARGUMENTS = "varchar, varchar, varchar, varchar, varchar, timestamptz"


class Migration(migrations.Migration):
    dependencies = [("telephony", "0005_batch_transitions")]
    operations = [
        migrations.CreateModel(
            name="RateVersion",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("version", models.UUIDField()),
            ],
        ),
        migrations.AddIndex(
            model_name="callrate",
            index=models.Index(
                fields=["prefix", "direction", "currency", "network_group", "valid_from"],
                name="call_rate_by_prefix",
            ),
        ),
        migrations.AddIndex(
            model_name="prefix",
            index=models.Index(fields=["digits", "network_group"], name="prefix_by_digits"),
        ),
        migrations.RunSQL(LOOK_UP, f"DROP FUNCTION telephony_deciding_rate({ARGUMENTS});"),
        migrations.RunSQL(VERSION, UNDO_VERSION),
    ]

"""Whoever changes a rental's dates, or a workspace's zone: its reminders are planned anew at the next look.

Until then ``remind_at`` is the earliest moment there can be one, in any zone and with any settings: 15 days before
a renewal (``reminding.AHEAD``), at once in the grace period and the hold.
"""

from django.db import migrations

FUNCTIONS = """
CREATE OR REPLACE FUNCTION numbers_reminders_begin(expired_at timestamptz, short_since timestamptz, paid_through timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(expired_at, short_since, paid_through - interval '360 hours')
$$;

CREATE OR REPLACE FUNCTION numbers_plan_reminder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.remind_at := numbers_reminders_begin(NEW.expired_at, NEW.short_since, NEW.paid_through);
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION numbers_plan_reminders() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE numbers_rental SET remind_at = numbers_reminders_begin(expired_at, short_since, paid_through)
    WHERE workspace_id = NEW.id AND ended_at IS NULL;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE OR REPLACE TRIGGER rental_reminder_new BEFORE INSERT ON numbers_rental
FOR EACH ROW EXECUTE FUNCTION numbers_plan_reminder();
CREATE OR REPLACE TRIGGER rental_reminder BEFORE UPDATE OF expired_at, short_since, paid_through ON numbers_rental
FOR EACH ROW WHEN ((OLD.expired_at, OLD.short_since, OLD.paid_through)
    IS DISTINCT FROM (NEW.expired_at, NEW.short_since, NEW.paid_through))
EXECUTE FUNCTION numbers_plan_reminder();
CREATE OR REPLACE TRIGGER workspace_reminders AFTER UPDATE OF time_zone ON dialnexa_workspace
FOR EACH ROW WHEN (OLD.time_zone IS DISTINCT FROM NEW.time_zone)
EXECUTE FUNCTION numbers_plan_reminders();
"""

UNDO = """
DROP TRIGGER rental_reminder_new ON numbers_rental;
DROP TRIGGER rental_reminder ON numbers_rental;
DROP TRIGGER workspace_reminders ON dialnexa_workspace;
DROP FUNCTION numbers_plan_reminder(), numbers_plan_reminders();
DROP FUNCTION numbers_reminders_begin(timestamptz, timestamptz, timestamptz);
"""

FILL = """
WITH batch AS (
    SELECT id, ended_at FROM numbers_rental WHERE id > %s ORDER BY id LIMIT 5000
), filled AS (
    UPDATE numbers_rental r SET remind_at = numbers_reminders_begin(r.expired_at, r.short_since, r.paid_through)
    FROM batch WHERE r.id = batch.id AND batch.ended_at IS NULL)
SELECT max(id) FROM batch
"""


def fill(apps, schema_editor):
    last = ""
    with schema_editor.connection.cursor() as cursor:
        while last is not None:
            cursor.execute(FILL, [last])
            (last,) = cursor.fetchone()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("numbers", "0024_remind_at"), ("dialnexa", "0011_pool")]

    operations = [
        migrations.RunSQL(FUNCTIONS + TRIGGERS, UNDO),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]

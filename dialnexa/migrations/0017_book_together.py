"""Entries move balances a statement at a time: an account is locked and written once, in the order of ids.

What held for one entry holds for many: a duplicate reference moves nothing, a transfer stays within its
workspace, and no statement leaves a balance below zero. 0002's ``book_entry`` stays for the way back.
"""

from django.db import migrations

TOGETHER = """
CREATE FUNCTION book_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    side record;
    owner text;
BEGIN
    FOR side IN
        SELECT id, sum(amount) AS moved, min(workspace_id) AS first_owner, max(workspace_id) AS last_owner
        FROM (SELECT debit_id AS id, -amount AS amount, workspace_id FROM booked
              UNION ALL SELECT credit_id, amount, workspace_id FROM booked) AS sides
        GROUP BY id ORDER BY id
    LOOP
        SELECT workspace_id INTO owner FROM dialnexa_ledgeraccount
        WHERE id = side.id AND workspace_id IS NOT NULL FOR NO KEY UPDATE;
        CONTINUE WHEN NOT FOUND;
        IF owner <> side.first_owner OR owner <> side.last_owner THEN
            RAISE EXCEPTION 'money stays within its workspace' USING ERRCODE = 'restrict_violation';
        END IF;
        UPDATE dialnexa_ledgeraccount SET balance = balance + side.moved WHERE id = side.id;
    END LOOP;
    RETURN NULL;
END $$;
DROP TRIGGER entry_books ON dialnexa_ledgerentry;
CREATE TRIGGER entry_books AFTER INSERT ON dialnexa_ledgerentry
    REFERENCING NEW TABLE AS booked FOR EACH STATEMENT EXECUTE FUNCTION book_entries();
"""

ONE_BY_ONE = """
DROP TRIGGER entry_books ON dialnexa_ledgerentry;
CREATE TRIGGER entry_books AFTER INSERT ON dialnexa_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION book_entry();
DROP FUNCTION book_entries();
"""


class Migration(migrations.Migration):
    dependencies = [("dialnexa", "0016_sign_outs")]
    operations = [migrations.RunSQL(TOGETHER, ONE_BY_ONE)]

"""What PostgreSQL itself refuses about money, history and states.

Entries move balances (AFTER INSERT, so a duplicate reference moves nothing); accounts are locked in id order;
balances change in no other way; entries and history are append-only; a transfer stays within one currency.
"""

from django.db import migrations

APPEND_ONLY = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""

BOOK = """
CREATE OR REPLACE FUNCTION book_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    side record;
BEGIN
    IF EXISTS (SELECT 1 FROM dialnexa_ledgeraccount
               WHERE id IN (NEW.debit_id, NEW.credit_id) AND workspace_id <> NEW.workspace_id) THEN
        RAISE EXCEPTION 'money stays within its workspace' USING ERRCODE = 'restrict_violation';
    END IF;
    FOR side IN
        SELECT id FROM dialnexa_ledgeraccount
        WHERE id IN (NEW.debit_id, NEW.credit_id) AND workspace_id IS NOT NULL
        ORDER BY id FOR NO KEY UPDATE
    LOOP
        UPDATE dialnexa_ledgeraccount
        SET balance = balance + CASE WHEN side.id = NEW.credit_id THEN NEW.amount ELSE -NEW.amount END
        WHERE id = side.id;
    END LOOP;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.balance <> 0 THEN
            RAISE EXCEPTION 'an account opens with nothing' USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF NEW.balance <> OLD.balance AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'a balance changes only through entries' USING ERRCODE = 'restrict_violation';
    ELSIF (NEW.id, NEW.workspace_id, NEW.kind, NEW.currency)
          IS DISTINCT FROM (OLD.id, OLD.workspace_id, OLD.kind, OLD.currency) THEN
        RAISE EXCEPTION 'an account keeps its owner, kind and currency' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""

# Used by the triggers that ``dialnexa.states.refuse_other_transitions`` makes.
TRANSITIONS = """
CREATE FUNCTION refuse_other_transitions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved_from text := to_jsonb(OLD) ->> TG_ARGV[0];
    moved_to text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    IF moved_from IS DISTINCT FROM moved_to
       AND NOT (moved_from || '>' || moved_to) = ANY (string_to_array(TG_ARGV[1], ',')) THEN
        RAISE EXCEPTION '% cannot move from % to %', TG_TABLE_NAME, moved_from, moved_to
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_transition';
    END IF;
    RETURN NEW;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER entry_books AFTER INSERT ON dialnexa_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION book_entry();
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON dialnexa_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON dialnexa_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_guard BEFORE INSERT OR UPDATE ON dialnexa_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION guard_account();
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON dialnexa_auditentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON dialnexa_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE dialnexa_ledgerentry
    ADD CONSTRAINT debit_currency FOREIGN KEY (debit_id, currency)
        REFERENCES dialnexa_ledgeraccount (id, currency),
    ADD CONSTRAINT credit_currency FOREIGN KEY (credit_id, currency)
        REFERENCES dialnexa_ledgeraccount (id, currency);
"""

UNDO = """
ALTER TABLE dialnexa_ledgerentry DROP CONSTRAINT debit_currency, DROP CONSTRAINT credit_currency;
DROP TRIGGER entry_books ON dialnexa_ledgerentry;
DROP TRIGGER entry_append_only ON dialnexa_ledgerentry;
DROP TRIGGER entry_no_truncate ON dialnexa_ledgerentry;
DROP TRIGGER account_guard ON dialnexa_ledgeraccount;
DROP TRIGGER audit_append_only ON dialnexa_auditentry;
DROP TRIGGER audit_no_truncate ON dialnexa_auditentry;
DROP FUNCTION book_entry(), guard_account(), refuse_change(), refuse_other_transitions();
"""


class Migration(migrations.Migration):
    dependencies = [("dialnexa", "0001_initial")]
    operations = [migrations.RunSQL(APPEND_ONLY + BOOK + TRANSITIONS + TRIGGERS, UNDO)]

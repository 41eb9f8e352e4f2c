"""Between workspaces: what the web processes' role sees of each table (see docs/isolation.md).

The owner of the tables, as whom everything ran before, is exempt.
"""

from django.db import migrations

from dialnexa.isolation.policies import SCOPE, own, own_or_nobodys, policy, staff_only, through

OWN = (
    "dialnexa_membership",
    "dialnexa_invitation",
    "dialnexa_apikey",
    "dialnexa_notice",
    "dialnexa_auditentry",
    "dialnexa_webhookendpoint",
    "dialnexa_webhookmessage",
    "kyc_kyccase",
    "kyc_kycdocument",
    "kyc_kycfile",
    "kyc_verificationnumber",
    "kyc_verificationcall",
    "telephony_agent",
    "telephony_agentversion",
    "telephony_batchcall",
    "telephony_batchfile",
    "telephony_batchrow",
    "telephony_call",
    "telephony_carrierwebhook",
    "telephony_carrierexchange",
    "telephony_workspacenetworkgroup",
    "telephony_sipswitch",
    "telephony_limitoverride",
    "telephony_limitrequest",
    "telephony_openedprefix",
    "telephony_calledcountry",
    "numbers_bulkrouting",
    "numbers_phonenumber",
    "numbers_numberorder",
    "numbers_purchaseattempt",
    "numbers_rental",
    "numbers_rentalcharge",
    "numbers_siptrunk",
)
MINE = f"workspace_id = {SCOPE}"
# The trigger that books an entry passes over accounts it can't see; so both have to be seen.
SEEN = "EXISTS (SELECT FROM dialnexa_ledgeraccount WHERE id = {})"
STAFF_ONLY = (
    "numbers_straynumber",
    "numbers_carriersweep",
    "numbers_carrierlisting",
    "numbers_drift",
    "numbers_ledgerproof",
    "telephony_deckupload",
    "django_admin_log",
)


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("dialnexa", "0017_book_together"),
        ("kyc", "0007_clock"),
        ("numbers", "0022_proofs_mailed"),
        ("telephony", "0017_denied_prefixes"),
    ]
    operations = [
        own("dialnexa_workspace", "id"),
        *map(own, OWN),
        own_or_nobodys("dialnexa_ledgeraccount"),
        policy(
            "dialnexa_ledgerentry",
            MINE,
            check=f"{MINE} AND {SEEN.format('debit_id')} AND {SEEN.format('credit_id')}",
        ),
        own_or_nobodys("telephony_callstop"),
        through("dialnexa_idempotencyrecord", "api_key_id", "dialnexa_apikey"),
        through("dialnexa_noticecopy", "notice_id", "dialnexa_notice"),
        through("dialnexa_webhookdelivery", "message_id", "dialnexa_webhookmessage"),
        through("dialnexa_webhookattempt", "delivery_id", "dialnexa_webhookdelivery"),
        through("numbers_rentalprice", "rental_id", "numbers_rental"),
        through("numbers_reassignablenumber", "number_id", "numbers_phonenumber"),
        *map(staff_only, STAFF_ONLY),
    ]

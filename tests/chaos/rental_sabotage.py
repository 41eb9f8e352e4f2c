"""Guards of rent that can be taken away (see ``sabotage``)."""

from __future__ import annotations

from tests.chaos.rental_timings import passed
from tests.chaos.sabotage import RELEASING, SWEEP, Sabotage

RENTING = "phone_numbers/renting"
RENEWING, CHARGING = f"{RENTING}/renewing.py", f"{RENTING}/charging.py"
NO_UNIQUE = (
    "ALTER TABLE numbers_rentalcharge DROP CONSTRAINT one_charge_per_period",
    "ALTER TABLE dialnexa_ledgerentry DROP CONSTRAINT dialnexa_ledgerentry_reference_key",
)
RELEASE = "        carrier.release(number.carrier_number_id)\n"
HANGS = "        __import__('time').sleep(__import__('random').choice((0, {})))\n"  # a slow machine
SLEEPS = HANGS.format(3)
PRICES = "        prices = _prices(rentals)\n"
APART = (
    "    _move_on(payments)\n"
    "    with __import__('django.db').db.connection.cursor() as cursor:\n"
    "        cursor.execute('COMMIT')\n"
    "        __import__('time').sleep(0.3)\n"
    "        cursor.execute('BEGIN')\n"
    "    booked = _book(payments, by, now)\n"
)
NOT_BOOKED = (CHARGING, " if name not in booked}", "}")
WALLETS = '    locked = wallets.order_by("pk").select_for_update(no_key=True, skip_locked=True)\n'

RENTAL_SABOTAGES: dict[str, Sabotage] = {
    "rent-claim": Sabotage(
        "Nobody locks wallets and rentals, and the database takes a month twice.",
        edits=(
            NOT_BOOKED,
            (RENEWING, WALLETS, "    locked = wallets\n"),
            (
                RENEWING,
                '    rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)\n',
                "",
            ),
        ),
        sql=NO_UNIQUE,
        settings={"DIALNEXA_RENT_EVERY": "0.05"},
    ),
    "rent-wallet": Sabotage(
        "Nobody locks wallets, and the database lets them go below zero.",
        edits=(
            (RENEWING, WALLETS, "    locked = wallets\n"),
            (RENEWING, PRICES, PRICES + HANGS.format(0.5)),
            (
                CHARGING,
                "LedgerAccount.objects.select_for_update(no_key=True).get",
                "LedgerAccount.objects.get",
            ),
        ),
        sql=("ALTER TABLE dialnexa_ledgeraccount DROP CONSTRAINT balance_not_negative",),
        settings={"DIALNEXA_RENT_BATCH": "2", "DIALNEXA_RENT_EVERY": "0.05"},
    ),
    "rent-together": Sabotage(
        "A month is noted as paid in one transaction, and taken from the wallet in the next.",
        edits=(
            (CHARGING, "    booked = _book(payments, by, now)\n", APART),
            (CHARGING, "    _move_on(payments)\n    audit", "    audit"),
        ),
        every=0.5,
    ),
    "rent-give-back": Sabotage(
        "Numbers that nobody pays for stay with their carrier.",
        edits=((f"{RENTING}/sweep.py", "    swept.given_back = give_back_due(now=now)\n", ""),),
    ),
    "rent-give-back-day": Sabotage(
        "Such numbers go back a month after their owner lost them, whenever the carrier charges.",
        edits=((f"{RENTING}/pool.py", "anchor = rental.carrier_anchor or rental.anchor", "anchor = now"),),
    ),
    "rent-gone": Sabotage(
        "A carrier that has taken a number back already is asked again for ever.",
        edits=(
            (
                "telephony/carriers/plivo.py",
                '            logger.info("plivo: %s was released before", number_id)\n',
                "            raise\n",
            ),
        ),
    ),
    "rent-seen": Sabotage(
        "Who presses twice pays twice.",
        edits=((f"{RENTING}/paying.py", "if rental.paid_through != paid_through:", "if False:"),),
    ),
    "rent-look": Sabotage(
        "Nobody looks for rent that is due.",
        edits=((SWEEP, "    sweep_rent(now=now)\n", "    pass\n"),),
    ),
    "rent-end": Sabotage(
        "The rent of a number that was given back goes on.",
        edits=(
            (
                RELEASING,
                "Rental.objects.filter(number=number, ended_at=None).update(ended_at=now, next_run_at=None)",
                "pass",
            ),
        ),
    ),
    "rent-return": Sabotage(
        "Months paid ahead are not returned.",
        edits=((RELEASING, "        return_unused_rent(number, by=by, now=now)\n", ""),),
    ),
    "rent-live-index": Sabotage(
        "A number is free as soon as it is given back, before its carrier has heard of it.",
        sql=(
            "DROP INDEX one_live_owner",
            "CREATE UNIQUE INDEX one_live_owner ON numbers_phonenumber (e164)"
            " WHERE status IN ('pending', 'active')",
        ),
    ),
    "rent-release-claim": Sabotage(
        "A carrier that is slow to take a number back is told again meanwhile.",
        edits=(
            (RELEASING, "due is None or due > now", "due is None"),
            (RELEASING, RELEASE, SLEEPS + RELEASE),
        ),
    ),
    "rent-release-by-e164": Sabotage(
        "The carrier is told the number, not its own name for it: whoever has it by then loses it.",
        edits=(
            (
                RELEASING,
                RELEASE,
                '        if number.carrier != "plivo":  # which has no other name for it\n'
                f"    {SLEEPS}"
                "            owned = carrier.find_owned(number.e164)\n"
                "            return carrier.release(owned.number_id) if owned else None\n" + RELEASE,
            ),
        ),
        settings={"DIALNEXA_RELEASE_SOONEST": passed(1)},
    ),
}

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
SLEEPS = "        __import__('time').sleep(__import__('random').choice((0, 3)))\n"  # a machine that hangs
NOT_BOOKED = (CHARGING, "        if reference not in booked\n", "")

RENTAL_SABOTAGES: dict[str, Sabotage] = {
    "rent-claim": Sabotage(
        "Nobody locks wallets and rentals, and the database takes a month twice.",
        edits=(
            NOT_BOOKED,
            (
                RENEWING,
                '    locked = wallets.order_by("pk").select_for_update(no_key=True, skip_locked=True)\n',
                "    locked = wallets\n",
            ),
            (
                RENEWING,
                '    rows = rows.select_for_update(of=("self",), no_key=True, skip_locked=True)\n',
                "",
            ),
        ),
        sql=NO_UNIQUE,
        settings={"DIALNEXA_RENT_EVERY": "0.05"},
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

"""Rent (see phone_numbers.renting)."""

from dialnexa.settings.environment import env

RENT_GRACE_DAYS = env.int("DIALNEXA_RENT_GRACE_DAYS", 7)  # unpaid, the number keeps working for so long
RENT_HOLD_DAYS = env.int("DIALNEXA_RENT_HOLD_DAYS", 30)  # expired, it is kept for its owner for so long
RENT_RETRY_HOURS = env.int("DIALNEXA_RENT_RETRY_HOURS", 24)  # in grace: the wallet is tried again
RENT_CATCH_UP = env.int("DIALNEXA_RENT_CATCH_UP", 1)  # missed periods charged at once; more: a person looks
RENT_AHEAD_MOST = env.int("DIALNEXA_RENT_AHEAD_MOST", 12)  # months that can be paid in advance
RENT_EVERY = env.float("DIALNEXA_RENT_EVERY", 5.0)  # seconds between two looks for rent that is due
RENT_BATCH = env.int("DIALNEXA_RENT_BATCH", 500)  # rentals renewed in one transaction
PROOFS_KEPT = env.int("DIALNEXA_PROOFS_KEPT", 90)  # days, of proofs that found the books in order
PROOFS_FAILED_KEPT = env.int("DIALNEXA_PROOFS_FAILED_KEPT", 730)  # days, of those that did not
REASSIGN_AFTER_DAYS = env.int("DIALNEXA_REASSIGN_AFTER_DAYS", 15)  # cool-off before another workspace gets it
GIVE_BACK_MARGIN_HOURS = env.int("DIALNEXA_GIVE_BACK_MARGIN_HOURS", 24)  # before the carrier renews

"""Buying numbers and giving them back: seconds (see phone_numbers.buying.fulfilment)."""

from dialnexa.settings.environment import env

SETTLE_WINDOW = env.float("DIALNEXA_SETTLE_WINDOW", 900.0)  # how late a carrier may still act on a request
SETTLE_SPACING = env.float("DIALNEXA_SETTLE_SPACING", 60.0)  # between the two look-ups that prove an absence
LOOK_UP_SOONEST = env.float("DIALNEXA_LOOK_UP_SOONEST", 5.0)  # asking about a doubt: as long again as it has
LOOK_UP_LATEST = env.float("DIALNEXA_LOOK_UP_LATEST", 300.0)  # lasted, within these bounds
RETRY_SOONEST = env.float("DIALNEXA_RETRY_SOONEST", 2.0)  # nothing was sent: try again, later each time
RETRY_LATEST = env.float("DIALNEXA_RETRY_LATEST", 30.0)
PURCHASE_GIVE_UP = env.float(
    "DIALNEXA_PURCHASE_GIVE_UP", 600.0
)  # nothing could be sent for this long: refuse
PURCHASE_MAX_ATTEMPTS = env.int("DIALNEXA_PURCHASE_MAX_ATTEMPTS", 3)
REVIEW_AFTER = env.float("DIALNEXA_REVIEW_AFTER", 24 * 60 * 60.0)  # uncertain for this long: a person looks
PAPERS_CHECK_EVERY = env.float(
    "DIALNEXA_PAPERS_CHECK_EVERY", 300.0
)  # a sold number whose papers are outstanding
PAPERS_GRACE = env.float(
    "DIALNEXA_PAPERS_GRACE", 24 * 60 * 60.0
)  # a refusal of papers that stands for this long is final: number and money go back
RELEASE_SOONEST = env.float("DIALNEXA_RELEASE_SOONEST", 30.0)  # telling a carrier again that a number is
RELEASE_LATEST = env.float("DIALNEXA_RELEASE_LATEST", 3600.0)  # given back: as long again as it has taken
SWEEP_EVERY = env.float("DIALNEXA_SWEEP_EVERY", 1.0)
MAIL_EVERY = env.float("DIALNEXA_MAIL_EVERY", 5.0)  # the sweeper looks for notices to mail
RING_AGAIN = env.float("DIALNEXA_RING_AGAIN", 6.0)  # an order nobody took: ring once more
OFFER_VALID = env.int("DIALNEXA_OFFER_VALID", 30 * 60)  # how long a search result may be bought
PURCHASES_AN_HOUR = env.int("DIALNEXA_PURCHASES_AN_HOUR", 30)  # numbers one workspace may order

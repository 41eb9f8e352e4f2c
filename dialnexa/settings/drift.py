"""What carriers list against what we show (see phone_numbers.drift)."""

from dialnexa.settings.environment import env, refuse

DRIFT_HOUR = env.int("DIALNEXA_DRIFT_HOUR", 2)  # UTC: from then on each carrier's whole list is read
if DRIFT_HOUR > 23:
    refuse(f"DIALNEXA_DRIFT_HOUR is {DRIFT_HOUR}. Set an hour of the day in UTC, from 0 to 23.")
DRIFT_RECENT_EVERY = env.float(
    "DIALNEXA_DRIFT_RECENT_EVERY", 900.0
)  # seconds: recent numbers are asked about
DRIFT_RECENT_AT_ONCE = env.int("DIALNEXA_DRIFT_RECENT_AT_ONCE", 100)  # of one carrier, in one round
DRIFT_APART = env.float("DIALNEXA_DRIFT_APART", 600.0)  # seconds between two sweeps that agree
DRIFT_MARGIN = env.float(
    "DIALNEXA_DRIFT_MARGIN", 900.0
)  # what changed so shortly before a sweep is left alone
DRIFT_GHOST_SHARE = env.float(
    "DIALNEXA_DRIFT_GHOST_SHARE", 0.05
)  # of our numbers: a list lacking more is wrong
DRIFT_RELEASES_AN_HOUR = env.int("DIALNEXA_DRIFT_RELEASES_AN_HOUR", 20)  # by staff, of what the sweeps found

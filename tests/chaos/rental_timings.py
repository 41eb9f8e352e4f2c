"""How fast time passes, and what is measured by it: a real second is two days."""

from __future__ import annotations

from datetime import timedelta

STEP, TICK = timedelta(hours=12), 0.25  # every quarter of a second, half a day passes
LATE = timedelta(days=10)  # time waits for sweepers that are so late: more than a month goes to a person
FASTER = STEP.total_seconds() / TICK


def passed(real_seconds: float) -> str:
    """Seconds of the moved clock, as a setting."""
    return str(real_seconds * FASTER)


# A worker that was told to give a number back may be stopped for three seconds, and must not be overtaken.
RENTAL_TIMINGS = {
    "DIALNEXA_MOVABLE_CLOCK": "1",
    "DIALNEXA_RENT_EVERY": "0.3",
    "DIALNEXA_RENT_BATCH": "20",
    "DIALNEXA_RELEASE_SOONEST": passed(10),
    "DIALNEXA_RELEASE_LATEST": passed(15),
    "DIALNEXA_RING_AGAIN": passed(1.5),
    "DIALNEXA_DRIFT_RECENT_EVERY": passed(10_000),  # never: another program's work
}

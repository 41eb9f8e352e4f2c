"""Calls, batches of them, and calls that come in."""

from decimal import Decimal

from dialnexa.settings.environment import env

CALLS_AT_ONCE = env.int("DIALNEXA_CALLS_AT_ONCE", 10)  # of one workspace
CALL_LONGEST = env.int("DIALNEXA_CALL_LONGEST", 1800)  # seconds; so much is reserved, where it can be paid
CALL_RING = env.int("DIALNEXA_CALL_RING", 45)  # seconds a phone rings before it counts as not picked up
CALL_DEADLINE = 10.0  # seconds for asking a carrier to dial
CALL_LEASE = 30.0  # seconds one worker has for that
CALL_DOUBT = env.float("DIALNEXA_CALL_DOUBT", 180.0)  # how long a silent carrier may still ring somebody
CALL_GIVE_UP = env.float("DIALNEXA_CALL_GIVE_UP", 60.0)  # a carrier that certainly did nothing is asked again
CALL_LOOK_EVERY = env.float("DIALNEXA_CALL_LOOK_EVERY", 60.0)  # a quiet call is asked about
CALL_UNTOLD = env.float("DIALNEXA_CALL_UNTOLD", 86_400.0)  # so long a carrier may be unable to tell of a call
CALL_COST_LOOKS: list[float] = env.list(  # seconds after a call's end when its record at the carrier is read
    "DIALNEXA_CALL_COST_LOOKS", [300.0, 3600.0], subcast=float
)
BATCH_LAST = 50  # calls: if most of a batch's last ones fail, it stops by itself
BATCH_STOP_FROM = env.int("DIALNEXA_BATCH_STOP_FROM", 20)  # of them have to be over
BATCH_STOP_SHARE = env.float("DIALNEXA_BATCH_STOP_SHARE", 0.8)  # of those that are over
BATCH_LOOK_EVERY = env.float("DIALNEXA_BATCH_LOOK_EVERY", 15.0)  # seconds: whether a waiting batch may begin
INBOUND_IN_MEMORY = env.bool("DIALNEXA_INBOUND_IN_MEMORY", True)  # routes are kept, notes written aside
ROUTES_KEPT = env.float("DIALNEXA_ROUTES_KEPT", 600.0)  # seconds that routes outlive a database that is away
ROUTES_LOOK_EVERY = env.float("DIALNEXA_ROUTES_LOOK_EVERY", 0.3)  # seconds between looks for changed routes
INBOUND_ROUTE = env.str("DIALNEXA_INBOUND_ROUTE", "dialnexa-inbound")  # its name at carriers
CALLS_DAILY_SPEND: dict[str, Decimal] = (
    env.dict(  # of one workspace, by currency: "INR=5000,USD=60"; none: no limit
        "DIALNEXA_CALLS_DAILY_SPEND", {}, subcast_values=Decimal
    )
)

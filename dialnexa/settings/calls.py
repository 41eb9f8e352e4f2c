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
CALLS_A_SECOND = env.int("DIALNEXA_CALLS_A_SECOND", 5)  # of one workspace, as the next two
CALLS_A_MINUTE = env.int("DIALNEXA_CALLS_A_MINUTE", 120)
NEW_COUNTRY_CALLS = env.int("DIALNEXA_NEW_COUNTRY_CALLS", 10)  # on the first day of a destination country
CALLS_DAILY_SPEND: dict[str, Decimal] = env.dict(  # of one workspace, by currency; none for it: no limit
    "DIALNEXA_CALLS_DAILY_SPEND",
    {"INR": Decimal(25_000), "USD": Decimal(300), "EUR": Decimal(300), "GBP": Decimal(250)},
    subcast_values=Decimal,
)
CALLS_MONTHLY_SPEND: dict[str, Decimal] = env.dict(
    "DIALNEXA_CALLS_MONTHLY_SPEND",
    {"INR": Decimal(300_000), "USD": Decimal(3_600), "EUR": Decimal(3_600), "GBP": Decimal(3_000)},
    subcast_values=Decimal,
)
SHAPE_CALLS = env.int(
    "DIALNEXA_SHAPE_CALLS", 50
)  # that are over within an hour, before their shape says anything
SHAPE_MEAN_SECONDS = env.float("DIALNEXA_SHAPE_MEAN_SECONDS", 30.0)  # answered calls last at least so long
SHAPE_SHORT_SHARE = env.float("DIALNEXA_SHAPE_SHORT_SHARE", 0.1)  # of them at most so many end within 12 s
SHAPE_ANSWERED_SHARE = env.float("DIALNEXA_SHAPE_ANSWERED_SHARE", 0.7)  # of all at least so many are answered

"""The limits there are: names, units, defaults. What holds for whom is in ``allowances``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

Default = Callable[[str], Decimal | None]  # the wallet's currency → the value; None: no limit


@dataclass(frozen=True, slots=True)
class Limit:
    """``unit`` is said behind a value; money says its currency itself. ``seconds`` is the length of a rate's
    moving window: of calls they are counted in Redis, all else is counted by PostgreSQL's rows. ``code`` and
    ``status`` are those of the refusal, ``wait`` says what to do; ``for_keys``: an API key may have its own.
    """

    name: str
    label: str
    unit: str
    code: str
    wait: str
    default: Default
    status: int = 429
    seconds: int = 0
    is_money: bool = False
    for_keys: bool = True


def _setting(name: str) -> Default:
    return lambda currency: Decimal(getattr(settings, name))


def _money(name: str) -> Default:
    return lambda currency: getattr(settings, name).get(currency)


CALLS_AT_ONCE = Limit(
    "concurrent_calls",
    "Calls at the same time",
    "calls at the same time",
    "concurrency_reached",
    "Wait until one ends.",
    _setting("CALLS_AT_ONCE"),
)
CALLS_A_SECOND = Limit(
    "calls_per_second",
    "Calls begun in a second",
    "calls a second",
    "call_rate_reached",
    "Try again in a moment.",
    _setting("CALLS_A_SECOND"),
    seconds=1,
)
CALLS_A_MINUTE = Limit(
    "calls_per_minute",
    "Calls begun in a minute",
    "calls a minute",
    "call_rate_reached",
    "Try again in a moment.",
    _setting("CALLS_A_MINUTE"),
    seconds=60,
)
DAILY_SPEND = Limit(
    "daily_spend",
    "What calls cost in a day",
    "a day",
    "daily_spend_reached",
    "It counts anew tomorrow.",
    _money("CALLS_DAILY_SPEND"),
    is_money=True,
)
MONTHLY_SPEND = Limit(
    "monthly_spend",
    "What calls cost in a month",
    "a month",
    "monthly_spend_reached",
    "It counts anew next month.",
    _money("CALLS_MONTHLY_SPEND"),
    status=402,
    is_money=True,
    for_keys=False,  # a key's monthly cap is its own, and counts rent too
)
NEW_COUNTRY = Limit(
    "new_country_calls",
    "Calls to a country on its first day",
    "calls in its first day",
    "new_country_reached",
    "More can be called when it has passed.",
    _setting("NEW_COUNTRY_CALLS"),
    for_keys=False,
)
PURCHASES = Limit(
    "purchases_per_hour",
    "Numbers ordered in an hour",
    "orders an hour",
    "purchase_rate_reached",
    "Try again later.",
    _setting("PURCHASES_AN_HOUR"),
    seconds=3600,
)
LIMITS = {
    limit.name: limit
    for limit in (
        CALLS_AT_ONCE,
        CALLS_A_SECOND,
        CALLS_A_MINUTE,
        DAILY_SPEND,
        MONTHLY_SPEND,
        NEW_COUNTRY,
        PURCHASES,
    )
}
CALL_RATES = (CALLS_A_SECOND, CALLS_A_MINUTE)

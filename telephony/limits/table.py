"""The limits there are: names, words, defaults. What holds for whom is in ``allowances``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from dialnexa.translations.marking import gettext_noop as _

Default = Callable[[str], Decimal | None]  # the wallet's currency → the value; None: no limit


@dataclass(frozen=True, slots=True)
class Limit:
    """``says`` is the rule for a holder and an amount, ``says_used`` also how much of it is used. ``seconds``
    is the length of a rate's moving window: of calls they are counted in Redis, all else is counted by
    PostgreSQL's rows. ``code`` and ``status`` are those of the refusal, ``wait`` says what to do;
    ``for_keys``: an API key may have its own. The words are English, and translated where they are shown.
    """

    name: str
    label: str
    says: str
    says_used: str
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
    _("Calls at the same time"),
    _("%(holder)s may have %(amount)s calls at the same time."),
    _("%(holder)s may have %(amount)s calls at the same time, and %(used)s are used."),
    "concurrency_reached",
    _("Wait until one ends."),
    _setting("CALLS_AT_ONCE"),
)
CALLS_A_SECOND = Limit(
    "calls_per_second",
    _("Calls begun in a second"),
    _("%(holder)s may have %(amount)s calls a second."),
    _("%(holder)s may have %(amount)s calls a second, and %(used)s are used."),
    "call_rate_reached",
    _("Try again in a moment."),
    _setting("CALLS_A_SECOND"),
    seconds=1,
)
CALLS_A_MINUTE = Limit(
    "calls_per_minute",
    _("Calls begun in a minute"),
    _("%(holder)s may have %(amount)s calls a minute."),
    _("%(holder)s may have %(amount)s calls a minute, and %(used)s are used."),
    "call_rate_reached",
    _("Try again in a moment."),
    _setting("CALLS_A_MINUTE"),
    seconds=60,
)
DAILY_SPEND = Limit(
    "daily_spend",
    _("What calls cost in a day"),
    _("%(holder)s may spend %(amount)s on calls a day."),
    _("%(holder)s may spend %(amount)s on calls a day, and %(used)s are used."),
    "daily_spend_reached",
    _("It counts anew tomorrow."),
    _money("CALLS_DAILY_SPEND"),
    is_money=True,
)
MONTHLY_SPEND = Limit(
    "monthly_spend",
    _("What calls cost in a month"),
    _("%(holder)s may spend %(amount)s on calls a month."),
    _("%(holder)s may spend %(amount)s on calls a month, and %(used)s are used."),
    "monthly_spend_reached",
    _("It counts anew next month."),
    _money("CALLS_MONTHLY_SPEND"),
    status=402,
    is_money=True,
    for_keys=False,  # a key's monthly cap is its own, and counts rent too
)
NEW_COUNTRY = Limit(
    "new_country_calls",
    _("Calls to a country on its first day"),
    _("%(holder)s may have %(amount)s calls in its first day."),
    _("%(holder)s may have %(amount)s calls in its first day, and %(used)s are used."),
    "new_country_reached",
    _("More can be called when it has passed."),
    _setting("NEW_COUNTRY_CALLS"),
    for_keys=False,
)
PURCHASES = Limit(
    "purchases_per_hour",
    _("Numbers ordered in an hour"),
    _("%(holder)s may have %(amount)s orders an hour."),
    _("%(holder)s may have %(amount)s orders an hour, and %(used)s are used."),
    "purchase_rate_reached",
    _("Try again later."),
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

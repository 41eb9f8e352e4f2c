"""The last questions of a call that goes out: is it stopped, and do the workspace's limits let it through?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa.countries import country_name
from dialnexa.errors import Refusal
from telephony.call_stops import stop_of, stopped_words
from telephony.called_countries import newness
from telephony.destinations import Outcome, Step
from telephony.e164 import E164
from telephony.limits.allowances import Allowance, Allowances
from telephony.limits.rates import refusal_now
from telephony.limits.table import CALL_RATES, CALLS_AT_ONCE, DAILY_SPEND, MONTHLY_SPEND, NEW_COUNTRY
from telephony.limits.usage import (
    calls_in_progress,
    held_now,
    spent_by_keys,
    spent_this_month,
    spent_today,
)
from telephony.rating import CallPrice

FIRST = 60  # seconds that every call has to be able to last
NOTHING = Decimal(0)
Spending = Sequence[tuple[Allowance, Decimal]]  # limits on spending, each with what is used of it
PAST = gettext_noop("What happened in single seconds and minutes is not kept, so it was not asked.")
COUNTED = gettext_noop("This call is counted in it already.")


def limit_steps(
    allowances: Allowances,
    to: E164 | None,
    price: CallPrice | None,
    spending: Spending,
    *,
    at: datetime,
    past: bool,
    turn_taken: bool,
) -> list[Step]:
    """In order; ``past``: ``at`` has been. With ``turn_taken`` only the database is asked."""
    return [
        _stopped(allowances, at, past),
        _at_once(allowances, at),
        _rates(allowances, past, turn_taken),
        *_spend(price, spending),
        _new_country(allowances, to, at),
    ]


def _stopped(allowances: Allowances, at: datetime, past: bool) -> Step:
    stop = stop_of(allowances.workspace, at=at if past else None)
    if stop is None:
        return Step("stop", Outcome.PASS, "calls_not_stopped", _("Nobody has stopped calls."))
    return Step("stop", Outcome.FAIL, "calls_stopped", stopped_words(stop), stop.pk, "limits", 409)


def _at_once(allowances: Allowances, at: datetime) -> Step:
    used = [
        (each, calls_in_progress(allowances.workspace, at, keys=_keys(allowances, each)))
        for each in allowances.all_of(CALLS_AT_ONCE)
    ]
    for allowance, running in used:
        if not allowance.fits(running):
            return _reached("concurrency", allowance.refusal(running), allowance)
    allowance, running = used[-1]
    said = _("%(running)s calls at the same time.") % {"running": running}
    if allowance.value is not None:
        said = _("%(running)s of at most %(most)s calls at the same time.")
        said %= {"running": running, "most": f"{allowance.value:,.0f}"}
    return Step("concurrency", Outcome.PASS, "concurrency_free", said)


def _rates(allowances: Allowances, past: bool, turn_taken: bool) -> Step:
    if past or turn_taken:
        return _skipped("call_rate", _(PAST if past else COUNTED))
    refusal = refusal_now(allowances.all_of(*CALL_RATES))
    if refusal:
        return _reached("call_rate", refusal)
    return Step("call_rate", Outcome.PASS, "call_rate_free", _("Another call may begin now."))


def _spend(price: CallPrice | None, spending: Spending) -> list[Step]:
    if price is None:
        why = _("The call costs nothing here, or has no price.")
        return [_skipped("daily_spend", why), _skipped("monthly_spend", why)]
    needed = price.price_of(FIRST)
    steps = {"daily_spend": _free("daily_spend"), "monthly_spend": _free("monthly_spend")}
    for allowance, used in spending:
        if not allowance.fits(used, needed):
            name = allowance.limit.name
            if steps[name].outcome is not Outcome.FAIL:
                steps[name] = _reached(name, allowance.refusal(used), allowance)
    return list(steps.values())


def spend_left(spending: Spending) -> Decimal | None:
    """What all of them leave: a call holds no more, so no race spends more. None without limits."""
    rooms = [room for allowance, used in spending if (room := allowance.room(used)) is not None]
    return min(rooms, default=None)


def spend_used(allowances: Allowances, at: datetime, past: bool) -> Iterator[tuple[Allowance, Decimal]]:
    """Each limit on spending that is set, with what is spent of it; what calls in the air hold is spent."""
    limited = [each for each in allowances.all_of(DAILY_SPEND, MONTHLY_SPEND) if each.value is not None]
    if not limited:
        return
    workspace = allowances.workspace
    held = NOTHING if past else held_now(workspace)
    today = spent_today(workspace, at)
    for allowance in limited:
        if allowance.who != workspace.pk:
            yield allowance, spent_by_keys(workspace, allowances.chain, at)
        elif allowance.limit is MONTHLY_SPEND:
            yield allowance, spent_this_month(workspace, at, today) + held
        else:
            yield allowance, today + held


def _new_country(allowances: Allowances, to: E164 | None, at: datetime) -> Step:
    found = newness(allowances.workspace, to.country, at=at) if to else None
    if found is None or to is None:
        return _skipped("new_country", _("The country is not new to this workspace."))
    allowance, (used, until) = allowances.of(NEW_COUNTRY), found
    name = country_name(to.country)
    if allowance.fits(used):
        said = _("%(country)s is new: %(used)s of %(most)s calls of its first day are placed.")
        said %= {"country": name, "used": used, "most": allowance.value}
        return Step("new_country", Outcome.WARNING, "new_country", said)
    wait = max(1, int((until - at).total_seconds()))
    said = _("%(country)s is new to this workspace.") % {"country": name}
    said = f"{said} {allowance.sentence(used)}"
    refusal = Refusal(NEW_COUNTRY.code, said, status=NEW_COUNTRY.status, retry_after=wait)
    return _reached("new_country", refusal, allowance)


def _keys(allowances: Allowances, allowance: Allowance) -> tuple[str, ...]:
    return tuple(allowances.chain) if allowance.who != allowances.workspace.pk else ()


def _reached(name: str, refusal: Refusal, allowance: Allowance | None = None) -> Step:
    decided = allowance.override.pk if allowance and allowance.override else ""
    return Step(
        name,
        Outcome.FAIL,
        refusal.code,
        refusal.sentence,
        decided,
        "limits",
        refusal.status,
        allowance.limit.name if allowance else refusal.details.get("limit", ""),
        refusal.details.get("retry_after", 0),
    )


def _free(name: str) -> Step:
    return Step(name, Outcome.PASS, f"{name}_free", _("A first minute fits into what calls may cost."))


def _skipped(name: str, sentence: str) -> Step:
    return Step(name, Outcome.SKIPPED, "skipped", sentence)

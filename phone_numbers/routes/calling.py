"""Can this number call there? The destination's questions, then those of the route."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa import wallet
from dialnexa.models import ApiKey, Workspace
from dialnexa.money import format_money
from dialnexa.past import value_at
from phone_numbers.minutes import balance_at, decided_by
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.routes.explaining import Explanation, number_steps
from phone_numbers.routes.limit_steps import limit_steps, spend_left, spend_used
from phone_numbers.routes.routing import who_answered
from telephony.config import format_rate
from telephony.destinations import Outcome, Rules, Step, judge_destination
from telephony.e164 import E164
from telephony.limits.allowances import read_allowances
from telephony.models import AgentVersion, CarrierSlug
from telephony.past import rules_at
from telephony.rating import CallPrice, rate_call
from telephony.rules import destination_rules

NO_NUMBER = gettext_noop("No number was chosen to call from, so this was not asked.")
OF_TODAY = gettext_noop("The prefixes of network groups are today's: their own history is not kept.")
REFUSED = gettext_noop("%(trunk)s refused the credentials. The call is tried anyway.")
TRUNK_FAILS = {  # what is said of now, and of a moment that has been
    "unreachable": (
        "trunk_unreachable",
        gettext_noop("%(trunk)s does not answer over SIP. The call is tried all the same."),
        gettext_noop("%(trunk)s did not answer over SIP. The call is tried all the same."),
    ),
    "unauthorized": ("trunk_unauthorized", REFUSED, REFUSED),
}
UNCHECKED = (
    "trunk_unchecked",
    gettext_noop("%(trunk)s is not tested yet. The call is tried anyway."),
    gettext_noop("%(trunk)s was not tested yet. The call is tried anyway."),
)


def explain_call(
    number: PhoneNumber | None,
    to: str,
    *,
    workspace: Workspace,
    now: datetime,
    carrier: str = "",
    at: datetime | None = None,
    version: AgentVersion | None = None,
    key: ApiKey | None = None,
    turn_taken: bool = False,
) -> Explanation:
    """Every question a call from ``number`` to ``to`` (as people write it) has to pass.

    Without a number those about the number are skipped, and ``carrier`` (slug) says whose rules count. ``at``
    is a moment that has been (None: now); ``version`` a published version chosen for this call alone;
    ``key`` is who asks, for its own limits. With ``turn_taken`` the call is counted in its rates already:
    they are not asked, and nothing but the database is. Never refuses; nothing is created.
    """
    at, past = at or now, at is not None and at < now
    slug = number.carrier if number else carrier
    rules = rules_at(workspace, slug, at=at) if past else destination_rules(workspace, slug, now=now)
    judged = judge_destination(to, rules)
    chosen = version is not None
    if number and version is None:
        version = who_answered(number, "outbound", at)
    price = _price(judged.number, rules, workspace, at)
    money = _money(judged.number, price, rules, workspace, at, past)
    allowances = read_allowances(workspace, at=at, key=key)
    spending = list(spend_used(allowances, at, past)) if price else []
    limits = limit_steps(allowances, judged.number, price, spending, at=at, past=past, turn_taken=turn_taken)
    return Explanation(
        direction="outbound",
        number=number,
        carrier=slug,
        at=at,
        past=past,
        steps=(*judged.steps, *_from(number, version, at, past, chosen), *money, *limits),
        other=judged.number,
        version=version,
        price=price,
        notes=(_(OF_TODAY),) if past else (),
        spend_left=spend_left(spending),
    )


# --- the number it leaves from -------------------------------------------------------------------------


def _from(
    number: PhoneNumber | None, version: AgentVersion | None, at: datetime, past: bool, chosen: bool
) -> list[Step]:
    if number is None:
        return [_skipped(name, _(NO_NUMBER)) for name in ("active", "rental", "version", "trunk")]
    return [*number_steps(number, at, past), _calls(number, version, past, chosen), _trunk(number, at, past)]


def _calls(number: PhoneNumber, version: AgentVersion | None, past: bool, chosen: bool) -> Step:
    if version and chosen:
        sentence = _("%(version)s was chosen for this call.") % {"version": version}
        return Step("version", Outcome.PASS, "outbound_version_published", sentence, version.pk)
    if version is None:
        sentence = _("No agent is chosen to call from %(number)s.")
        sentence = (_("No agent was chosen to call from %(number)s.") if past else sentence) % {
            "number": number
        }
        return Step("version", Outcome.FAIL, "outbound_version_missing", sentence, number.pk, "routing", 409)
    sentence = _("%(version)s is chosen to call from %(number)s.")
    sentence = _("%(version)s was chosen to call from %(number)s.") if past else sentence
    sentence %= {"version": version, "number": number}
    return Step("version", Outcome.PASS, "outbound_version_published", sentence, version.pk)


def _trunk(number: PhoneNumber, at: datetime, past: bool) -> Step:
    trunk: SipTrunk | None = getattr(number, "trunk", None)
    if trunk is None:
        sentence = _("%(number)s belongs to %(carrier)s; there is no trunk.")
        return _skipped("trunk", sentence % {"number": number, "carrier": number.get_carrier_display()})
    health = value_at(trunk.pk, "health", at, today=trunk.health)
    if health == SipTrunk.Health.HEALTHY:
        sentence = _("%(trunk)s answered when it was last tested.") % {"trunk": trunk}
        return Step("trunk", Outcome.PASS, "trunk_healthy", sentence, trunk.pk)
    code, now, then = TRUNK_FAILS.get(health, UNCHECKED)
    sentence = _(then if past else now) % {"trunk": trunk}
    return Step("trunk", Outcome.WARNING, code, sentence, trunk.pk, "trunk")


# --- money ------------------------------------------------------------------------------------


def _price(to: E164 | None, rules: Rules, workspace: Workspace, at: datetime) -> CallPrice | None:
    if to is None:
        return None
    carrier = CarrierSlug.SIP_TRUNK if rules.sip_route else rules.carrier
    return rate_call(to, carrier=carrier, currency=workspace.currency, direction="outbound", at=at)


def _money(
    to: E164 | None, price: CallPrice | None, rules: Rules, workspace: Workspace, at: datetime, past: bool
) -> Iterable[Step]:
    if to is None:
        return [_skipped(name, _("There is no number to ask about.")) for name in ("price", "wallet")]
    if price is None and rules.sip_route:
        free = _("No flat rate is set for calls over your own carrier, so nothing is charged here.")
        return [_skipped(name, free) for name in ("price", "wallet")]
    if price is None:
        sentence = _("There is no price for calls to %(number)s yet. Ask support if you need it.") % {
            "number": to
        }
        unknown = Step("price", Outcome.FAIL, "price_unknown", sentence, "", "", 409)
        return [unknown, _skipped("wallet", _("Without a price the wallet can't be asked."))]
    said = _("A minute costs %(price)s, which is the price of %(what)s.")
    said = _("A minute cost %(price)s, which is the price of %(what)s.") if past else said
    said %= {"price": format_rate(price.per_minute, price.currency), "what": decided_by(price)}
    balance = balance_at(workspace, at) if past else wallet.balance(workspace)
    return [
        Step("price", Outcome.PASS, "price_known", said, str(price.rate_id)),
        _wallet(price, balance, past),
    ]


def _wallet(price: CallPrice, balance: Decimal, past: bool) -> Step:
    needed = price.price_of(60)
    said = {
        "balance": format_money(balance, price.currency),
        "minute": format_rate(needed, price.currency),
    }
    if balance >= needed:
        sentence = _("The wallet holds %(balance)s; a first minute needs %(minute)s.")
        sentence = _("The wallet held %(balance)s; a first minute needs %(minute)s.") if past else sentence
        return Step("wallet", Outcome.PASS, "wallet_covers_minute", sentence % said)
    sentence = _("The wallet holds %(balance)s, and a first minute needs %(minute)s. Add credit first.")
    if past:
        sentence = _("The wallet held %(balance)s, and a first minute needs %(minute)s. Add credit first.")
    return Step("wallet", Outcome.FAIL, "wallet_insufficient", sentence % said, "", "wallet", 402)


def _skipped(name: str, sentence: str) -> Step:
    return Step(name, Outcome.SKIPPED, "skipped", sentence)

"""May this number be called? The one function that single calls, batches, dry runs and "why?" pages share.

It is pure: ``Rules`` holds everything it decides by, loaded once (``destination_rules``), so a million rows
ask the database nothing. Every step is answered, with the record that decided it; a call is refused by the
first that fails, a row of a batch lists them all. The called number decides; the calling number's country
does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.translation import gettext as _

from dialnexa.countries import country_name
from telephony.e164 import E164, Unreadable, read_destination
from telephony.high_cost import Ranges


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105  an outcome, no password
    FAIL = "fail"
    SKIPPED = "skipped"
    WARNING = "warning"  # refuses nothing


@dataclass(frozen=True, slots=True)
class Step:
    """One question and its answer. ``record`` is the id of what decided, ``fix`` the page that mends it
    (a name of ``dialnexa.shell.FIXES``), ``status`` what an API answers when this step refuses.
    """

    name: str  # number, kyc, country, prefix; then those of the route
    outcome: Outcome
    code: str
    sentence: str
    record: str = ""
    fix: str = ""
    status: int = 200
    limit: str = ""  # the name of the limit that is reached, of ``telephony.limits.table``
    retry_after: int = 0  # seconds, where that is known

    @property
    def failed(self) -> bool:
        return self.outcome is Outcome.FAIL


@dataclass(frozen=True, slots=True)
class Group:
    """An enabled network group. ``prefixes`` are digits with the calling code; none is the whole country."""

    id: str
    name: str
    prefixes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a workspace may call over one provider now.

    ``kyc_case`` is the dossier that decides (its id, empty without one) and ``kyc_sentence`` what it says;
    ``verification_number`` is E.164 and confirmed, or empty. ``sip_route``: the call leaves over a linked
    number; ``sip_switch``: the workspace's SIP/BYOC switch is on. ``groups`` are the enabled ones by country.
    ``ranges`` says which numbers are too expensive wherever they are; None: that is not asked.
    """

    carrier: str
    carrier_label: str
    kyc_verified: bool
    kyc_case: str
    kyc_sentence: str
    verification_number: str
    sip_route: bool
    sip_switch: bool
    groups: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    sip_record: str = ""
    ranges: Ranges | None = None

    @property
    def over_sip(self) -> bool:
        return self.sip_route or self.sip_switch


@dataclass(frozen=True, slots=True)
class Judgement:
    """``number`` is None when the text is none. ``steps`` are all of them, in order."""

    number: E164 | None
    steps: tuple[Step, ...]

    @property
    def allowed(self) -> bool:
        return not any(step.failed for step in self.steps)

    @property
    def refusal(self) -> Step | None:
        """The first step that fails."""
        return next((step for step in self.steps if step.failed), None)

    @property
    def failures(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.failed)


Read = Callable[[str], E164 | Unreadable]


def judge_destination(text: str, rules: Rules, *, read: Read = read_destination) -> Judgement:
    """Every step of product.md §5 for ``text``, what somebody wants to call. Never raises."""
    number = read(text)
    if isinstance(number, Unreadable):
        said = Step("number", Outcome.FAIL, f"destination_{number.problem}", number.sentence, status=400)
        return Judgement(
            None, (said, *(_skipped(name, _("There is no number to ask about.")) for name in REST))
        )
    said = Step("number", Outcome.PASS, "destination_possible", _possible(number))
    dear = (_high_cost(number, rules.ranges),) if rules.ranges is not None else ()
    return Judgement(number, (said, _kyc(number, rules), *_permission(number, rules), *dear))


REST = ("kyc", "country", "prefix")


def _kyc(number: E164, rules: Rules) -> Step:
    if rules.kyc_verified:
        return Step("kyc", Outcome.PASS, "kyc_verified", rules.kyc_sentence, rules.kyc_case)
    if rules.verification_number and number.e164 == rules.verification_number:
        sentence = _("%(number)s is the workspace's registered verification number.") % {"number": number}
        return Step("kyc", Outcome.PASS, "verification_number", sentence, rules.kyc_case)
    only = _("Until then only a registered verification number may be called, and none is confirmed.")
    if rules.verification_number:
        only = _("Until then only %(number)s may be called.") % {"number": rules.verification_number}
    sentence = f"{rules.kyc_sentence} {only}"
    return Step("kyc", Outcome.FAIL, "kyc_not_verified", sentence, rules.kyc_case, "kyc", 403)


def _permission(number: E164, rules: Rules) -> tuple[Step, Step]:
    if rules.over_sip:
        sentence = _("SIP/BYOC is switched on, so Telephony Config is not asked.")
        if rules.sip_route:
            sentence = _("The call leaves over a linked number, so Telephony Config is not asked.")
        return _skipped("country", sentence, rules.sip_record), _skipped("prefix", sentence, rules.sip_record)
    groups = rules.groups.get(number.country, ())
    if not groups:
        return _country_off(number, rules), _skipped("prefix", _("The country is not enabled."))
    names = ", ".join(group.name for group in groups)
    said = {"country": country_name(number.country), "carrier": rules.carrier_label, "groups": names}
    sentence = _("%(country)s is enabled at %(carrier)s: %(groups)s.") % said
    return Step("country", Outcome.PASS, "country_enabled", sentence, groups[0].id), _prefix(number, groups)


def _country_off(number: E164, rules: Rules) -> Step:
    if not number.country:
        sentence = _("%(number)s belongs to no country, and such networks can't be enabled.")
    elif not rules.groups:
        sentence = _("Nothing is enabled at %(carrier)s yet. Enable %(country)s first.")
    else:
        sentence = _("%(country)s is not enabled at %(carrier)s.")
    names = {"country": country_name(number.country), "carrier": rules.carrier_label, "number": number.e164}
    return Step("country", Outcome.FAIL, "country_not_enabled", sentence % names, "", "telephony", 403)


def _prefix(number: E164, groups: tuple[Group, ...]) -> Step:
    digits = number.e164[1:]
    best = max(((_longest(digits, group), group) for group in groups), key=lambda found: found[0] or "")
    whole = next((group for group in groups if not group.prefixes), None)
    if best[0]:
        sentence = _("%(number)s begins with +%(prefix)s, which %(group)s covers.")
        sentence %= {"number": number.e164, "prefix": best[0], "group": best[1].name}
        return Step("prefix", Outcome.PASS, "prefix_enabled", sentence, best[1].id)
    if whole:
        sentence = _("%(group)s covers the whole country.") % {"group": whole.name}
        return Step("prefix", Outcome.PASS, "whole_country", sentence, whole.id)
    names = ", ".join(group.name for group in groups)
    sentence = _("%(number)s begins with none of the prefixes of what is enabled there (%(groups)s).")
    sentence %= {"number": number.e164, "groups": names}
    return Step("prefix", Outcome.FAIL, "prefix_not_enabled", sentence, groups[0].id, "telephony", 403)


def _high_cost(number: E164, ranges: Ranges) -> Step:
    why = ranges.why_not(number.e164)
    if not why:
        sentence = _("%(number)s is not in an expensive range.") % {"number": number.e164}
        return Step("high_cost", Outcome.PASS, "high_cost_not", sentence)
    sentence = _(
        "%(number)s can't be called: %(why)s. Enabling its country does not open it; ask support to open the "
        "prefix for a while."
    ) % {"number": number.e164, "why": why}
    return Step("high_cost", Outcome.FAIL, "high_cost_number", sentence, "", "limits", 403)


def _longest(digits: str, group: Group) -> str:
    """The longest prefix of the group that the number begins with; empty when there is none."""
    return next((digits[:n] for n in range(len(digits), 0, -1) if digits[:n] in group.prefixes), "")


def _skipped(name: str, sentence: str, record: str = "") -> Step:
    return Step(name, Outcome.SKIPPED, "skipped", sentence, record)


def _possible(number: E164) -> str:
    if not number.country:
        return _("%(number)s is a possible number.") % {"number": number.e164}
    said = _("%(number)s is a possible number in %(country)s.")
    return said % {"number": number.e164, "country": country_name(number.country)}

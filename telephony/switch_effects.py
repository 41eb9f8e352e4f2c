"""What somebody is about to switch off in Telephony Config, and what an effect of that is.

The rules before and after are those of ``destinations``, so that what is said can't differ from what calls
meet afterwards. Apps above this one let ``learn`` know how to find what of theirs would stop;
``switching_off`` asks everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property

from django.db.models import QuerySet

from dialnexa.models import Workspace
from telephony.destinations import Group, Rules, judge_destination
from telephony.models import CarrierSlug, Country, NetworkGroup
from telephony.rules import with_prefixes
from telephony.switches import enabled_groups, sip_switched_on

SHOWN = 5  # things of a kind that are named


@dataclass(frozen=True)
class SwitchOff:
    """The groups (of one carrier, by its slug) that are to go off; none of either: SIP/BYOC itself."""

    workspace: Workspace
    carrier: str = ""
    groups: tuple[NetworkGroup, ...] = ()

    @property
    def is_sip(self) -> bool:
        return not self.carrier

    @cached_property
    def over_sip(self) -> bool:
        """Whether calls leave over the customer's own carrier now, so that no network group is asked."""
        return sip_switched_on(self.workspace)

    @cached_property
    def countries(self) -> list[Country]:
        """Whose groups go off, by name."""
        return sorted({group.country for group in self.groups}, key=lambda country: country.name)

    @cached_property
    def left(self) -> set[str]:
        """The countries (ISO) where something stays on with the carrier."""
        staying = enabled_groups(self.workspace, self.carrier).exclude(pk__in=self._ids)
        return set(staying.values_list("country", flat=True))

    @cached_property
    def _ids(self) -> set[str]:
        return {group.pk for group in self.groups}

    @cached_property
    def rules(self) -> Callable[[str], tuple[Rules, Rules]]:
        """A function from a carrier (slug) to what may be called over it before and after, as if the
        workspace were verified. Each is loaded once.
        """
        return cache(self._rules)

    def judge(self, carrier: str) -> Callable[[str], bool]:
        """A function that says of a number (E.164) whether calls to it over ``carrier`` (slug) would stop."""
        before, after = self.rules(carrier)

        def stops(e164: str) -> bool:
            return judge_destination(e164, before).allowed and not judge_destination(e164, after).allowed

        return stops

    def _rules(self, carrier: str) -> tuple[Rules, Rules]:
        before = Rules(
            carrier=carrier,
            carrier_label=CarrierSlug(carrier).label,
            kyc_verified=True,
            kyc_case="",
            kyc_sentence="",
            verification_number="",
            sip_route=carrier == CarrierSlug.SIP_TRUNK,
            sip_switch=self.over_sip,
            groups=with_prefixes(self._asked(carrier)),
        )
        if self.is_sip:
            return before, replace(before, sip_switch=False)
        staying = {
            iso: tuple(group for group in groups if group.id not in self._ids)
            for iso, groups in before.groups.items()
        }
        return before, replace(before, groups=staying)

    def _asked(self, carrier: str) -> QuerySet[NetworkGroup]:
        """The enabled groups that decide: of the countries in question, or all where SIP/BYOC goes off."""
        groups = enabled_groups(self.workspace, carrier)
        return groups if self.is_sip else groups.filter(country__in=self.countries)

    @cached_property
    def narrowed(self) -> list[Country]:
        """The countries in which numbers are that could not be called any more."""
        if self.is_sip or self.over_sip:
            return []
        groups = self.rules(self.carrier)[1].groups
        return [country for country in self.countries if not _is_whole(groups.get(country.iso, ()))]


def _is_whole(groups: Iterable[Group]) -> bool:
    return any(not group.prefixes for group in groups)


@dataclass(frozen=True, slots=True)
class Effect:
    """One kind of thing that would stop. ``named`` are the first few, as (id or number, label)."""

    kind: str  # numbers, batches, destinations, purchases
    sentence: str
    named: tuple[tuple[str, str], ...] = ()
    more: int = 0


Finder = Callable[[SwitchOff, datetime], Iterator[Effect]]
FINDERS: list[Finder] = []


def learn(finder: Finder) -> None:
    """Ask this one, too, what would stop at a moment (aware)."""
    if finder not in FINDERS:
        FINDERS.append(finder)

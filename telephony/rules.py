"""Loading what ``destinations`` decides by: a few queries, once for a call or for a whole batch."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db.models import QuerySet

from dialnexa.models import Workspace
from kyc.gate import may_dial
from kyc.models import VerificationNumber
from telephony.destinations import Group, Rules
from telephony.high_cost import ranges_of
from telephony.models import CarrierSlug, NetworkGroup, Prefix, SipSwitch
from telephony.switches import enabled_groups


def destination_rules(workspace: Workspace, carrier: str, *, now: datetime) -> Rules:
    """What the workspace may call now from a number of ``carrier`` (slug; ``sip_trunk``: a linked one).

    Eight queries at most, however many groups and prefixes are on.
    """
    identity = may_dial(workspace, now=now)
    switch = SipSwitch.objects.filter(workspace=workspace, enabled=True).first()
    return Rules(
        carrier=carrier,
        carrier_label=CarrierSlug(carrier).label,
        kyc_verified=identity.allowed,
        kyc_case=identity.case.pk if identity.case else "",
        kyc_sentence=identity.sentence,
        verification_number=_verification_number(workspace),
        sip_route=carrier == CarrierSlug.SIP_TRUNK,
        sip_switch=switch is not None,
        groups=with_prefixes(enabled_groups(workspace, carrier)),
        ranges=ranges_of(workspace, at=now),
    )


def _verification_number(workspace: Workspace) -> str:
    """Confirmed, or empty."""
    numbers = VerificationNumber.objects.filter(workspace=workspace, confirmed_at__isnull=False)
    return numbers.values_list("e164", flat=True).first() or ""


def with_prefixes(groups: QuerySet[NetworkGroup]) -> dict[str, tuple[Group, ...]]:
    """These groups by country (ISO), each with its prefixes. Two queries."""
    groups = groups.order_by("name", "pk")
    prefixes: dict[str, set[str]] = defaultdict(set)
    for group_id, digits in Prefix.objects.filter(
        network_group__in=groups.order_by().values("pk")
    ).values_list("network_group_id", "digits"):
        prefixes[group_id].add(digits)
    by_country: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        by_country[group.country_id].append(Group(group.pk, group.name, frozenset(prefixes[group.pk])))
    return {country: tuple(found) for country, found in by_country.items()}

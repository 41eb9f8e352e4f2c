"""What a PATCH changes of a number: all of it in one transaction, through the verbs that pages use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from rest_framework import serializers

from dialnexa.actors import Actor
from dialnexa.api.body import Flag, Text, Whole
from dialnexa.errors import Refusal
from phone_numbers.api.fields import either
from phone_numbers.models import PhoneNumber
from phone_numbers.naming import LIMIT, rename_number
from phone_numbers.releasing import protect_number
from phone_numbers.renting.choices import set_auto_renew
from phone_numbers.routes.defaults import set_default
from phone_numbers.routes.routing import DIRECTIONS, UNCHANGED, Direction, Wanted, route_number
from phone_numbers.routes.versions import named_version

LATEST = "The agent's latest published version unless said"
HIGHEST = 2**31 - 1


def _agent(said: str) -> Text:
    return Text(required=False, allow_null=True, max_length=40, help_text=said)


def _version() -> Whole:
    return Whole(required=False, allow_null=True, min_value=1, max_value=HIGHEST, help_text=LATEST)


def _name() -> Text:
    return Text(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=LIMIT,
        help_text="null or empty clears it",
    )


class NumberChanges(serializers.Serializer):
    agent_id = _agent("Who answers; null detaches")
    inbound_agent_id = _agent("The same as agent_id")
    inbound_agent_version = _version()
    outbound_agent_id = _agent("Who calls from it; null detaches")
    outbound_agent_version = _version()
    nickname = _name()
    label = _name()  # type: ignore[assignment]
    release_protection = Flag(required=False)
    is_default = Flag(required=False)
    auto_renew = Flag(
        required=False, allow_null=True, help_text="Whether the rent renews by itself; null changes nothing"
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        inbound = either(given, "agent_id", "inbound_agent_id")
        named = {"inbound_agent_id": inbound} if {"agent_id", "inbound_agent_id"} & given.keys() else {}
        return given | named


def change_number(number: PhoneNumber, wish: dict[str, Any], *, by: Actor, now: datetime) -> None:
    """Do all that ``wish`` (a read NumberChanges) asks for, or nothing of it.

    Raises Refusal: 400 as ``named_version``, 409 ``number_not_active`` and ``no_rental``, and what names are
    refused for.
    """
    with transaction.atomic():
        if "is_default" in wish:  # first, because it locks the workspace and then numbers
            set_default(number, is_default=wish["is_default"], by=by, now=now)
        number = PhoneNumber.objects.select_for_update(no_key=True).get(pk=number.pk)
        if routes := _routes(number, wish):
            route_number(number, **routes, by=by, now=now)
        if {"nickname", "label"} & wish.keys():
            names = {name: wish.get(name, getattr(number, name)) or "" for name in ("nickname", "label")}
            rename_number(number, **names, by=by, now=now)
        if "release_protection" in wish:
            protect_number(number, protected=wish["release_protection"], by=by, now=now)
        if wish.get("auto_renew") is not None:
            set_auto_renew(number, on=wish["auto_renew"], by=by, now=now)


def _routes(number: PhoneNumber, wish: dict[str, Any]) -> dict[str, Any]:
    """Only what would change: a number that can't be routed now may be told what it has already."""
    routes = {way: _route(number, way, wish) for way in DIRECTIONS}
    had = {way: getattr(number, f"{way}_version") for way in DIRECTIONS}
    return {way: wanted for way, wanted in routes.items() if wanted not in (UNCHANGED, had[way])}


def _route(number: PhoneNumber, way: Direction, wish: dict[str, Any]) -> Wanted:
    """The version one direction should have. A version alone means the agent that has the direction now."""
    agent_field, version_field = f"{way}_agent_id", f"{way}_agent_version"
    version = wish.get(version_field)
    if agent_field not in wish and version is None:
        return UNCHANGED
    current = getattr(number, f"{way}_version")
    agent = wish.get(agent_field, current and current.agent_id)
    if agent is not None:
        return named_version(number.workspace, agent, version, field=_published(agent_field, wish))
    if version is not None:
        sentence = f"{version_field}: Name the agent that has version {version} in {agent_field}."
        raise Refusal("version_without_agent", sentence, field=version_field)
    return None


def _published(field: str, wish: dict[str, Any]) -> str:
    """The name under which it was sent."""
    return "agent_id" if field == "inbound_agent_id" and "agent_id" in wish else field

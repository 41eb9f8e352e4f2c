"""An update of SignalWire's as changes of ours."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from phone_numbers.api.compatible.shapes import AGENT, HANDLING, handling
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.versions import named_version

APPLICATION = "call_relay_application"
SETTABLE = (*HANDLING, "message_relay_application")  # which they take, and never show
NOT_HERE = (
    "Not possible here. Numbers are answered by agents and take no messages: set call_handler to "
    f"{AGENT} and {APPLICATION} to an agent's id, or leave this out."
)
NO_AGENT = f"Name the agent that is to answer: {AGENT} wants its id here."
NOT_TEXT = "Not a valid string."


def wish_of(number: PhoneNumber, body: dict[str, Any]) -> dict[str, Any]:
    """What ``change_number`` is to do. Raises ValidationError, which names every field that is wrong, and
    Refusal as ``named_version`` does.
    """
    shown: dict[str, Any] = handling(number)
    said = {name: None if body[name] == "" else body[name] for name in SETTABLE if name in body}
    changed = {name: value for name, value in said.items() if value != shown.get(name)}
    _refuse_wrong(changed, body)
    names = {"nickname": body["name"] or ""} if "name" in body else {}
    return names | _route(number, shown, changed)


def _refuse_wrong(changed: dict[str, Any], body: dict[str, Any]) -> None:
    """Silence would be worse: the client would wait for calls that never come."""
    wrong = {name: NOT_HERE for name, value in changed.items() if not _is_possible(name, value)}
    if body.get("call_receive_mode") not in (None, "", "voice"):
        wrong["call_receive_mode"] = NOT_HERE
    for name in ("name", APPLICATION):
        if not isinstance(body.get(name), str | None):
            wrong[name] = NOT_TEXT
    if wrong:
        raise serializers.ValidationError(wrong)


def _is_possible(name: str, value: Any) -> bool:
    """Nothing, an agent, and that it is an agent."""
    return value is None or name == APPLICATION or (name, value) == ("call_handler", AGENT)


def _route(number: PhoneNumber, shown: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    """A handler of null detaches, and so does an application of null alone."""
    if not {"call_handler", APPLICATION} & changed.keys():
        return {}
    agent = changed.get(APPLICATION, shown[APPLICATION])
    if changed.get("call_handler", agent) is None:
        return {"inbound_agent_id": None}
    if agent is None:
        raise serializers.ValidationError({APPLICATION: NO_AGENT})
    named_version(number.workspace, agent, field=APPLICATION)
    return {"inbound_agent_id": agent}

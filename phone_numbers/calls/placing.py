"""Placing a call: every rule is asked, the most it may cost is reserved, and a row is left for the worker.

What is reserved is the price of CALL_LONGEST seconds, or of as many as the wallet (and the key's cap) still
cover, at least a minute; the carrier is told to hang up after that, so a call never costs more than it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from dialnexa import audit, wallet
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, Workspace
from dialnexa.spending import left_under_cap, refuse_over_cap
from dialnexa.translations.retelling import retell
from phone_numbers.minutes import decided_by
from phone_numbers.models import PhoneNumber
from phone_numbers.routes.calling import explain_call
from phone_numbers.routes.explaining import Explanation
from telephony.called_countries import note_country
from telephony.destinations import Step
from telephony.limits.allowances import read_allowances
from telephony.limits.rates import take_turn
from telephony.limits.reached import note_reached
from telephony.limits.table import CALL_RATES
from telephony.models import AgentVersion, Call, Direction
from telephony.rating import CallPrice

FIRST = 60  # seconds the wallet has to cover
HELD = gettext_noop("Call to %(number)s, up to %(minutes)s min")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller says besides the two numbers. ``idempotency_key`` empty: a new call each time.

    ``version``: published, of this workspace; None is the one routed for calls that go out.
    """

    version: AgentVersion | None = None
    idempotency_key: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    batch_id: str | None = None
    batch_row: int | None = None


def place_call(
    workspace: Workspace,
    number: PhoneNumber,
    to: str,
    *,
    by: Actor,
    now: datetime,
    asked: Asked = Asked(),  # noqa: B008  # frozen
) -> Call:
    """Order a call from ``number`` to ``to`` (as people write it). The interface rings the worker.

    The same idempotency key gives the same call again. Raises Refusal with the code, status and fix of the
    first question that fails (``explain_call`` asks them all), 404 ``number_not_found`` and 402
    ``wallet_insufficient`` or ``spend_cap_reached`` when the number or the money went in the meantime. A
    batch takes the turn of each of its calls itself, before its transaction (``take_call_turn``).
    """
    try:
        if asked.batch_id is None and not _earlier(workspace, asked.idempotency_key):
            take_call_turn(workspace, by.api_key, now=now)
        return _place(workspace, number, to, asked, by, now)
    except Refusal as refusal:
        note_reached(workspace, refusal, now=now)
        raise


def take_call_turn(workspace: Workspace, key: ApiKey | None, *, now: datetime) -> None:
    """Count one more call in the rates of the workspace and the key. Not in a transaction: it asks Redis.

    Raises Refusal 429 ``call_rate_reached`` with ``retry_after`` in seconds, 503 ``limits_unavailable``.
    """
    take_turn(read_allowances(workspace, at=now, key=key).all_of(*CALL_RATES))


def _place(
    workspace: Workspace, number: PhoneNumber, to: str, asked: Asked, by: Actor, now: datetime
) -> Call:
    with transaction.atomic():
        room = left_under_cap(by.api_key, now=now) if by.api_key else None  # keys before workspaces, always
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # two can't both be the last
        if earlier := _earlier(workspace, asked.idempotency_key):
            return earlier
        number = _fresh(workspace, number)
        key = by.api_key
        with override("en"):  # the call keeps it
            told = explain_call(
                number, to, workspace=workspace, now=now, version=asked.version, key=key, turn_taken=True
            )
        refuse_call(told)
        call = _call(workspace, told, asked, by, now)
        _reserve(call, told, room, by, now)
        call.save(force_insert=True)
        note_country(workspace, told.other.country if told.other else "", now=now)
        after = {"from": call.from_text, "to": call.to_text, "held": str(call.held)}
        audit.record(call, "place", after=after, by=by, now=now)
    return call


def _fresh(workspace: Workspace, number: PhoneNumber) -> PhoneNumber:
    """As it is now: it may have gone while the workspace was waited for."""
    numbers = PhoneNumber.objects.filter(workspace=workspace).select_related("workspace", "rental")
    if found := numbers.filter(pk=number.pk).first():
        return found
    sentence = _("%(number)s is not this workspace's number any more.") % {"number": number.e164}
    raise Refusal("number_not_found", sentence, status=404)


def refuse_call(told: Explanation) -> None:
    """Raises the Refusal of the first question that fails; ``steps`` has them all."""
    if step := told.refusal:
        raise step_refusal(step)


def step_refusal(step: Step) -> Refusal:
    """What a step that fails is refused with."""
    limit = {"limit": step.limit} if step.limit else {}
    later = {"retry_after": step.retry_after} if step.retry_after else {}
    record = {"record": step.record, **limit, **later}
    return Refusal(step.code, retell(step.sentence), status=step.status, fix=step.fix, **record)


def _earlier(workspace: Workspace, key: str) -> Call | None:
    return Call.objects.filter(workspace=workspace, idempotency_key=key).first() if key else None


def _call(workspace: Workspace, told: Explanation, asked: Asked, by: Actor, now: datetime) -> Call:
    assert told.number
    assert told.other
    call = Call(
        workspace=workspace,
        direction=Direction.OUTBOUND,
        number=told.number,
        from_text=told.number.e164,
        to_text=told.other.e164,
        agent_version=told.version,
        carrier=told.number.carrier,
        trace=[step_facts(step) for step in told.steps],
        metadata=dict(asked.metadata),
        notes=dict(asked.notes),
        batch_id=asked.batch_id,
        batch_row=asked.batch_row,
        idempotency_key=asked.idempotency_key,
        placed_by=by.user,
        api_key=by.api_key,
        currency=workspace.currency,
        created_at=now,
        next_run_at=now,
        limit_seconds=settings.CALL_LONGEST,
    )
    if price := told.price:
        copy_price(call, price)
    return call


def step_facts(step: Step) -> dict[str, str]:
    """A question and its answer, as the call's trace keeps it."""
    facts = {"name": step.name, "outcome": step.outcome.value, "code": step.code, "sentence": step.sentence}
    return {**facts, "record": step.record}


def copy_price(call: Call, price: CallPrice) -> None:
    """The call keeps the price it was made at, whatever the rates become."""
    with override("en"):
        call.rate_id, call.rate_words = price.rate_id, decided_by(price)[:200]
    call.per_minute, call.connection_fee = price.per_minute, price.connection_fee
    call.pulse_seconds = price.pulse_seconds


def _reserve(call: Call, told: Explanation, room: Decimal | None, by: Actor, now: datetime) -> None:
    """Hold what the call may cost. Nothing is held where nothing is charged."""
    price = told.price
    if price is None or price.price_of(settings.CALL_LONGEST) == 0:
        return
    rooms = (wallet.balance(call.workspace), room, told.spend_left)
    money = min(each for each in rooms if each is not None)
    seconds = seconds_for(price, money, settings.CALL_LONGEST)
    call.held, call.limit_seconds = price.price_of(seconds), seconds
    if by.api_key:
        refuse_over_cap(by.api_key, call.held, now=now)
    memo = HELD % {"number": call.to_text, "minutes": -(-seconds // 60)}
    wallet.hold(call.workspace, call.held, subject=call.id, memo=memo, by=by, now=now)


def longest_call(price: CallPrice | None, money: Decimal) -> int:
    """How many seconds a call may last that is placed with so much in the wallet."""
    if price is None:
        return settings.CALL_LONGEST
    return seconds_for(price, money, settings.CALL_LONGEST)


def seconds_for(price: CallPrice, money: Decimal, longest: int) -> int:
    """How long a call may last for ``money``, in whole pulses; at least a minute and at most ``longest``."""
    if price.price_of(longest) <= money:
        return longest
    pulse = price.price_of(price.pulse_seconds) - price.connection_fee
    pulses = int((money - price.connection_fee) / pulse) if pulse > 0 else 0
    while pulses > 0 and price.price_of(pulses * price.pulse_seconds) > money:
        pulses -= 1  # each price is rounded by itself
    return max(FIRST, pulses * price.pulse_seconds)

"""What staff decide about a difference: look again, repair, ignore. Each takes a reason.

Nothing is decided on one sighting. What changes anything at the carrier or in a workspace asks the carrier
first whether it is still so: between sighting and click the number may have become somebody else's. Giving an
orphan to a workspace is in ``adopting``, giving numbers back in ``giving_back``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from phone_numbers.buying.quoting import label_of
from phone_numbers.drift.ghosts import look
from phone_numbers.drift.recent import ask_about
from phone_numbers.models import Drift, PhoneNumber
from telephony.carriers import carrier_slugs
from telephony.carriers.base import CarrierError, OwnedNumber


def recheck(drift: Drift, *, by: Actor, now: datetime, reason: str) -> Drift:
    """Ask the carrier about this number now, and write down what follows, as a sweep would.

    Speaks to the carrier, so call it outside any transaction. Returns the difference as it then is. Raises
    Refusal 409 ``drift_busy`` while others are asked about, ``carrier_not_configured``.
    """
    _refuse_unconnected(drift)
    sweep = ask_about(drift.carrier, [drift.e164], tell=lambda: now)
    if sweep is None:
        sentence = f"{label_of(drift.carrier)} is being asked about other numbers. Try again in a minute."
        raise Refusal("drift_busy", sentence, status=409)
    audit.record(drift, "recheck", by=by, now=now, reason=reason)
    sweep.refresh_from_db()
    if not sweep.complete:
        raise Refusal("carrier_no_answer", f"{label_of(drift.carrier)}: {sweep.problem}", status=409)
    return Drift.objects.get(pk=drift.pk)


def ignore(drift: Drift, *, by: Actor, now: datetime, reason: str) -> None:
    """Leave it as it is, until it is another difference. Raises IllegalTransition unless it is open."""
    conclude(drift, "ignore", by=by, now=now, reason=reason)


def conclude(drift: Drift, event: str, *, by: Actor, now: datetime, reason: str, **fields: Any) -> None:
    """Move the difference, and note on it who decided and why. Raises IllegalTransition as moves do."""
    told: dict[str, Any] = {"decided_at": now, "decided_by": by.name[:200], "next_run_at": None}
    with transaction.atomic():
        drift.transition(event, by=by, now=now, reason=reason, **told, **fields)
        Drift.objects.filter(pk=drift.pk).update(reason=reason[:500])


def repair(drift: Drift, *, by: Actor, now: datetime, reason: str) -> None:
    """Set right what differs: point calls at us again, reckon with the carrier's price, take over its id.

    For papers there is nothing to set right here: ``recheck`` asks whether the carrier has accepted them.
    Speaks to the carrier where the id differs. Raises Refusal 409 as the others do, ``drift_not_repairable``.
    """
    kinds = Drift.Kind
    refuse_undecidable(drift, kinds.ROUTE, kinds.PRICE, kinds.SWAPPED)
    if drift.kind == kinds.SWAPPED:
        seen_now(drift, now)
    with transaction.atomic():
        rows = PhoneNumber.objects.filter(pk=drift.number_id, status__in=("active", "pending"))
        if not rows.update(**_mended(drift, now)):
            raise Refusal("drift_not_repairable", f"{drift.e164} is no live number any more.", status=409)
        conclude(drift, "repair", by=by, now=now, reason=reason)


def _mended(drift: Drift, now: datetime) -> dict[str, object]:
    if drift.kind == Drift.Kind.PRICE:
        return {"carrier_monthly_cost": drift.carrier_price, "carrier_currency": drift.currency}
    if drift.kind == Drift.Kind.SWAPPED:
        return {"carrier_number_id": drift.carrier_number_id, "next_route_at": now}
    return {"next_route_at": now}


# --- what holds for all -----------------------------------------------------------------------------


def refuse_undecidable(drift: Drift, *kinds: str) -> None:
    """Raises Refusal 409 ``drift_decided``, ``drift_other_kind``, ``drift_seen_once``."""
    if drift.status != Drift.Status.OPEN:
        state = drift.get_status_display().lower()
        raise Refusal("drift_decided", f"{drift} is {state} already.", status=409)
    if drift.kind not in kinds:
        sentence = f"That is not done about this kind of difference ({drift.get_kind_display().lower()})."
        raise Refusal("drift_other_kind", sentence, status=409)
    if drift.agreed_at is None:
        sentence = "Only one sweep has seen it so far. Ask the carrier again, or wait for the next sweep."
        raise Refusal("drift_seen_once", sentence, status=409)


def _refuse_unconnected(drift: Drift) -> None:
    if drift.carrier not in carrier_slugs():
        sentence = f"{label_of(drift.carrier)} is not connected here, so it can't be asked."
        raise Refusal("carrier_not_configured", sentence, status=409)


def seen_now(drift: Drift, now: datetime) -> OwnedNumber:
    """The number as the carrier has it now, under the id that was seen.

    Raises Refusal 409 ``drift_changed``, ``carrier_no_answer``, ``carrier_not_configured``.
    """
    _refuse_unconnected(drift)
    try:
        owned = look(drift, tell=lambda: now)
    except CarrierError as error:
        sentence = f"{label_of(drift.carrier)}: {error.sentence} Nothing was changed."
        raise Refusal("carrier_no_answer", sentence, status=409) from error
    if owned is None or owned.number_id != drift.carrier_number_id:
        raise changed(drift)
    return owned


def changed(drift: Drift) -> Refusal:
    sentence = f"It is otherwise by now at {label_of(drift.carrier)}. Nothing was changed: sweep again."
    return Refusal("drift_changed", sentence, status=409)

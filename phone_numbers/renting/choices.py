"""What a workspace decides about its rent: which numbers renew by themselves, and which of them first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext as _

from dialnexa import audit
from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, Rental

RANKED_MOST = 1000


def set_auto_renew(number: PhoneNumber, *, on: bool, by: Actor, now: datetime) -> None:
    """Let the rent renew by itself, or not. Doing it twice changes and records nothing more.

    Switched on for a number that waits for money, the wallet is tried at once. Raises Refusal 409
    ``no_rental``.
    """
    with transaction.atomic():
        rental = Rental.objects.select_for_update(no_key=True).filter(number=number, ended_at=None).first()
        if rental is None:
            raise Refusal(
                "no_rental", _("%(number)s costs no rent here.") % {"number": number.e164}, status=409
            )
        if rental.auto_renew == on:
            return
        changes = {"auto_renew": on, **({"next_run_at": now} if on and rental.short_since else {})}
        Rental.objects.filter(pk=rental.pk).update(**changes)
        audit.record(rental, "auto_renew_on" if on else "auto_renew_off", by=by, now=now)


def ranked(workspace: Workspace) -> QuerySet[Rental]:
    """The workspace's rentals in the order in which they are paid when money is short."""
    rows = Rental.objects.filter(workspace=workspace, ended_at=None).select_related("number")
    return rows.order_by(F("renewal_rank").asc(nulls_last=True), "anchor", "pk")


def rank_numbers(workspace: Workspace, number_ids: Sequence[str], *, by: Actor, now: datetime) -> None:
    """Pay these numbers first, in this order; all others come after them, the longest rented first.

    An empty list leaves everything to that rule. Raises Refusal 400 ``numbers_unknown`` for a number the
    workspace does not rent, ``too_many`` for more than RANKED_MOST.
    """
    wanted = list(dict.fromkeys(number_ids))
    if len(wanted) > RANKED_MOST:
        sentence = _("At most %(most)s numbers can be put in order.") % {"most": RANKED_MOST}
        raise Refusal("too_many", sentence)
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # one order at a time
        rentals = Rental.objects.filter(workspace=workspace, ended_at=None)
        mine = dict(rentals.filter(number__in=wanted).values_list("number_id", "pk"))
        if len(mine) < len(wanted):
            sentence = _("One of these numbers is not rented by this workspace any more.")
            raise Refusal("numbers_unknown", sentence)
        rank_before = rentals.filter(renewal_rank__isnull=False).order_by("renewal_rank")
        before = list(rank_before.values_list("number_id", flat=True))
        if before == wanted:
            return
        rentals.filter(renewal_rank__isnull=False).exclude(number__in=wanted).update(renewal_rank=None)
        ranks = [When(number=pk, then=Value(rank)) for rank, pk in enumerate(wanted, 1)]
        if ranks:
            rentals.filter(number__in=wanted).update(renewal_rank=Case(*ranks, output_field=IntegerField()))
        audit.record(
            workspace, "rank_rentals", before={"order": before}, after={"order": wanted}, by=by, now=now
        )

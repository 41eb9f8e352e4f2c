"""What reminders of rent say: plain sentences, the amounts, the days, and one page that mends it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from dialnexa.access import Right
from dialnexa.models import Notice, Workspace
from dialnexa.money import format_money
from dialnexa.notices import tell
from dialnexa.translations.marking import gettext_noop
from phone_numbers.renting.forecast import Forecast, Risk
from telephony.e164 import format_international

LISTED_MOST = 8  # numbers named in one notice


class Kind(StrEnum):
    SHORT = "short"  # the wallet will not cover the renewal
    OFF = "off"  # it does not renew by itself
    GRACE = "grace"  # unpaid: it stops working
    HOLD = "hold"  # stopped: it is lost


def tell_of(
    workspace: Workspace, kind: Kind, risks: Sequence[Risk], outlook: Forecast, *, now: datetime
) -> Notice | None:
    """Tell of these numbers together; None when something of this kind was told today already.

    Of money hears who may add some, of everything else who may pay rent or decide about numbers.
    """
    today = f"{now.astimezone(ZoneInfo(workspace.time_zone)):%Y-%m-%d}"
    return tell(
        workspace,
        reference=f"rent:{kind}:{workspace.pk}:{today}",
        right=Right.OWN if kind == Kind.SHORT else Right.MANAGE,
        title=_title(kind, risks),
        body=(ADVICE if len(risks) > 1 else ADVICE_ONE)[kind] % _facts(workspace, kind, risks, outlook),
        page=_page(workspace, kind, risks),
        tone=Notice.Tone.WAITING if kind == Kind.OFF else Notice.Tone.TROUBLE,
        now=now,
    )


WHEN: dict[Kind, Callable[[Risk], datetime]] = {
    Kind.SHORT: lambda risk: risk.short_at,
    Kind.OFF: lambda risk: risk.short_at,
    Kind.GRACE: lambda risk: risk.works_until,
    Kind.HOLD: lambda risk: risk.kept_until,
}
ONE = {
    Kind.SHORT: gettext_noop("The wallet will not cover the rent of %(number)s"),
    Kind.OFF: gettext_noop("%(number)s does not renew by itself"),
    Kind.GRACE: gettext_noop("%(number)s stops working soon"),
    Kind.HOLD: gettext_noop("%(number)s is lost soon"),
}
MANY = {
    Kind.SHORT: gettext_noop("The wallet will not cover the rent of %(count)s numbers"),
    Kind.OFF: gettext_noop("%(count)s numbers do not renew by themselves"),
    Kind.GRACE: gettext_noop("%(count)s numbers stop working soon"),
    Kind.HOLD: gettext_noop("%(count)s numbers are lost soon"),
}

ADVICE_ONE = {
    Kind.SHORT: gettext_noop(
        "%(number)s: %(rent)s by %(due)s. Add %(amount)s or more by %(day)s. Then the rent of the next two "
        "weeks is paid by itself. Unpaid, a number works for %(grace)s days more."
    ),
    Kind.OFF: gettext_noop(
        "%(number)s: %(rent)s by %(due)s. Pay by hand, or switch automatic renewal on. If you no longer need "
        "it, do nothing: unpaid, a number works for %(grace)s days more, then it stops."
    ),
    Kind.GRACE: gettext_noop(
        "%(number)s: %(rent)s by %(due)s. Unpaid after its day, a number makes and takes no calls; it is "
        "then kept for you for %(hold)s days."
    ),
    Kind.HOLD: gettext_noop(
        "%(number)s: %(rent)s by %(due)s. Paid, a number works again at once, with the same agents. After "
        "its day it is yours no more."
    ),
}
ADVICE = {
    Kind.SHORT: gettext_noop(
        "%(list)s Add %(amount)s or more by %(day)s. Then the rent of the next two weeks is paid by itself. "
        "Unpaid, a number works for %(grace)s days more."
    ),
    Kind.OFF: gettext_noop(
        "%(list)s Pay by hand, or switch automatic renewal on. If you no longer need it, do nothing: unpaid, "
        "a number works for %(grace)s days more, then it stops."
    ),
    Kind.GRACE: gettext_noop(
        "%(list)s Unpaid after its day, a number makes and takes no calls; it is then kept for you for "
        "%(hold)s days."
    ),
    Kind.HOLD: gettext_noop(
        "%(list)s Paid, a number works again at once, with the same agents. After its day it is yours no "
        "more."
    ),
}


def _title(kind: Kind, risks: Sequence[Risk]) -> str:
    if len(risks) == 1:
        return ONE[kind] % {"number": format_international(risks[0].e164)}
    return MANY[kind] % {"count": len(risks)}


def _list(
    workspace: Workspace, risks: Sequence[Risk], when: Callable[[Risk], datetime], currency: str
) -> str:
    """``+91 22 …: ₹400.00 by 5 December; …``: the nearest first."""
    first = sorted(risks, key=when)[:LISTED_MOST]
    lines = [
        f"{format_international(risk.e164)}: {format_money(risk.amount, currency)} "
        f"by {_day(workspace, when(risk))}"
        for risk in first
    ]
    more = len(risks) - len(first)
    return "; ".join(lines) + (f"; and {more} more." if more else ".")


def _facts(workspace: Workspace, kind: Kind, risks: Sequence[Risk], outlook: Forecast) -> dict[str, str]:
    by, only = outlook.top_up_by, risks[0]
    return {
        "list": _list(workspace, risks, WHEN[kind], outlook.currency),
        "number": format_international(only.e164),
        "rent": format_money(only.amount, outlook.currency),
        "due": _day(workspace, WHEN[kind](only)),
        "amount": format_money(outlook.top_up_needed, outlook.currency),
        "day": _day(workspace, by) if by else "",
        "grace": str(settings.RENT_GRACE_DAYS),
        "hold": str(settings.RENT_HOLD_DAYS),
    }


def _page(workspace: Workspace, kind: Kind, risks: Sequence[Risk]) -> str:
    if kind == Kind.SHORT:
        return reverse("wallet", args=[workspace.slug])
    if len(risks) == 1:
        return reverse("numbers:number", args=[workspace.slug, risks[0].number_id])
    return reverse("numbers:list", args=[workspace.slug])


def _day(workspace: Workspace, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(workspace.time_zone)):%-d %B %Y}"

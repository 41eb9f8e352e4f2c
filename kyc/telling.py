"""What owners and admins are told about their papers: one notice for each thing that happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _
from django.utils.translation import override

from dialnexa.access import Right
from dialnexa.actors import Actor, Channel
from dialnexa.countries import country_name
from dialnexa.models import Notice
from dialnexa.notices import tell
from kyc.emitting import emit_decision
from kyc.models import KycCase
from kyc.papers import document_name
from kyc.terms import in_words, last_day

Tone = Notice.Tone
SAID = {  # event: tone, title, and what the body says before and after the reason
    "verify": (
        Tone.GOOD,
        _("Verified for %(country)s"),
        _("The papers are verified until %(until)s. %(may)s"),
        "",
    ),
    "reject": (
        Tone.TROUBLE,
        _("Papers for %(country)s rejected"),
        "",
        _("Replace what was rejected, then submit again."),
    ),
    "request_more": (
        Tone.TROUBLE,
        _("More papers needed for %(country)s"),
        "",
        _("Add them, then submit again."),
    ),
    "suspend": (
        Tone.TROUBLE,
        _("Verification for %(country)s suspended"),
        "",
        _("Ask support what is needed to lift it."),
    ),
    "reinstate": (
        Tone.GOOD,
        _("Verification for %(country)s restored"),
        _("The suspension is lifted. %(may)s"),
        "",
    ),
    "expire": (
        Tone.TROUBLE,
        _("Verification for %(country)s has run out"),
        _("It held until %(until)s."),
        _("Submit current papers. %(lost)s"),
    ),
    "remind": (
        Tone.WAITING,
        _("Verification for %(country)s runs out %(soon)s"),
        _("It holds until %(until)s."),
        _("Have current papers ready: they can be submitted as soon as it has run out. %(lost)s"),
    ),
}
FOR_GOOD = _("The papers are verified. %(may)s")  # without an end


def tell_decision(
    case: KycCase,
    event: str,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    about: str = "",
) -> None:
    """``reason`` is what the customer reads, ``about`` says of which documents. Set-ups tell nobody."""
    if by.channel != Channel.SYSTEM:
        _tell(case, event, f"{event}:{now.isoformat()}", [_sentence(reason), about], now=now)
        emit_decision(case, event, now=now)


def wrong_documents(reasons: Mapping[str, str]) -> str:
    """Why each was rejected, by kind of document."""
    return " ".join(f"{document_name(kind)}: {_sentence(why)}" for kind, why in reasons.items())


def needed_documents(kinds: Iterable[str]) -> str:
    return _("Needed: %(papers)s.") % {"papers": ", ".join(document_name(kind) for kind in kinds)}


def tell_expired(case: KycCase, *, now: datetime) -> None:
    _tell(case, "expire", f"expire:{_moment(case)}", [], now=now)


def tell_reminder(case: KycCase, days: int, *, now: datetime) -> None:
    """``days`` names the reminder; what it says counts the days that are really left."""
    assert case.verified_until is not None
    left = (last_day(case.verified_until, case.workspace) - last_day(now, case.workspace)).days
    soon = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")  # as dates are told: see in_days
    _tell(case, "remind", f"remind:{_moment(case)}:{days}", [], now=now, soon=soon)


def _tell(
    case: KycCase, event: str, occasion: str, reasons: list[str], *, now: datetime, soon: str = ""
) -> None:
    """In English, whoever's press it is that makes it happen: the notice is everybody's."""
    tone, title, before, after = SAID[event]
    if event == "verify" and not case.verified_until:
        before = FOR_GOOD
    with override("en"):
        words = {"country": country_name(case.country), "until": _until(case), "soon": soon, **_effects(case)}
    parts = [before % words, *reasons, after % words]
    tell(
        case.workspace,
        reference=f"kyc:{case.pk}:{occasion}",
        right=Right.MANAGE,
        title=title % words,
        body=" ".join(part for part in parts if part),
        page=reverse("kyc:case", args=[case.workspace.slug, case.country]),
        tone=tone,
        now=now,
    )


def _effects(case: KycCase) -> dict[str, str]:
    """What the workspace may do with the papers, and no more without them."""
    country = {"country": country_name(case.country)}
    if case.country == case.workspace.country:
        return {
            "may": _("You can call, and rent numbers in %(country)s.") % country,
            "lost": _("Without them nobody can be called, and no number be rented in %(country)s.") % country,
        }
    return {
        "may": _("You can rent numbers in %(country)s.") % country,
        "lost": _("Without them no number can be rented in %(country)s.") % country,
    }


def _until(case: KycCase) -> str:
    until = case.verified_until
    return in_words(last_day(until, case.workspace)) if until else ""


def _moment(case: KycCase) -> str:
    return case.verified_until.isoformat() if case.verified_until else ""


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else f"{text}."

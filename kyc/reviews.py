"""What happens to a dossier: started, submitted, decided by staff, run out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa.actors import Actor
from dialnexa.countries import country_name
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.models import Membership, Workspace
from kyc.gate import standing
from kyc.models import KycCase, KycDocument
from kyc.papers import papers
from kyc.requirements import in_sentence, missing
from kyc.telling import needed_documents, tell_decision, tell_expired, wrong_documents
from kyc.terms import nearest_reminder

Status = KycCase.Status
Document = KycDocument.Status
REASON_LIMIT = 500


def open_case(workspace: Workspace, country: str) -> KycCase:
    """The workspace's dossier for this country (ISO), made if missing."""
    return KycCase.objects.get_or_create(workspace=workspace, country=country)[0]


def submit(case: KycCase, *, by: Actor, now: datetime, without_papers: bool = False) -> None:
    """Hand the dossier in for review: at first, after a rejection, and when a verification has run out.

    ``without_papers`` is for those who vouch for a workspace themselves (the demo). Raises Refusal
    ``kyc_not_submittable`` (409) while it is in review, verified or suspended, and ``kyc_incomplete`` (422)
    with what is missing.
    """
    try:
        with transaction.atomic():
            KycCase.objects.select_for_update().get(pk=case.pk)  # no document comes or goes meanwhile
            _begin_again(case, by=by, now=now)
            if not without_papers and case.status in KycCase.TRANSITIONS["submit"][0]:
                _refuse_incomplete(case)
            case.transition("submit", by=by, now=now, submitted_at=now, verified_until=None)
            _set_reason(case, "")
    except IllegalTransition as error:
        case.refresh_from_db()
        raise _not_submittable(case) from error


def _begin_again(case: KycCase, *, by: Actor, now: datetime) -> None:
    if case.status == Status.VERIFIED and standing(case, now=now) == Status.EXPIRED:
        expire(case, by=by, now=now)
    if case.status == Status.NOT_STARTED:
        case.transition("start", by=by, now=now)


def _refuse_incomplete(case: KycCase) -> None:
    described = bool(case.entity_type and case.legal_name)
    lacking = [f"{in_sentence(group.name)} ({group.words})" for group in missing(case)]
    wanted = lacking if described else [gettext("who you are, with the legal name"), *lacking]
    if wanted:
        sentence = gettext("Before the papers for %(country)s can be reviewed, add: %(wanted)s.")
        sentence %= {"country": country_name(case.country), "wanted": "; ".join(wanted)}
        raise Refusal("kyc_incomplete", sentence, status=422, missing=wanted)


NOT_SUBMITTABLE = {
    Status.SUBMITTED: _(
        "The papers for %(country)s are being reviewed already. There is nothing to do but wait."
    ),
    Status.VERIFIED: _("The papers for %(country)s are verified already."),
    Status.SUSPENDED: _("The verification for %(country)s is suspended. Ask support."),
}


def _not_submittable(case: KycCase) -> Refusal:
    moved = _("The papers for %(country)s have changed since you looked. Look again.")
    sentence = gettext(NOT_SUBMITTABLE.get(Status(case.status), moved))
    sentence %= {"country": country_name(case.country)}
    return Refusal("kyc_not_submittable", sentence, status=409, state=case.status)


def verify(case: KycCase, *, by: Actor, now: datetime, reason: str, until: datetime | None = None) -> None:
    """Staff accept the papers, until ``until`` (UTC) or without end. Refusal ``until_in_the_past``."""
    if until and until <= now:
        raise Refusal("until_in_the_past", "The last day must not be over already.", status=422)
    term = {"verified_until": until, "reminded_days": nearest_reminder(until, now=now) if until else None}
    with transaction.atomic():
        _decide(case, "verify", "", by=by, now=now, reason=reason, asked_for=[], **term)
        for document in case.documents.filter(status=Document.UPLOADED):
            document.transition("accept", by=by, now=now)
        tell_decision(case, "verify", by=by, now=now)


def reject(
    case: KycCase,
    *,
    by: Actor,
    now: datetime,
    reason: str,
    documents: Mapping[str, str] | None = None,
) -> None:
    """Staff refuse the papers; ``reason`` is shown to the customer.

    ``documents`` are those that are wrong, by id, each with its own reason. The others may stay when the
    customer submits again. Raises Refusal ``document_not_in_case`` for one the dossier does not hold now.
    """
    wrong = {pk: _given(why) for pk, why in (documents or {}).items()}
    with transaction.atomic():
        _decide(case, "reject", reason, by=by, now=now, reason=reason)
        about = wrong_documents(_reject_documents(case, wrong, by=by, now=now))
        tell_decision(case, "reject", by=by, now=now, reason=case.reason, about=about)


def _reject_documents(case: KycCase, wrong: Mapping[str, str], *, by: Actor, now: datetime) -> dict[str, str]:
    """The reasons by the documents' kinds."""
    rejectable = KycDocument.TRANSITIONS["reject"][0]
    held = {document.pk: document for document in case.documents.filter(pk__in=wrong, status__in=rejectable)}
    if len(held) < len(wrong):
        sentence = "One of these documents was replaced or removed meanwhile. Look at the case again."
        raise Refusal("document_not_in_case", sentence, status=409)
    for pk, document in held.items():
        document.transition("reject", by=by, now=now, reason=wrong[pk])
        KycDocument.objects.filter(pk=pk).update(reason=wrong[pk])
    return {document.kind: wrong[pk] for pk, document in held.items()}


def request_more(case: KycCase, *, kinds: Iterable[str], by: Actor, now: datetime, reason: str) -> None:
    """Staff ask for further documents, of ``kinds`` in ``papers.toml``; ``reason`` is shown to the customer.

    The dossier goes back to the customer as after a rejection, with all its documents. Raises Refusal
    ``kinds_wrong`` when no kind is given, or one that the table does not have.
    """
    asked = list(dict.fromkeys(kinds))
    if not asked or not set(asked) <= set(papers().documents):
        raise Refusal("kinds_wrong", "Choose the documents to ask for.")
    both = list(dict.fromkeys([*case.asked_for, *asked]))
    with transaction.atomic():
        _decide(case, "request_more", reason, by=by, now=now, reason=reason, asked_for=both)
        about = needed_documents(asked)
        tell_decision(case, "request_more", by=by, now=now, reason=case.reason, about=about)


def suspend(case: KycCase, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff stop a verified workspace; ``reason`` is shown to the customer."""
    with transaction.atomic():
        _decide(case, "suspend", reason, by=by, now=now, reason=reason)
        tell_decision(case, "suspend", by=by, now=now, reason=case.reason)


def reinstate(case: KycCase, *, by: Actor, now: datetime, reason: str) -> None:
    """Staff lift a suspension."""
    with transaction.atomic():
        _decide(case, "reinstate", "", by=by, now=now, reason=reason)
        tell_decision(case, "reinstate", by=by, now=now)


def expire(case: KycCase, *, by: Actor, now: datetime) -> None:
    """The verification has run out."""
    with transaction.atomic():
        case.transition("expire", by=by, now=now, reason=_("The verification ran out."))
        tell_expired(case, now=now)


def _decide(
    case: KycCase,
    event: str,
    shown: str,
    *,
    by: Actor,
    now: datetime,
    reason: str,
    **fields: Any,
) -> None:
    """One decision of staff: state, history, and ``shown``, the reason the customer reads from now on.

    It is about the papers as ``case`` was seen with: submitted anew since, they are not decided on.
    """
    given = _given(reason)
    _refuse_own(case, by)
    with transaction.atomic():
        seen = {"submitted_at": case.submitted_at}
        case.transition(event, by=by, now=now, reason=given, expect=seen, **fields)
        _set_reason(case, shown.strip())


def _refuse_own(case: KycCase, by: Actor) -> None:
    if by.user and Membership.objects.filter(workspace=case.workspace_id, user=by.user).exists():
        sentence = "You are a member of this workspace. Somebody else has to decide on its papers."
        raise Refusal("own_workspace", sentence, status=403)


def _given(reason: str) -> str:
    if not reason.strip():
        raise Refusal("reason_missing", "Say why: the customer and the history need a reason.")
    if len(reason) > REASON_LIMIT:
        raise Refusal("reason_too_long", f"Keep the reason within {REASON_LIMIT} characters.")
    return reason.strip()


def _set_reason(case: KycCase, reason: str) -> None:
    """Not part of the transition, whose own ``reason`` goes to the history."""
    KycCase.objects.filter(pk=case.pk).update(reason=reason)
    case.reason = reason

"""What a list would say, and the choices it is read with. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from kyc.gate import may_dial
from telephony.batches.judging import Choices
from telephony.batches.reading import Source, read_source
from telephony.batches.repairs import KINDS, calling_code
from telephony.batches.report import Report, check_list
from telephony.batches.turns import turn
from telephony.rules import destination_rules

LOCKED = gettext_noop("Batches open once the workspace is verified.")


def refuse_while_locked(workspace: Workspace, *, now: datetime) -> None:
    """Raises Refusal ``kyc_not_verified`` (403): before that, only one number may be called."""
    identity = may_dial(workspace, now=now)
    if not identity.allowed:
        sentence = f"{_(LOCKED)} {identity.sentence}"
        raise Refusal("kyc_not_verified", sentence, status=403, fix="kyc")


def read_choices(country: str, repairs: list[str]) -> Choices:
    """Choices as a form or a program sends them. Raises Refusal 400 ``batch_choice_unknown``."""
    if country and calling_code(country) == "?":
        raise Refusal("batch_choice_unknown", _("Name a country by its two letters, for example IN."))
    if not set(repairs) <= KINDS.keys():
        sentence = _("The repairs there are: %(kinds)s.") % {"kinds": ", ".join(KINDS)}
        raise Refusal("batch_choice_unknown", sentence)
    return Choices(country, frozenset(repairs))


def check_file(
    workspace: Workspace, data: bytes, *, choices: Choices, carrier: str, now: datetime
) -> tuple[Source, Report]:
    """What uploading these bytes would say; keeps nothing. ``carrier`` (slug): of the number to call from.

    Raises Refusal: 403 ``kyc_not_verified``, as ``turn``, ``read_source`` and ``check_source``.
    """
    refuse_while_locked(workspace, now=now)
    with turn(workspace.pk):
        source = read_source(data)
        return source, check_source(workspace, source, choices=choices, carrier=carrier, now=now)


def check_source(
    workspace: Workspace,
    source: Source,
    *,
    choices: Choices,
    carrier: str,
    now: datetime,
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """The report on a list. Raises Refusal ``batch_no_rows``, and as its rows."""
    with override("en"):  # what they say is kept with the report
        rules = destination_rules(workspace, carrier, now=now)
    report = check_list(source, rules, choices, currency=workspace.currency, now=now, progress=progress)
    if not report.rows:
        raise Refusal("batch_no_rows", _("The list has a header, but no rows below it."))
    return report

"""Where a step of an explanation is mended."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa.models import Workspace
from dialnexa.shell import fix_link
from phone_numbers.routes.explaining import Explanation
from telephony.destinations import Step
from telephony.e164 import country_name

PANELS = {  # of the number's own page
    "number": ("", _("Open the number")),
    "routing": ("#routing-panel", _("Choose an agent")),
    "trunk": ("#trunk-panel", _("Open the trunk")),
}


def step_link(step: Step, about: Explanation, workspace: Workspace) -> dict[str, str] | None:
    """Address and label of the page that mends ``step``; None where none does."""
    slug = workspace.slug
    if step.fix in PANELS and about.number:
        panel, label = PANELS[step.fix]
        return {
            "url": reverse("numbers:number", args=[slug, about.number.pk]) + panel,
            "label": gettext(label),
        }
    return mending_link(step.fix, workspace, about.other.country if about.other else "", about.carrier)


def mending_link(fix: str, workspace: Workspace, country: str, carrier: str) -> dict[str, str] | None:
    """Address and label of the page ``fix`` (see ``dialnexa.shell.FIXES``), at this country and carrier."""
    if fix == "kyc":
        return fix_link("kyc", workspace.slug, workspace.country)
    link = fix_link(fix, workspace.slug, country, carrier)
    if link and fix == "telephony" and country:
        link["label"] = gettext("%(country)s in Telephony Config") % {"country": country_name(country)}
    return link

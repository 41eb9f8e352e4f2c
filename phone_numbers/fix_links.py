"""Where a step of an explanation is mended."""

from __future__ import annotations

from django.urls import reverse

from dialnexa.models import Workspace
from dialnexa.shell import fix_link
from phone_numbers.explaining import Explanation
from telephony.destinations import Step
from telephony.e164 import country_name

PANELS = {  # of the number's own page
    "number": ("", "Open the number"),
    "routing": ("#routing-panel", "Choose an agent"),
    "trunk": ("#trunk-panel", "Open the trunk"),
}


def step_link(step: Step, about: Explanation, workspace: Workspace) -> dict[str, str] | None:
    """Address and label of the page that mends ``step``; None where none does."""
    slug = workspace.slug
    if step.fix in PANELS and about.number:
        panel, label = PANELS[step.fix]
        return {"url": reverse("numbers:number", args=[slug, about.number.pk]) + panel, "label": label}
    if step.fix == "kyc":
        return fix_link("kyc", slug, workspace.country)
    country = about.other.country if about.other else ""
    link = fix_link(step.fix, slug, country, about.carrier)
    if link and step.fix == "telephony" and country:
        link["label"] = f"{country_name(country)} in Telephony Config"
    return link

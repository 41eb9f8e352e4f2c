"""Tags and filters every template may use."""

import json
from datetime import date, datetime
from decimal import Decimal

from django import template
from django.forms import BoundField, CheckboxInput
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dialnexa.money import format_money
from dialnexa.shell import fix_link
from dialnexa.translations import retelling

register = template.Library()
SPANS = (  # from how many seconds on, in what unit
    (2 * 86_400, 86_400, gettext_lazy("%(n)s days")),
    (3_600, 3_600, gettext_lazy("%(n)s h")),
    (60, 60, gettext_lazy("%(n)s min")),
)


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """``{{ order.total|money:order.currency }}`` → ``₹92.00``."""
    return format_money(amount, currency)


@register.filter
def retell(sentence: object) -> str:
    """A sentence that a row keeps, in the reader's language: ``{{ call.reason|retell }}``."""
    return retelling.retell(str(sentence or ""))


@register.filter
def as_json(value: object) -> str:
    """For an attribute a script reads: ``data-options="{{ options|as_json }}"``."""
    return json.dumps(value)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A 16-px mark from ``_icons.html``; the text beside it (or the label around it) says what it means."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#icon-{}"/></svg>', name)


@register.simple_tag
def fix(page: str, slug: str, country: str = "", carrier: str = "") -> dict[str, str] | None:
    """Where a refusal's ``fix`` is done in this workspace: ``{"url": …, "label": …}``, or nothing."""
    return fix_link(page, slug, country, carrier)


@register.filter
def is_group(choices: object) -> bool:
    """Whether the second half of a form choice is a group of choices."""
    return isinstance(choices, list | tuple)


@register.filter
def in_days(moment: datetime, now: datetime) -> str:
    """The distance in calendar days of the reader's zone: ``today``, ``in 12 days``, ``3 days ago``."""
    days = (_day(moment) - _day(now)).days
    if abs(days) <= 1:
        return {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}[days]
    return (_("in %(n)s days") if days > 0 else _("%(n)s days ago")) % {"n": abs(days)}


def _day(moment: datetime) -> date:
    return timezone.localtime(moment).date()


@register.filter
def seconds_since(moment: datetime, now: datetime) -> str:
    """How long something has been going on: ``12 s``, ``3 min``, ``5 h``, ``2 days``."""
    seconds = max(0, int((now - moment).total_seconds()))
    for least, size, words in SPANS:
        if seconds >= least:
            return str(words) % {"n": seconds // size}
    return _("%(n)s s") % {"n": seconds}


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the label belongs behind the control."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def styled(field: BoundField) -> SafeString:
    """The control in our clothes, tied to its hint and its error."""
    attrs: dict[str, str | bool] = {"class": "input", "placeholder": ""}
    if field.errors:
        hint = [f"{field.id_for_label}_helptext"] if field.help_text else []
        attrs |= {"aria-describedby": " ".join([*hint, f"{field.id_for_label}-error"])}
    return field.as_widget(attrs=attrs)

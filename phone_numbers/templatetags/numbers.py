"""How numbers and countries are written in templates."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from phone_numbers.buying.quoting import Check
from telephony import e164
from telephony.config import format_rate
from telephony.models import NumberKind

register = template.Library()
BLOCKERS = {
    "country_not_enabled": _("Switched off"),
    "kyc_required": _("KYC needed"),
    "price_unknown": _("No price yet"),
    "wallet_insufficient": _("Wallet short"),
}


@register.filter
def phone(number: str) -> str:
    """``{{ number.e164|phone }}`` → ``+91 22 6123 4567``."""
    return e164.format_international(number)


@register.filter
def phones(text: str) -> str:
    """A sentence with every stored number in it written for people."""
    return e164.PATTERN.sub(lambda found: e164.format_international(found[0]), text)


@register.filter
def country(iso: str) -> str:
    """The country's name in the reader's language."""
    return e164.country_name(iso)


@register.filter
def place(iso: str) -> SafeString:
    """Flag and ISO code, the country's name in the title. Never a flag alone: some systems have none."""
    return format_html(
        '<span class="place" title="{}"><span class="flag" aria-hidden="true">{}</span>{}</span>',
        e164.country_name(iso),
        e164.flag(iso),
        iso,
    )


@register.filter
def rate(amount: Decimal, currency: str) -> str:
    """What a minute costs, with all its places: ``₹0.35``, ``$0.0085``."""
    return format_rate(amount, currency)


@register.filter
def type_label(kind: str) -> str:
    """``toll_free`` → ``Toll-free``."""
    return str(dict(NumberKind.choices).get(kind, kind))


@register.filter
def capability_label(capability: str) -> str:
    """``voice`` → ``Voice``, ``sms`` → ``SMS``."""
    return gettext("Voice") if capability == "voice" else capability.upper()


@register.filter
def blocker_label(code: str) -> str:
    """A blocked purchase in two words, for the closed offer."""
    return str(BLOCKERS.get(code, _("Not possible")))


@register.filter
def rest_of(checks: list[Check], common: list[Check]) -> list[Check]:
    """The blockers that were not said for the whole list already."""
    said = {check.code for check in common or ()}
    return [check for check in checks if check.code not in said]

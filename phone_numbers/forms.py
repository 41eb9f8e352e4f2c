"""What people fill in. Forms check shapes; the rules are in the verbs."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.text import get_text_list
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dialnexa.models import Workspace
from phone_numbers.buying.quoting import label_of
from telephony.carriers import carrier_slugs
from telephony.carriers.base import NumberQuery, NumberType
from telephony.catalogue import EVERYWHERE, MARKETS, countries_of
from telephony.e164 import country_name, flag
from telephony.models import Country, NumberKind
from telephony.switches import enabled_groups

SEPARATORS = re.compile(r"[\s+().\-\u2010-\u2015/]")
Choices = list[tuple[str, Any]]
OFF_THE_LIST = _("Pick a country from the list.")


class OfferSearchForm(forms.Form):
    """What to look for. Countries the workspace has switched on with the provider come first.

    ``countries_of`` says whose list of countries the page shows. When it is another provider's, the page gets
    the right one (``moved``), and a country that this provider does not have gives way to one it has.
    """

    provider = forms.ChoiceField(error_messages={"invalid_choice": _("Pick a provider from the list.")})
    country = forms.ChoiceField(error_messages={"invalid_choice": OFF_THE_LIST})
    type = forms.ChoiceField(
        required=False,
        choices=[("", _("Any type")), *NumberKind.choices],
        error_messages={"invalid_choice": _("Pick a type from the list.")},
    )
    region = forms.CharField(
        required=False, max_length=60, error_messages={"max_length": _("At most 60 characters.")}
    )
    contains = forms.CharField(
        required=False, max_length=30, error_messages={"max_length": _("At most 15 digits.")}
    )

    def __init__(self, workspace: Workspace, data: Any = None) -> None:
        slugs = carrier_slugs()
        usual = {"provider": slugs[0] if slugs else "", "country": workspace.country}
        asked = {name: value for name, value in (data or {}).items() if name in self.base_fields}
        chosen = usual | asked
        self.was_asked = "country" in asked
        self.several = len(slugs) > 1
        self.carrier = chosen["provider"] if chosen["provider"] in slugs else ""
        self.moved = (data or {}).get("countries_of", self.carrier) != self.carrier
        countries = country_choices(workspace, self.carrier)
        if self.moved or not self.was_asked:
            chosen["country"] = _first_sold(countries, chosen["country"], workspace.country)
        super().__init__(data=chosen)
        self._choices("provider", [(slug, label_of(slug)) for slug in slugs])
        self._choices("country", countries)
        if self.market:
            says = gettext("%(carrier)s does not sell there. Pick a country from the list.")
            own = says % {"carrier": label_of(self.carrier)}
            self.fields["country"].error_messages["invalid_choice"] = own

    @property
    def market(self) -> str:
        """Where the provider sells, in words, when that is not everywhere."""
        names = [country_name(iso) for iso in MARKETS.get(self.carrier, EVERYWHERE)]
        places = get_text_list(names, gettext("and"))
        said = gettext("At %(carrier)s: %(countries)s.")
        return said % {"carrier": label_of(self.carrier), "countries": places} if names else ""

    def _choices(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_contains(self) -> str:
        digits = SEPARATORS.sub("", unicodedata.normalize("NFKC", self.cleaned_data["contains"]))
        if digits and not (digits.isascii() and digits.isdigit()):
            raise forms.ValidationError(gettext("Digits only, for example 4567."))
        if len(digits) > 15:
            raise forms.ValidationError(gettext("At most 15 digits."))
        return digits

    def query(self) -> NumberQuery:
        """The search, after ``is_valid()``."""
        kind = self.cleaned_data["type"]
        return NumberQuery(
            country=self.cleaned_data["country"],
            type=NumberType(kind) if kind else None,
            region=self.cleaned_data["region"],
            contains=self.cleaned_data["contains"],
        )


def _first_sold(countries: Choices, *wanted: str) -> str:
    """The first of the countries that are wanted which the list has, else the list's own first."""
    listed = [iso for _, pairs in countries for iso, _ in pairs]
    return next((iso for iso in [*wanted, *listed] if iso in listed), "")


def country_choices(workspace: Workspace, carrier: str) -> Choices:
    """Where this carrier sells as (ISO, label), the countries switched on with it first, in groups."""
    on = set(enabled_groups(workspace, carrier).values_list("country", flat=True))
    labels = [
        (country.iso, f"{country_name(country.iso)} {flag(country.iso)} +{country.calling_code}")
        for country in (countries_of(carrier) if carrier else Country.objects.filter(is_offered=True))
    ]
    groups = (
        (gettext("Switched on"), [pair for pair in labels if pair[0] in on]),
        (gettext("Switched off in Telephony Config"), [pair for pair in labels if pair[0] not in on]),
    )
    return [(title, pairs) for title, pairs in groups if pairs]

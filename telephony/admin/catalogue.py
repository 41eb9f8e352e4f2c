"""The catalogue, agents, and what was said to carriers, as support sees them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from dialnexa import clock
from dialnexa.admin_looks import dot, pill, pre, pretty
from dialnexa.admin_pieces import EditableAdmin, ReadOnlyAdmin, ReasonedModelForm
from dialnexa.admin_site import desk
from dialnexa.admin_timeline import Event, Section, link_to, link_to_id, short_link_to_id
from telephony.admin.carriers import show_accounts as show_accounts
from telephony.admin.decks import show_import as show_import
from telephony.models import (
    Agent,
    AgentVersion,
    CallRate,
    CarrierExchange,
    Country,
    NetworkGroup,
    Prefix,
    RentalRate,
    SipRate,
    WorkspaceNetworkGroup,
)

EXCHANGES = 500  # on one page, before those that say the same are folded
OF_ONE_ANSWER = {"api_id", "request_id", "request_uuid"}


@admin.register(CarrierExchange)
class CarrierExchangeAdmin(ReadOnlyAdmin):
    shelf = "Carriers"
    fields = ("at", "carrier", "subject", "method", "url", "answer", "error", "duration", "asked", "answered")
    list_display = ("at", "carrier", "subject_", "method", "path", "answer", "duration")
    list_display_links = ("at", "method")
    list_filter = ("carrier", "method", "at")
    search_fields = ("about__exact",)
    search_help_text = "The id of the order or number it was for"
    date_hierarchy = "at"
    ordering = ("-at", "-id")

    @admin.display(description="About")
    def subject(self, exchange: CarrierExchange) -> SafeString | str:
        return link_to_id(exchange.about)

    @admin.display(description="About")
    def subject_(self, exchange: CarrierExchange) -> SafeString | str:
        return short_link_to_id(exchange.about)

    @admin.display(description="Path")
    def path(self, exchange: CarrierExchange) -> str:
        return urlsplit(exchange.url).path

    @admin.display(description="Answer", ordering="status")
    def answer(self, exchange: CarrierExchange) -> SafeString:
        return dot(tone_of(exchange), str(exchange.status or "no answer"))

    @admin.display(description="Took", ordering="duration_ms")
    def duration(self, exchange: CarrierExchange) -> str:
        return f"{exchange.duration_ms:,} ms"

    @admin.display(description="Request")
    def asked(self, exchange: CarrierExchange) -> SafeString | str:
        return pre(exchange.request_body)

    @admin.display(description="Answer body")
    def answered(self, exchange: CarrierExchange) -> SafeString | str:
        return pre(exchange.response_body)


def tone_of(exchange: CarrierExchange) -> str:
    """ok for a success, off for a refusal (often an answer in itself), trouble for a fault or silence."""
    if exchange.status is None or exchange.status >= 500:
        return "trouble"
    return "ok" if exchange.status < 400 else "waiting"


def exchange_events(about: Iterable[str]) -> list[Event]:
    """What was said to carriers about these orders, numbers or strays, latest at the end."""
    rows = CarrierExchange.objects.filter(about__in=list(about)).order_by("-id")[:EXCHANGES]
    return [_exchange_event(row) for row in reversed(rows)]


def _likeness(row: CarrierExchange) -> str:
    """Equal for exchanges that say the same: carriers put an id of its own into every answer."""
    what = (row.about, row.carrier, row.method, row.url, row.request_body, row.status, row.error)
    return json.dumps((*what, _essence(row.response_body)))


def _essence(body: str) -> str:
    try:
        said = json.loads(body)
        if isinstance(said, dict):
            return json.dumps({name: said[name] for name in sorted(said.keys() - OF_ONE_ANSWER)})
    except (ValueError, RecursionError):
        pass
    return body


def _exchange_event(row: CarrierExchange) -> Event:
    bodies = (("Request", row.request_body), ("Answer", row.response_body))
    return Event(
        at=row.at,
        kind="Carrier",
        title=f"{row.method} {urlsplit(row.url).path} → {row.status or 'no answer'}",
        url=desk().url_of(row),
        text=row.error or f"Answered in {row.duration_ms:,} ms",
        who=row.carrier.capitalize(),
        tone=tone_of(row),
        bodies=tuple((label, pretty(text)) for label, text in bodies if text),
        like=_likeness(row),
    )


# --- the catalogue ----------------------------------------------------------------------------------


@admin.register(Country)
class CountryAdmin(EditableAdmin):
    """Loaded by ``load_catalogue``; staff decide only whether we offer it."""

    shelf = "Catalogue"
    shows_history = True
    fields = ("iso", "name", "calling_code", "max_length", "is_offered")
    editable = ("is_offered",)
    list_display = ("name", "iso", "calling_code", "is_offered")
    list_filter = ("is_offered",)
    search_fields = ("name", "iso__exact", "calling_code__exact")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def sections(self, item: Country, request: HttpRequest) -> Sequence[Section]:
        groups = [(link_to(group), group.get_carrier_display()) for group in item.network_groups.all()]
        return (Section("Network groups", head=("Group", "Carrier"), rows=groups),)


@admin.register(NetworkGroup)
class NetworkGroupAdmin(ReadOnlyAdmin):
    shelf = "Catalogue"
    list_display = ("name", "carrier", "country")
    list_filter = ("carrier",)
    list_select_related = ("country",)
    search_fields = ("name", "id__exact", "country__name", "country__iso__exact")

    def sections(self, item: NetworkGroup, request: HttpRequest) -> Sequence[Section]:
        prefixes = [(link_to(prefix),) for prefix in item.prefixes.all()]
        rates = [
            (rate.valid_from, rate.get_direction_display(), rate.prefix or "all", link_to(rate))
            for rate in item.call_rates.select_related("network_group").order_by("-valid_from")
        ]
        return (
            Section("Prefixes", head=("Begins with",), rows=prefixes, empty="None: the whole country."),
            Section("Call rates", head=("From", "Direction", "Prefix", "Rate"), rows=rates),
        )


@admin.register(Prefix)
class PrefixAdmin(ReadOnlyAdmin):
    shelf = "Catalogue"
    list_display = ("__str__", "network_group")
    list_select_related = ("network_group",)
    search_fields = ("digits__startswith", "network_group__name")


class RateForm(ReasonedModelForm):
    """Rates are only ever added, and only for the time to come: what was charged stays explained."""

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise forms.ValidationError("Enter a currency by its ISO 4217 code, like INR.")
        return currency

    def clean_valid_from(self) -> datetime:
        start: datetime = self.cleaned_data["valid_from"]
        if start <= clock.now():
            raise forms.ValidationError("A rate begins in the future: what was charged must stay explained.")
        return start


class RateAdmin(EditableAdmin):
    shelf = "Catalogue"
    shows_history = True
    form = RateForm

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CallRate)
class CallRateAdmin(RateAdmin):
    fields = add_only = (
        "network_group",
        "prefix",
        "direction",
        "currency",
        "per_minute",
        "pulse_seconds",
        "connection_fee",
        "valid_from",
    )
    list_display = ("network_group", "country", "prefix", "direction", "per_minute", "currency", "valid_from")
    list_filter = ("direction", "network_group__carrier", "currency")
    list_select_related = ("network_group__country",)
    search_fields = ("prefix__startswith", "network_group__name", "network_group__country__name")
    autocomplete_fields = ("network_group",)

    @admin.display(description="Country", ordering="network_group__country__name")
    def country(self, rate: CallRate) -> str:
        return str(rate.network_group.country)


@admin.register(RentalRate)
class RentalRateAdmin(RateAdmin):
    fields = add_only = ("carrier", "country", "type", "currency", "setup", "monthly", "valid_from")
    list_display = ("country", "type", "carrier", "setup", "monthly", "currency", "valid_from")
    list_filter = ("carrier", "type", "currency")
    list_select_related = ("country",)
    search_fields = ("country__name", "country__iso__exact")
    autocomplete_fields = ("country",)


@admin.register(SipRate)
class SipRateAdmin(RateAdmin):
    fields = add_only = ("currency", "per_minute", "valid_from")
    list_display = ("currency", "per_minute", "valid_from")
    list_filter = ("currency",)
    search_fields = ("currency__exact",)


@admin.register(WorkspaceNetworkGroup)
class WorkspaceNetworkGroupAdmin(ReadOnlyAdmin):
    shelf = "Customers"
    list_display = ("workspace", "network_group", "enabled", "changed_at")
    list_filter = ("enabled", "network_group__carrier")
    list_select_related = ("workspace", "network_group")
    search_fields = ("workspace__name", "workspace__slug", "network_group__name")
    ordering = ("-id",)


# --- agents -----------------------------------------------------------------------------------------


@admin.register(Agent)
class AgentAdmin(ReadOnlyAdmin):
    shelf = "Agents"
    shows_history = True
    fields = ("id", "workspace", "title", "created_at")
    list_display = ("title", "workspace", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("title", "id__exact", "workspace__name", "workspace__slug")
    ordering = ("-id",)

    def sections(self, item: Agent, request: HttpRequest) -> Sequence[Section]:
        rows = [
            (link_to(version), pill(version.status, version.get_status_display()), version.runtime_url)
            for version in item.versions.select_related("agent")
        ]
        return (Section("Versions", head=("Version", "Status", "Runs at"), rows=rows),)


@admin.register(AgentVersion)
class AgentVersionAdmin(ReadOnlyAdmin):
    shelf = "Agents"
    list_display = ("__str__", "agent", "status", "created_at", "published_at")
    list_filter = ("status",)
    list_select_related = ("agent",)
    search_fields = ("agent__title", "id__exact")
    ordering = ("-id",)

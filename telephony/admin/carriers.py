"""The support desk's page of carrier accounts: asked while somebody looks, never at start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from dialnexa import clock
from dialnexa.admin_looks import exact_money, pill
from dialnexa.admin_site import Page, desk
from dialnexa.admin_timeline import Section
from telephony.carrier_accounts import CarrierAccount, ask_carriers, unused_variables
from telephony.models import CarrierExchange, CarrierSlug

HEAD = ("Carrier", "Account", "At", "Credentials", "Credit")
WORDS = {True: ("active", "Accepted"), False: ("refused", "Refused"), None: ("pending", "Not known")}


def show_accounts(request: HttpRequest) -> HttpResponse:
    """Each configured account, whether its carrier accepts it, and the credit the carrier shows."""
    accounts = ask_carriers()
    context = desk().each_context(request) | {
        "title": "Carrier accounts",
        "section": _section(accounts),
        "troubles": [f"{account.label}: {account.says}" for account in accounts if not account.accepted],
        "unused": [(CarrierSlug(slug).label, names) for slug, names in unused_variables().items()],
        "asked_at": clock.now(),
    }
    return TemplateResponse(request, "admin/carriers.html", context)


def _section(accounts: Iterable[CarrierAccount]) -> Section:
    rows = [_row(account) for account in accounts]
    empty = "No carrier is configured, so numbers can’t be bought. The README lists the variables of each."
    return Section("Accounts", head=HEAD, rows=rows, empty=empty)


def _row(account: CarrierAccount) -> tuple[Any, ...]:
    credit = exact_money(account.credit.amount, account.credit.currency) if account.credit else "not shown"
    return (account.label, account.name, account.host, pill(*WORDS[account.accepted]), credit)


desk().add_page(Page("Carriers", "Accounts", "carriers", show_accounts, CarrierExchange))

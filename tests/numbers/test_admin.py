"""The numbers desk …"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dialnexa import wallet
from dialnexa.models import AuditEntry, LedgerEntry, User, Workspace
from phone_numbers.buying import fulfilment, papers, settling
from phone_numbers.models import NumberOrder, PhoneNumber, Rental, StrayNumber
from telephony.e164 import format_international, format_national
from telephony.models import CarrierExchange
from tests.numbers.conftest import Carrier, Turned
from tests.numbers.rows import make_number, make_order

BEFORE = Decimal(10_000)


def do(action: str, model: str = "numberorder") -> str:
    return reverse(f"admin:numbers_{model}_do", args=[action])


def page(item: Any) -> str:
    return reverse(f"admin:{item._meta.app_label}_{item._meta.model_name}_change", args=[item.pk])


def act(client: Client, order: NumberOrder, action: str, **form: Any) -> str:
    """Post the action's form; gives the page it ends on, with the order read again."""
    answer = client.post(do(action), {"id": order.pk, "reason": "Ticket 4711", **form}, follow=True)
    order.refresh_from_db()
    return answer.content.decode()


def find(client: Client, q: str) -> Any:
    answer = client.get("/admin/find/", {"q": q})
    return answer.headers.get("Location") or [str(group["name"]) for group in answer.context["groups"]]


@pytest.fixture
def bought(order: NumberOrder, advance: Callable[[NumberOrder], NumberOrder]) -> NumberOrder:
    """An order that ran through."""
    return advance(order)


@pytest.fixture
def in_doubt(
    order: NumberOrder, carrier: Carrier, advance: Callable[[NumberOrder], NumberOrder]
) -> NumberOrder:
    """An order whose request got no usable answer; the carrier sold nothing."""
    carrier.breaks("error_before")
    order = advance(order)
    assert order.status == "uncertain"
    return order


@pytest.fixture
def sold_unheard(
    order: NumberOrder, carrier: Carrier, advance: Callable[[NumberOrder], NumberOrder]
) -> NumberOrder:
    """An order whose request got no usable answer; the carrier sold the number all the same."""
    carrier.breaks("error_after")
    order = advance(order)
    assert order.status == "uncertain"
    return order


@pytest.fixture
def stray(order: NumberOrder, now: datetime) -> StrayNumber:
    return StrayNumber.objects.create(
        carrier="plivo",
        e164="+442071838750",
        carrier_number_id="442071838750",
        evidence="Listed",
        found_at=now,
    )


# --- what a page tells --------------------------------------------------------------------------------


def test_tells_an_order_from_placing_to_the_charge(staff_client: Client, bought: NumberOrder) -> None:
    answer = staff_client.get(page(bought))
    story = next(section for section in answer.context["sections"] if section.title == "Timeline")
    kinds = {event.kind for event in story.events}
    assert kinds == {"Number order", "Phone number", "Money", "Attempt", "Carrier"}
    assert [event.at for event in story.events] == sorted(event.at for event in story.events)
    shown = answer.content.decode()
    for row in (
        bought.number,
        *LedgerEntry.objects.filter(subject_id=bought.pk),
        *bought.attempts.all(),
        *CarrierExchange.objects.filter(about=bought.pk),
        *AuditEntry.objects.filter(subject_id=bought.pk),
    ):
        assert f'href="{page(row)}"' in shown, row


def test_shows_what_was_said_to_the_carrier_without_the_secret(
    staff_client: Client, bought: NumberOrder
) -> None:
    exchange = CarrierExchange.objects.get(about=bought.pk)
    assert exchange.response_body
    for url in (page(bought), page(exchange)):
        shown = staff_client.get(url).content.decode()
        assert "fulfilled" in shown
        assert "sandbox-token" not in shown


@pytest.mark.parametrize(("begun", "shown_as"), [("09:00", "%H:%M:%S"), ("18:25", "%-d %b %Y %H:%M:%S")])
def test_folds_what_was_asked_and_answered_again_and_again(
    staff_client: Client,
    carrier: Carrier,
    order: NumberOrder,
    advance: Any,
    clock: Turned,
    begun: str,
    shown_as: str,
) -> None:  # 18:25 UTC: in Kolkata the day ends while it asks
    clock.now = datetime.combine(clock.now.date() + timedelta(days=1), time.fromisoformat(begun), UTC)
    carrier.breaks("pending", 3600)
    number = advance(order).number
    for _ in range(12):
        clock.turn(minutes=1)
        papers.confirm_number(number.id, tell=clock)
    last = clock.now
    clock.turn(minutes=1)
    carrier.server.state.move_clock(3601)
    papers.confirm_number(number.id, tell=clock)
    shown = staff_client.get(page(number)).content.decode()
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", shown))
    assert f"×12, last at {timezone.localtime(last, ZoneInfo('Asia/Kolkata')):{shown_as}}" in told
    assert shown.count("→ 200") == 2  # the thirteenth answer says something else
    assert CarrierExchange.objects.filter(about=number.pk).count() == 13


def test_shows_the_latest_when_there_is_too_much(
    staff_client: Client, bought: NumberOrder, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    monkeypatch.setattr("telephony.admin.catalogue.EXCHANGES", 3)
    for n in range(6):
        CarrierExchange.objects.create(
            about=bought.pk, carrier="plivo", method="GET", url=f"https://x/{n}", duration_ms=1, at=now
        )
    shown = staff_client.get(page(bought)).content.decode()
    assert [f"GET /{n} " in shown for n in range(6)] == [False, False, False, True, True, True]


def test_links_a_number_to_its_order_rent_and_charge(staff_client: Client, bought: NumberOrder) -> None:
    shown = staff_client.get(page(bought.number)).content.decode()
    charge = bought.number.rental.charges.get()
    for row in (bought, charge, charge.entry, bought.number.rental):
        assert f'href="{page(row)}"' in shown, row


def test_shows_a_workspace_its_orders_and_money(staff_client: Client, bought: NumberOrder) -> None:
    answer = staff_client.get(page(bought.workspace))
    titles = [section.title for section in answer.context["sections"]]
    assert titles == ["Members", "Latest transactions", "KYC", "Latest orders", "History"]
    shown = answer.content.decode()
    assert page(bought) in shown
    assert "₹9,908.00" in shown


def test_links_money_back_to_its_order(staff_client: Client, bought: NumberOrder) -> None:
    entry = LedgerEntry.objects.get(reference=f"resolve:{bought.pk}")
    assert page(bought) in staff_client.get(page(entry)).content.decode()


# --- actions ------------------------------------------------------------------------------------------


def test_makes_an_order_due_now(staff_client: Client, in_doubt: NumberOrder, staff: User) -> None:
    later = in_doubt.next_run_at + timedelta(hours=1)
    NumberOrder.objects.filter(pk=in_doubt.pk).update(next_run_at=later)
    act(staff_client, in_doubt, "ask-now")
    assert in_doubt.next_run_at < later - timedelta(minutes=50)
    entry = AuditEntry.objects.get(subject_id=in_doubt.pk, event="ask_now")
    assert (entry.actor, entry.reason) == (staff, "Ticket 4711")


def test_records_a_sale_the_carrier_confirms(
    staff_client: Client, sold_unheard: NumberOrder, carrier: Carrier
) -> None:
    shown = act(staff_client, sold_unheard, "record-sale")
    assert sold_unheard.status == "fulfilled"
    assert "the carrier confirms the sale" in shown
    assert wallet.balance(sold_unheard.workspace) == BEFORE - sold_unheard.total
    assert wallet.held(sold_unheard.workspace) == 0
    assert carrier.sales(sold_unheard.e164) == 1
    assert (
        AuditEntry.objects.get(subject_id=sold_unheard.pk, event="look_up_by_staff").reason == "Ticket 4711"
    )
    assert AuditEntry.objects.get(subject_id=sold_unheard.pk, event="fulfil").channel == "staff"


def test_records_no_sale_the_carrier_does_not_confirm(staff_client: Client, in_doubt: NumberOrder) -> None:
    assert "no certain answer yet" in act(staff_client, in_doubt, "record-sale")
    assert in_doubt.status == "uncertain"
    assert wallet.held(in_doubt.workspace) == in_doubt.total


def test_rejects_and_returns_the_money(staff_client: Client, in_doubt: NumberOrder) -> None:
    act(staff_client, in_doubt, "reject", checked="on")
    assert in_doubt.status == "rejected"
    assert wallet.balance(in_doubt.workspace) == BEFORE
    assert wallet.held(in_doubt.workspace) == 0
    assert PhoneNumber.objects.get(pk=in_doubt.number_id).status == "failed"
    assert AuditEntry.objects.get(subject_id=in_doubt.pk, event="reject").reason == "Ticket 4711"


@pytest.mark.parametrize("form", [{"checked": ""}, {"checked": "on", "reason": " "}])
def test_rejects_only_what_was_checked_and_said_why(
    staff_client: Client, in_doubt: NumberOrder, form: dict[str, str]
) -> None:
    act(staff_client, in_doubt, "reject", **form)
    assert in_doubt.status == "uncertain"


@pytest.mark.parametrize("action", ["ask-now", "record-sale", "reject"])
def test_leaves_a_finished_order_alone(staff_client: Client, bought: NumberOrder, action: str) -> None:
    shown = act(staff_client, bought, action, checked="on")
    assert 'class="error"' in shown
    assert bought.status == "fulfilled"
    assert wallet.balance(bought.workspace) == BEFORE - bought.total
    assert staff_client.get(page(bought)).context["offers"] == []


def test_offers_no_rejection_of_what_is_over(staff_client: Client, bought: NumberOrder) -> None:
    url = reverse("admin:numbers_numberorder_changelist")
    shown = staff_client.get(url, {"status__exact": "fulfilled"}).content.decode()
    assert "Reject and return the money" not in shown
    assert (
        "Reject and return the money"
        in staff_client.get(url, {"status__exact": "uncertain"}).content.decode()
    )
    chosen = {"action": "reject", "_selected_action": [bought.pk]}
    answer = staff_client.post(url, chosen, follow=True)
    assert answer.redirect_chain == [] or answer.redirect_chain[-1][0] == url
    assert "is not possible for" in answer.content.decode()
    released = PhoneNumber.objects.filter(pk=bought.number_id)
    released.update(status="releasing")
    assert staff_client.get(page(bought.number)).context["offers"] == []


def test_leaves_out_of_many_what_an_action_does_not_fit(staff_client: Client, in_doubt: NumberOrder) -> None:
    over = make_order(make_number(in_doubt.workspace), "fulfilled")
    chosen = {"action": "ask-now", "_selected_action": [over.pk, in_doubt.pk]}
    answer = staff_client.post(reverse("admin:numbers_numberorder_changelist"), chosen, follow=True)
    assert [row["item"].pk for row in answer.context["rows"]] == [in_doubt.pk]
    assert f"is not possible for {over}" in answer.content.decode()


def test_leaves_an_order_alone_while_it_is_bought(
    staff_client: Client, order: NumberOrder, now: datetime
) -> None:
    fulfilment.claim(order, now=now)
    assert 'class="error"' in act(staff_client, order, "reject", checked="on")
    assert order.status == "buying"
    assert wallet.held(order.workspace) == order.total


def test_releases_a_number_with_a_reason(
    order: NumberOrder, advance: Callable[[NumberOrder], NumberOrder], staff_client: Client
) -> None:
    number = advance(order).number
    staff_client.post(do("release", "phonenumber"), {"id": number.pk, "reason": ""})
    assert PhoneNumber.objects.get(pk=number.pk).status == "active"
    staff_client.post(do("release", "phonenumber"), {"id": number.pk, "reason": "The shop closed"})
    assert PhoneNumber.objects.get(pk=number.pk).status == "releasing"
    entry = AuditEntry.objects.get(subject_id=number.pk, event="release")
    assert (entry.channel, entry.reason) == ("staff", "The shop closed")


def test_resolves_a_stray_once(staff_client: Client, stray: StrayNumber) -> None:
    form = {"id": stray.pk, "reason": "Released in the console"}
    staff_client.post(do("resolve", "straynumber"), form)
    stray.refresh_from_db()
    assert stray.resolved_at is not None
    again = staff_client.post(do("resolve", "straynumber"), form, follow=True)
    assert "was resolved before" in again.content.decode()
    assert AuditEntry.objects.get(subject_id=stray.pk).reason == "Released in the console"


def test_refuses_actions_to_staff_who_may_only_look(in_doubt: NumberOrder) -> None:
    from django.contrib.auth.models import Permission

    from tests.conftest import client_of, make_user

    clerk = make_user("Clara", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_numberorder"))
    client = client_of(clerk)
    answer = client.get(page(in_doubt))
    assert (answer.status_code, answer.context["offers"]) == (200, [])
    assert client.post(do("reject"), {"id": in_doubt.pk, "reason": "x", "checked": "on"}).status_code == 403
    in_doubt.refresh_from_db()
    assert in_doubt.status == "uncertain"


# --- what can't be written ----------------------------------------------------------------------------


def test_takes_no_status_from_a_form(staff_client: Client, in_doubt: NumberOrder) -> None:
    for item in (in_doubt, in_doubt.number):
        assert staff_client.post(page(item), {"status": "fulfilled"}).status_code == 403
        item.refresh_from_db()
    assert (in_doubt.status, in_doubt.number.status) == ("uncertain", "pending")


# --- finding ------------------------------------------------------------------------------------------


def test_finds_a_number_in_any_spelling(staff_client: Client, bought: NumberOrder) -> None:
    e164 = bought.e164
    for spelling in (
        e164,
        e164[1:],
        f"00{e164[1:]}",
        format_international(e164),
        format_national(e164),
        f" {e164[:5]}.{e164[5:8]}/{e164[8:]} ",
        e164.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)}),
        e164[-7:],
    ):
        assert find(staff_client, spelling) == page(bought.number), spelling


def test_finds_numbers_in_any_spelling_in_lists(staff_client: Client, bought: NumberOrder) -> None:
    for model in ("phonenumber", "numberorder"):
        url = reverse(f"admin:numbers_{model}_changelist")
        for spelling in (format_international(bought.e164), bought.e164[-6:], f"00{bought.e164[1:]}"):
            assert staff_client.get(url, {"q": spelling}).context["cl"].result_count == 1, (model, spelling)
        assert staff_client.get(url, {"q": "+4420 7946 0000"}).context["cl"].result_count == 0


def test_lands_on_each_kind_of_id(staff_client: Client, bought: NumberOrder, stray: StrayNumber) -> None:
    for item in (bought, bought.number, bought.number.rental, stray):
        assert find(staff_client, item.pk) == page(item)
    assert find(staff_client, bought.idempotency_key) == page(bought)


def test_lands_on_a_stray_by_its_number(staff_client: Client, stray: StrayNumber) -> None:
    assert find(staff_client, "+44 20 7183 8750") == page(stray)


def test_finds_the_orders_of_a_request(staff_client: Client, bought: NumberOrder) -> None:
    assert find(staff_client, "req_test0001") == ["Audit entries"]


# --- the front page -----------------------------------------------------------------------------------


def watch(client: Client, title: str) -> dict[str, Any]:
    return next(row for row in client.get("/admin/").context["watches"] if row["title"] == title)


def listed(client: Client, url: str) -> list[str]:
    return [row.pk for row in client.get(url).context["cl"].result_list]


def test_counts_orders_that_need_a_person(
    staff_client: Client, in_doubt: NumberOrder, clock: Turned, settings: Any
) -> None:
    assert [watch(staff_client, title)["count"] for title in ("Orders to review", "In doubt too long")] == [
        0,
        0,
    ]
    settling.flag_for_review(in_doubt, "No clear answer", now=clock.now)
    settings.SETTLE_WINDOW = -60
    for title in ("Orders to review", "In doubt too long"):
        row = watch(staff_client, title)
        assert row["count"] == 1
        assert listed(staff_client, row["url"]) == [in_doubt.pk]


def test_filters_strays_by_where_they_are(staff_client: Client, stray: StrayNumber, now: datetime) -> None:
    url = reverse("admin:numbers_straynumber_changelist")

    def by_state() -> list[list[str]]:
        return [listed(staff_client, f"{url}?state={state}") for state in ("open", "leaving", "resolved")]

    assert by_state() == [[stray.pk], [], []]
    StrayNumber.objects.update(releasing_since=now)
    assert by_state() == [[stray.pk], [stray.pk], []]
    StrayNumber.objects.update(resolved_at=now)
    assert by_state() == [[], [], [stray.pk]]
    assert listed(staff_client, f"{url}?state=nonsense") == [stray.pk]


def test_says_that_a_rent_has_ended(staff_client: Client, bought: NumberOrder, now: datetime) -> None:
    rental = bought.number.rental
    assert ">Active</a>" in staff_client.get(page(bought.number)).content.decode()
    Rental.objects.update(ended_at=now)
    for url in (page(bought.number), page(rental), reverse("admin:numbers_rental_changelist")):
        assert f"Ended {now:%d %b %Y}" in staff_client.get(url).content.decode(), url


def test_leaves_out_what_a_bought_number_has_not(staff_client: Client, bought: NumberOrder) -> None:
    sections = staff_client.get(page(bought.number)).context["sections"]
    assert "SIP trunk" not in [section.title for section in sections]


def test_counts_open_strays(staff_client: Client, stray: StrayNumber, now: datetime) -> None:
    row = watch(staff_client, "Stray numbers")
    assert (row["count"], listed(staff_client, row["url"])) == (1, [stray.pk])
    StrayNumber.objects.update(resolved_at=now)
    assert watch(staff_client, "Stray numbers")["count"] == 0


def test_asks_the_database_little(
    staff_client: Client, bought: NumberOrder, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for model in admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        with django_assert_max_num_queries(9):
            staff_client.get(url)
    with django_assert_max_num_queries(20):
        staff_client.get(page(bought))

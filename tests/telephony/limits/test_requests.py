"""Asking for more than a limit allows …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api_keys import create_api_key
from dialnexa.errors import Refusal
from dialnexa.models import AuditEntry, Notice, User, Workspace
from telephony.limits.allowances import read_allowances
from telephony.limits.overrides import end_override, set_limit
from telephony.limits.requests import ask_for_more, decline, grant
from telephony.limits.table import CALLS_AT_ONCE, MONTHLY_SPEND
from telephony.models import LimitOverride, LimitRequest

pytestmark = pytest.mark.django_db


def test_gives_it_when_staff_grant_it(workspace: Workspace, now: datetime) -> None:
    asked = ask_for_more(workspace, CALLS_AT_ONCE, Decimal(40), "A campaign", by=SYSTEM, now=now)
    with pytest.raises(Refusal, match="already"):
        ask_for_more(workspace, CALLS_AT_ONCE, Decimal(50), "More", by=SYSTEM, now=now)
    grant(asked, reason="Known well", by=SYSTEM, now=now)
    assert read_allowances(workspace, at=now).of(CALLS_AT_ONCE).value == 40
    assert Notice.objects.get(reference=f"limit_request:{asked.pk}").body == "Known well"
    with pytest.raises(Refusal, match="answered already"):
        decline(asked, reason="No", by=SYSTEM, now=now)
    events = AuditEntry.objects.filter(subject_id=workspace.pk).values_list("event", flat=True)
    assert {"ask_limit", "set_limit"} <= set(events)


def test_is_said_in_words_and_money(
    alice_client: Client, staff_client: Client, workspace: Workspace, now: datetime
) -> None:
    ask_for_more(workspace, MONTHLY_SPEND, Decimal(500_000), "A campaign", by=SYSTEM, now=now)
    seen = alice_client.get(f"/w/{workspace.slug}/limits/").content.decode()
    assert "Asked for ₹5,00,000.00" in seen
    assert f'href="/w/{workspace.slug}/settings/" aria-current="page"' in seen  # the rail says where one is
    desk = staff_client.get("/admin/telephony/limitrequest/").content.decode()
    assert "What calls cost in a month" in desk
    assert "₹5,00,000.00" in desk


def test_leaves_the_limit_when_staff_decline(workspace: Workspace, now: datetime) -> None:
    asked = ask_for_more(workspace, CALLS_AT_ONCE, Decimal(40), "A campaign", by=SYSTEM, now=now)
    decline(asked, reason="Too new", by=SYSTEM, now=now)
    assert read_allowances(workspace, at=now).of(CALLS_AT_ONCE).override is None
    assert LimitRequest.objects.get().answer == "Too new"
    ask_for_more(workspace, CALLS_AT_ONCE, Decimal(40), "Again", by=SYSTEM, now=now)


@pytest.mark.parametrize("value, code", [("10", "limit_not_more"), ("10.5", "limit_value_invalid")])
def test_refuses_what_is_no_more(workspace: Workspace, now: datetime, value: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        ask_for_more(workspace, CALLS_AT_ONCE, Decimal(value), "A campaign", by=SYSTEM, now=now)
    assert refused.value.code == code


def test_holds_until_its_end_and_the_default_then(workspace: Workspace, now: datetime) -> None:
    day = timedelta(days=1)
    row = set_limit(workspace, CALLS_AT_ONCE, Decimal(99), reason="Sale", by=SYSTEM, now=now, until=now + day)
    values = [read_allowances(workspace, at=now + n * day).of(CALLS_AT_ONCE).value for n in (0, 1)]
    assert values == [99, 10]
    end_override(row, reason="Over", by=SYSTEM, now=now)
    assert read_allowances(workspace, at=now).of(CALLS_AT_ONCE).value == 10


def test_refuses_limits_for_keys_that_are_others_or_have_none(
    workspace: Workspace, charlie_workspace: Workspace, now: datetime
) -> None:
    own, _ = create_api_key(workspace, "own", ["calls:write"], by=SYSTEM, now=now)
    other, _ = create_api_key(charlie_workspace, "other", ["calls:write"], by=SYSTEM, now=now)
    for limit, key, code in (
        (MONTHLY_SPEND, own, "limit_not_for_keys"),
        (CALLS_AT_ONCE, other, "limit_key_foreign"),
    ):
        with pytest.raises(Refusal) as refused:
            set_limit(workspace, limit, Decimal(1), reason="x", by=SYSTEM, now=now, key=key)
        assert refused.value.code == code


def test_is_a_form_whose_mistakes_are_said(alice_client: Client, workspace: Workspace) -> None:
    url = f"/w/{workspace.slug}/limits/more/daily_spend/"
    wrong = alice_client.post(url, {"value": "plenty", "why": "A campaign"}, headers={"HX-Request": "true"})
    assert wrong.status_code == 422
    assert "plenty" in wrong.content.decode()
    calls = f"/w/{workspace.slug}/limits/more/concurrent_calls/"
    for value in ("sNaN", "Infinity", "1e9", "-20", "٩" * 3):
        assert alice_client.post(calls, {"value": value, "why": "A campaign"}).status_code == 400, value
    assert alice_client.post(url, {"value": "99,000", "why": "A campaign"}).status_code == 302
    assert LimitRequest.objects.get().value == 99_000
    assert "Asked for" in alice_client.get(f"/w/{workspace.slug}/limits/").content.decode()
    assert alice_client.get(f"/w/{workspace.slug}/limits/more/nothing/").status_code == 404


def test_is_answered_by_staff_in_the_support_desk(
    staff_client: Client, workspace: Workspace, now: datetime
) -> None:
    asked = ask_for_more(workspace, CALLS_AT_ONCE, Decimal(40), "A campaign", by=SYSTEM, now=now)
    do = "/admin/telephony/limitrequest/do/grant-limit/"
    staff_client.post(do, {"id": asked.pk, "reason": "Known well", "checked": "on"})
    assert LimitOverride.objects.get().value == 40
    form = {"workspace": workspace.pk, "limit": "daily_spend", "value": "77", "reason": "New here"}
    added = staff_client.post("/admin/telephony/limitoverride/add/", form)
    assert added.status_code == 302
    assert LimitOverride.objects.get(limit="daily_spend").reason == "New here"
    staff_client.post(
        "/admin/telephony/limitoverride/add/", form | {"limit": "concurrent_calls", "value": "7.5"}
    )
    assert LimitOverride.objects.count() == 2


def test_is_nothing_staff_give_a_workspace_of_their_own(
    workspace: Workspace, staff: User, now: datetime
) -> None:
    workspace.memberships.create(user=staff, role="viewer")
    support = Actor(Channel.STAFF, "Stan", staff)
    asked = ask_for_more(workspace, CALLS_AT_ONCE, Decimal(40), "A campaign", by=SYSTEM, now=now)
    with pytest.raises(Refusal, match="second_person_needed"):
        grant(asked, reason="Mine", by=support, now=now)
    assert read_allowances(workspace, at=now).of(CALLS_AT_ONCE).override is None

"""The notices of a member …"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dialnexa.access import Right
from dialnexa.models import Notice, NoticeCopy, User, Workspace
from dialnexa.notice_views import PAGE_SIZE
from dialnexa.notices import tell
from tests.conftest import client_of

pytestmark = pytest.mark.django_db
URL = "/w/acme/notices/"
HTMX = {"HX-Request": "true"}


def say(workspace: Workspace, now: datetime, title: str = "KYC verified", **changes: Any) -> Notice:
    told: dict[str, Any] = {"right": Right.MANAGE, "body": "You can buy now.", "reference": title, **changes}
    notice = tell(workspace, title=title, now=now, **told)
    assert notice is not None
    return notice


def page(client: Client, url: str = URL) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def titles(html: str) -> list[str]:
    return re.findall(r"<h3>(?:<span.*?</span>)?(.*?)</h3>", html)


def bells(html: str) -> list[str]:
    return re.findall(r'id="bell-\w+"[^>]*? aria-label="([^"]*)"', html)


def is_read(user: User, notice: Notice) -> bool:
    return NoticeCopy.objects.get(user=user, notice=notice).read_at is not None


def test_stand_newest_first_with_what_is_said(
    workspace: Workspace, alice_client: Client, now: datetime
) -> None:
    say(workspace, now - timedelta(hours=1), "Older <b>")
    say(workspace, now, "Newer", body="It <works>.")
    html = page(alice_client)
    assert titles(html) == ["Newer", "Older &lt;b&gt;"]
    assert "It &lt;works&gt;." in html


def test_say_when_in_the_readers_time_zone(workspace: Workspace, alice: User, alice_client: Client) -> None:
    User.objects.filter(pk=alice.pk).update(time_zone="Asia/Kolkata")
    say(workspace, datetime(2026, 1, 31, 20, 0, tzinfo=UTC))
    html = page(alice_client)
    assert "Sunday, 1 February 2026" in html
    assert ">01:30</time>" in html


def test_are_ones_own_only(
    workspace: Workspace, alice: User, bob: User, bob_client: Client, alice_client: Client, now: datetime
) -> None:
    for_all = say(workspace, now, "For all", right=Right.SEE)
    say(workspace, now, "For managers")
    bob_client.post(f"{URL}{for_all.pk}/")
    assert titles(page(bob_client)) == ["For all"]
    assert titles(page(alice_client)) == ["For managers", "For all"]
    assert (is_read(bob, for_all), is_read(alice, for_all)) == (True, False)
    assert (bells(page(bob_client))[0], bells(page(alice_client))[0]) == ("Notices", "Notices, 2 unread")


@pytest.mark.parametrize("way", ["", "mark/"])
def test_of_somebody_else_do_not_exist(
    way: str, workspace: Workspace, alice: User, bob_client: Client, now: datetime
) -> None:
    notice = say(workspace, now)
    assert bob_client.post(f"{URL}{notice.pk}/{way}").status_code == 404
    assert bob_client.post(f"{URL}nonsense/{way}").status_code == 404
    assert not is_read(alice, notice)


def test_of_another_workspace_stay_there(
    workspace: Workspace,
    charlie_workspace: Workspace,
    alice: User,
    alice_client: Client,
    now: datetime,
) -> None:
    charlie_workspace.memberships.create(user=alice, role="admin")
    say(workspace, now, "Of Acme")
    theirs = say(charlie_workspace, now, "Of Chocolate")
    assert titles(page(alice_client)) == ["Of Acme"]
    assert bells(page(alice_client))[0] == "Notices, 1 unread"
    assert alice_client.post(f"{URL}{theirs.pk}/").status_code == 404
    alice_client.post(f"{URL}read/")
    assert not is_read(alice, theirs)


def test_are_read_by_following_them(
    workspace: Workspace, alice: User, alice_client: Client, now: datetime
) -> None:
    notice = say(workspace, now, page="/w/acme/kyc/IN/")
    response = alice_client.post(f"{URL}{notice.pk}/")
    assert (response.status_code, response["Location"]) == (302, "/w/acme/kyc/IN/")
    assert is_read(alice, notice)
    assert bells(page(alice_client)) == ["Notices", "Notices"]


def test_that_lead_nowhere_lead_back_to_the_list(
    workspace: Workspace, alice_client: Client, now: datetime
) -> None:
    notice = say(workspace, now)
    assert alice_client.post(f"{URL}{notice.pk}/")["Location"] == URL


def test_can_be_marked_as_read_and_as_not(
    workspace: Workspace, alice: User, alice_client: Client, now: datetime
) -> None:
    notice = say(workspace, now)
    assert alice_client.post(f"{URL}{notice.pk}/mark/")["Location"] == URL
    assert is_read(alice, notice)
    alice_client.post(f"{URL}{notice.pk}/mark/", {"unread": "1"})
    assert not is_read(alice, notice)


def test_marked_in_place_bring_the_bell_along(
    workspace: Workspace, alice_client: Client, now: datetime
) -> None:
    notice = say(workspace, now)
    say(workspace, now, "Another")
    html = alice_client.post(f"{URL}{notice.pk}/mark/", headers=HTMX).content.decode()
    assert titles(html) == ["KYC verified"]
    assert "is-unread" not in html
    assert bells(html) == ["Notices, 1 unread"] * 2
    assert ">1 unread</p>" in html


def test_are_all_read_at_once(workspace: Workspace, alice: User, alice_client: Client, now: datetime) -> None:
    notices = [say(workspace, now, f"Notice {number}") for number in range(3)]
    assert "Mark all read" in page(alice_client)
    assert alice_client.post(f"{URL}read/")["Location"] == URL
    assert all(is_read(alice, notice) for notice in notices)
    html = page(alice_client)
    assert "3 notices marked as read." in html
    assert "Mark all read" not in html


def test_go_on_over_pages(workspace: Workspace, alice_client: Client, now: datetime) -> None:
    for number in range(PAGE_SIZE + 3):
        say(workspace, now + timedelta(seconds=number // 2), f"Notice {number}")
    first = page(alice_client)
    (later,) = re.findall(r'rel="next" href="([^"]*)"', first)
    second = page(alice_client, later)
    seen = titles(first) + titles(second)
    assert (len(titles(first)), len(seen), len(set(seen))) == (PAGE_SIZE, PAGE_SIZE + 3, PAGE_SIZE + 3)
    (earlier,) = re.findall(r'rel="prev" href="([^"]*)"', second)
    assert titles(page(alice_client, earlier)) == titles(first)
    assert titles(page(alice_client, f"{URL}?after=nonsense")) == titles(first)


def test_say_so_when_there_are_none(alice_client: Client) -> None:
    html = page(alice_client)
    assert "Nothing yet" in html
    assert "Mark all read" not in html


def test_are_counted_on_the_bell_of_every_page(
    workspace: Workspace, alice_client: Client, now: datetime
) -> None:
    for number in range(120):
        say(workspace, now, f"Notice {number}")
    html = page(alice_client, "/w/acme/numbers/")
    assert bells(html) == ["Notices, 99+ unread"] * 2


@pytest.mark.parametrize(
    ("had", "announced"), [("0", "2 new notices"), ("1", "1 new notice"), ("2", ""), ("nonsense", "")]
)
def test_that_came_meanwhile_are_announced(
    had: str, announced: str, workspace: Workspace, alice_client: Client, now: datetime
) -> None:
    say(workspace, now)
    say(workspace, now, "Another")
    html = page(alice_client, f"{URL}bell/?had={had}")
    assert bells(html) == ["Notices, 2 unread"] * 2
    assert re.findall(r'id="announcer"[^>]*>([^<]*)<', html) == ([announced] if announced else [])


def test_cost_one_query_for_the_bell_and_one_for_the_list(
    workspace: Workspace, alice: User, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(alice)
    for number in range(PAGE_SIZE):
        say(workspace, now, f"Notice {number}")
    page(client)
    with django_assert_num_queries(4):  # session, user, membership
        page(client, f"{URL}bell/")
    with django_assert_num_queries(8):  # and the switcher, the wallet card's two
        page(client)

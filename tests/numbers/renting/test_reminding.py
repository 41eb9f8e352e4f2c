"""Reminding workspaces of rent …"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import LazySettings
from django.db import connection

from dialnexa.actors import SYSTEM
from dialnexa.models import Membership, Notice, NoticeCopy, Workspace
from phone_numbers.models import Rental
from phone_numbers.releasing import release_number
from phone_numbers.renting.choices import set_auto_renew
from phone_numbers.renting.paying import pay_rent
from phone_numbers.renting.reminding import next_look, remind_due, step_of
from phone_numbers.renting.renewing import renew_due
from phone_numbers.renting.sweep import sweep_rent
from tests.conftest import make_user
from tests.numbers.renting.conftest import Fund, Rent, again, number_of
from tests.numbers.renting.twin import month_later

pytestmark = pytest.mark.django_db(transaction=True)
KOLKATA = ZoneInfo("Asia/Kolkata")
BOUGHT = datetime(2027, 1, 10, 6, tzinfo=UTC)
RENEWS = datetime(2027, 2, 10, 6, tzinfo=UTC)
STEP, DAY = timedelta(hours=6), timedelta(days=1)


def reminders() -> list[tuple[str, date]]:
    """What was told by reminders: the kind and the day there, in order."""
    kinds = ("short", "off", "grace", "hold")
    rows = Notice.objects.order_by("created_at", "pk").values_list("reference", "created_at")
    parts = ((reference.split(":"), at.astimezone(KOLKATA).date()) for reference, at in rows)
    return [(part[1], on) for part, on in parts if part[0] == "rent" and part[1] in kinds]


def days_before(at: datetime) -> list[tuple[str, int]]:
    ends = at.astimezone(KOLKATA).date()
    return [(kind, (ends - on).days) for kind, on in reminders()]


def local(at: datetime) -> date:
    return at.astimezone(KOLKATA).date()


def moments(since: datetime, until: datetime) -> Iterator[datetime]:
    at = since
    while at <= until:
        yield at
        at += STEP


def pass_by(since: datetime, until: datetime) -> None:
    """What the sweeper does, every six hours."""
    for at in moments(since, until):
        sweep_rent(now=at)


def twice(now: datetime) -> None:
    """Two sweepers at the same moment."""
    barrier = threading.Barrier(2)

    def remind() -> None:
        barrier.wait()
        remind_due(now=now)
        connection.close()

    threads = [threading.Thread(target=remind) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_tells_of_money_that_will_not_suffice_14_7_3_and_1_days_before(shop: Workspace, rent: Rent) -> None:
    rent(shop, BOUGHT, "400")
    pass_by(BOUGHT, RENEWS)
    assert days_before(RENEWS) == [("short", 14), ("short", 7), ("short", 3), ("short", 1)]
    notice = Notice.objects.filter(reference__startswith="rent:short:").latest("created_at")
    assert "₹400.00 by 10 February 2027" in notice.body
    assert "Add ₹400.00 or more by 10 February 2027." in notice.body
    assert notice.page == "/w/shop/wallet/"


def test_says_nothing_about_what_the_wallet_covers(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rent(shop, BOUGHT, "400")
    fund(shop, "400", BOUGHT)
    pass_by(BOUGHT, RENEWS)
    assert reminders() == []


def test_tells_when_the_wallet_no_longer_covers_it(shop: Workspace, rent: Rent, fund: Fund) -> None:
    rent(shop, BOUGHT, "400")
    fund(shop, "400", BOUGHT)
    pass_by(BOUGHT, RENEWS - 10 * DAY)
    dear = rent(shop, BOUGHT + 2 * STEP, "500")  # due twelve hours later
    pass_by(RENEWS - 10 * DAY + STEP, RENEWS - DAY)
    assert days_before(RENEWS) == [("short", 10), ("short", 7), ("short", 3), ("short", 1)]
    assert dear.number.e164[-4:] in Notice.objects.latest("created_at").title.replace(" ", "")


def test_tells_who_can_do_something(shop: Workspace, rent: Rent) -> None:
    for name, role in (("Adam", "admin"), ("Mia", "member"), ("Vic", "viewer")):
        Membership.objects.create(workspace=shop, user=make_user(name), role=role)
    rent(shop, BOUGHT, "400")
    rent(shop, BOUGHT, "400", auto_renew=False)
    remind_due(now=RENEWS - 14 * DAY)
    copies = NoticeCopy.objects.values_list("notice__reference", "user__first_name")
    told = sorted((reference.split(":")[1], name) for reference, name in copies)
    assert told == [("off", "Adam"), ("off", "Alice"), ("short", "Alice")]


def test_puts_forty_numbers_into_one_notice(shop: Workspace, rent: Rent) -> None:
    for n in range(40):
        rent(shop, BOUGHT + n * timedelta(minutes=1), "10", auto_renew=False)
    remind_due(now=RENEWS - 14 * DAY)
    notice = Notice.objects.get(reference__startswith="rent:off:")
    assert notice.title == "40 numbers do not renew by themselves"
    assert "and 32 more." in notice.body
    assert len(notice.body) < 1000


def test_waits_for_the_morning_of_the_workspace(shop: Workspace, rent: Rent) -> None:
    rent(shop, BOUGHT, "400")
    midnight = datetime(2027, 1, 27, tzinfo=KOLKATA)
    assert remind_due(now=midnight) == 0
    assert remind_due(now=midnight + timedelta(hours=8)) == 1
    assert days_before(RENEWS) == [("short", 14)]


def test_tells_of_the_end_of_grace_and_of_the_hold(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, BOUGHT, "400")
    pass_by(RENEWS - STEP, RENEWS + 45 * DAY)
    rental = again(rental)
    assert rental.ended_at is not None
    told = reminders()
    graces = [on for kind, on in told if kind == "grace"]
    holds = [on for kind, on in told if kind == "hold"]
    assert graces == [date(2027, 2, 13), date(2027, 2, 16)]
    assert holds == [date(2027, 3, 12), date(2027, 3, 18)]


def test_tells_a_missed_step_once_and_late(shop: Workspace, rent: Rent) -> None:
    rent(shop, BOUGHT, "400")
    pass_by(BOUGHT, RENEWS - 10 * DAY)
    pass_by(RENEWS - 5 * DAY, RENEWS - STEP)
    assert days_before(RENEWS) == [("short", 14), ("short", 5), ("short", 3), ("short", 1)]


def test_tells_nothing_of_a_day_that_is_over(shop: Workspace, rent: Rent) -> None:
    rent(shop, BOUGHT, "400", auto_renew=False)
    pass_by(RENEWS + STEP, RENEWS + DAY)
    assert reminders() == []


def test_tells_nothing_of_a_number_that_was_given_back(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, BOUGHT, "400")
    release_number(number_of(rental), by=SYSTEM, now=BOUGHT + DAY)
    pass_by(BOUGHT + DAY, RENEWS)
    assert reminders() == []


def test_leaves_what_support_decides_about_alone(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, BOUGHT, "400")
    Rental.objects.filter(pk=rental.pk).update(review_since=BOUGHT, next_run_at=None)
    assert remind_due(now=RENEWS - 7 * DAY) == 0


def test_tells_every_step_of_a_year_once_with_two_sweepers(shop: Workspace, rent: Rent, fund: Fund) -> None:
    """A number paid by hand two days too late each month, beside one the wallet covers; five days' outage."""
    bought = datetime(2027, 1, 31, 18, 20, tzinfo=UTC)  # ten to midnight there
    rental = rent(shop, bought, "100", auto_renew=False)
    fund(shop, "9000", bought)
    rent(shop, bought, "50")
    due = [month_later(bought, k, KOLKATA) for k in range(1, 13)]
    outage = due[5] - 9 * DAY, due[5] - 4 * DAY
    for at in (bought + n * DAY for n in range((due[11] - bought).days)):
        late = again(rental)
        if late.paid_through + 2 * DAY <= at:
            pay_rent(number_of(late), months=1, paid_through=late.paid_through, by=SYSTEM, now=at)
        renew_due(now=at)
        if not outage[0] <= at < outage[1]:
            twice(at)
    expected = [("off", local(at) - days * DAY) for at in due for days in (14, 7, 3, 1)]
    expected[5 * 4 + 1] = ("off", local(due[5]) - 4 * DAY)
    assert reminders() == expected


def test_switches_over_when_the_number_no_longer_renews_by_itself(
    shop: Workspace, rent: Rent, fund: Fund
) -> None:
    rental = rent(shop, BOUGHT, "400")
    fund(shop, "1000", BOUGHT)
    pass_by(BOUGHT, RENEWS - 8 * DAY)
    set_auto_renew(number_of(rental), on=False, by=SYSTEM, now=RENEWS - 8 * DAY)
    pass_by(RENEWS - 8 * DAY + STEP, RENEWS - STEP)
    assert days_before(RENEWS) == [("off", 7), ("off", 3), ("off", 1)]


def test_reads_a_number_when_its_next_step_comes_and_not_before(
    shop: Workspace, rent: Rent, django_assert_num_queries: Callable
) -> None:
    rental = rent(shop, BOUGHT, "400")
    remind_due(now=RENEWS - 14 * DAY)
    assert again(rental).remind_at == datetime(2027, 2, 3, 8, tzinfo=KOLKATA)
    with django_assert_num_queries(1):
        assert remind_due(now=RENEWS - 8 * DAY) == 0
    assert remind_due(now=datetime(2027, 2, 3, 8, tzinfo=KOLKATA)) == 1


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
def test_plans_no_step_later_than_it_comes(shop: Workspace, rent: Rent, zone: str) -> None:
    """Half an hour by half an hour, as if every number were read each time."""
    Workspace.objects.filter(pk=shop.pk).update(time_zone=zone)
    ends = datetime(2027, 3, 30, 23, 59, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # clocks change before
    rental = again(rent(shop, BOUGHT, "400"))
    Rental.objects.filter(pk=rental.pk).update(paid_through=ends)
    at = again(rental).remind_at
    rental.paid_through = ends
    for n in range(16 * 48):
        now = ends - 16 * DAY + n * timedelta(minutes=30)
        step = step_of(rental, zone, now)
        if at and at <= now:
            rental.reminded_of, rental.reminded_days = ends, step or rental.reminded_days
            at = next_look(rental, zone, now)
        else:
            assert step is None
    assert rental.reminded_days == 1


def test_plans_anew_when_the_workspace_moves_to_another_zone(shop: Workspace, rent: Rent) -> None:
    rental = rent(shop, BOUGHT, "400")
    remind_due(now=RENEWS - 14 * DAY)
    Workspace.objects.filter(pk=shop.pk).update(time_zone="Pacific/Kiritimati")
    remind_due(now=RENEWS - 13 * DAY)
    assert again(rental).remind_at == datetime(2027, 2, 3, 8, tzinfo=ZoneInfo("Pacific/Kiritimati"))


def test_reminds_of_the_new_end_when_the_grace_period_becomes_longer(
    shop: Workspace, rent: Rent, settings: LazySettings
) -> None:
    rent(shop, BOUGHT, "400")
    pass_by(RENEWS, RENEWS + 6 * DAY + STEP)
    settings.RENT_GRACE_DAYS = 14
    pass_by(RENEWS + 6 * DAY + 2 * STEP, RENEWS + 14 * DAY)
    graces = [on for kind, on in reminders() if kind == "grace"]
    assert graces == [date(2027, 2, n) for n in (13, 16, 20, 23)]

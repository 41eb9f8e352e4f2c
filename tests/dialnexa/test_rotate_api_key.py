"""rotate_api_key …"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from dialnexa.actors import SYSTEM, Actor, Channel
from dialnexa.api.keys import find_key
from dialnexa.api.refusals import Unauthenticated
from dialnexa.api_keys import create_api_key, is_live, revoke_api_key, rotate_api_key, set_spend_cap
from dialnexa.errors import Refusal
from dialnexa.models import ApiKey, AuditEntry, User, Workspace

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shop() -> Workspace:
    return Workspace.objects.create(slug="shop", name="Shop")


def make(shop: Workspace, now: datetime, days: int | None = None, cap: str = "500") -> tuple[ApiKey, str]:
    end = None if days is None else now + timedelta(days=days)
    scopes = ["numbers:read", "numbers:purchase"]
    cap_ = Decimal(cap)
    return create_api_key(shop, "CRM", scopes, by=SYSTEM, now=now, expires_at=end, monthly_spend_cap=cap_)


def test_makes_a_key_like_the_old_one(shop: Workspace, alice: User, now: datetime) -> None:
    old, old_secret = make(shop, now - 10 * DAY, days=30)
    by = Actor(Channel.BROWSER, "Alice", alice)
    new, secret = rotate_api_key(old, overlap=DAY, by=by, now=now)
    new.refresh_from_db()
    assert (new.name, new.scopes, new.monthly_spend_cap) == (old.name, old.scopes, old.monthly_spend_cap)
    assert (new.replaces, new.workspace, new.created_by) == (old, shop, alice)
    assert new.expires_at == now + 30 * DAY
    assert secret not in (old_secret, "")


def test_lets_the_old_key_work_until_the_overlap_ends_and_not_after(
    shop: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, old_secret = make(shop, now)
    new, secret = rotate_api_key(old, overlap=HOUR, by=SYSTEM, now=now)
    monkeypatch.setattr("dialnexa.clock.now", lambda: now + HOUR - timedelta(seconds=1))
    assert find_key(old_secret) == old
    assert find_key(secret) == new
    monkeypatch.setattr("dialnexa.clock.now", lambda: now + HOUR)
    assert find_key(secret) == new
    with pytest.raises(Unauthenticated, match="expired"):
        find_key(old_secret)


def test_stops_the_old_key_at_once_without_an_overlap(shop: Workspace, now: datetime) -> None:
    old, _ = make(shop, now)
    rotate_api_key(old, overlap=timedelta(0), by=SYSTEM, now=now)
    assert old.expires_at == now
    assert not is_live(old, now)


def test_does_not_lengthen_the_old_keys_life(shop: Workspace, now: datetime) -> None:
    old, _ = make(shop, now, days=2)
    end = old.expires_at
    rotate_api_key(old, overlap=7 * DAY, by=SYSTEM, now=now)
    old.refresh_from_db()
    assert old.expires_at == end


def test_records_both_keys_and_no_secret(shop: Workspace, now: datetime) -> None:
    old, old_secret = make(shop, now)
    new, secret = rotate_api_key(old, overlap=HOUR, by=SYSTEM, now=now)
    about_old = AuditEntry.objects.get(subject_id=old.pk, event="rotate")
    assert about_old.before == {"expires_at": None}
    assert about_old.after == {"expires_at": (now + HOUR).isoformat(), "replaced_by": new.pk}
    assert AuditEntry.objects.get(subject_id=new.pk, event="create").after["replaces"] == old.pk
    everything = repr(list(AuditEntry.objects.values())) + repr(list(ApiKey.objects.values()))
    assert old_secret not in everything
    assert secret not in everything


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
def test_refuses_an_overlap_nobody_offered(shop: Workspace, now: datetime, overlap: timedelta) -> None:
    key, _ = make(shop, now)
    with pytest.raises(Refusal) as refused:
        rotate_api_key(key, overlap=overlap, by=SYSTEM, now=now)
    assert refused.value.code == "overlap_invalid"
    assert ApiKey.objects.count() == 1


def test_refuses_keys_that_do_not_work(shop: Workspace, now: datetime) -> None:
    revoked, _ = make(shop, now)
    revoke_api_key(revoked, by=SYSTEM, now=now)
    expired, _ = make(shop, now - 2 * DAY, days=1)
    for key, code in ((revoked, "key_revoked"), (expired, "key_expired")):
        with pytest.raises(Refusal) as refused:
            rotate_api_key(key, overlap=HOUR, by=SYSTEM, now=now)
        assert (refused.value.code, refused.value.status) == (code, 409)
    assert ApiKey.objects.count() == 2


def test_refuses_to_replace_a_key_twice(shop: Workspace, now: datetime) -> None:
    old, _ = make(shop, now)
    new, _ = rotate_api_key(old, overlap=timedelta(0), by=SYSTEM, now=now)
    with pytest.raises(Refusal) as refused:
        rotate_api_key(old, overlap=HOUR, by=SYSTEM, now=now)
    assert (refused.value.code, refused.value.details["key"]) == ("key_replaced", new.pk)
    assert str(new) in refused.value.sentence
    newest, _ = rotate_api_key(new, overlap=HOUR, by=SYSTEM, now=now)
    assert newest.replaces == new


def test_takes_the_old_key_again_when_the_new_one_was_revoked(shop: Workspace, now: datetime) -> None:
    old, _ = make(shop, now)
    lost, _ = rotate_api_key(old, overlap=DAY, by=SYSTEM, now=now)
    revoke_api_key(lost, by=SYSTEM, now=now)
    again, _ = rotate_api_key(old, overlap=HOUR, by=SYSTEM, now=now)
    assert again.replaces == old


@pytest.mark.django_db(transaction=True)
def test_makes_one_new_key_when_two_people_rotate_at_once(shop: Workspace, now: datetime) -> None:
    key, _ = make(shop, now)

    def rotate(_: int) -> str:
        try:
            rotate_api_key(ApiKey.objects.get(pk=key.pk), overlap=HOUR, by=SYSTEM, now=now)
            return "rotated"
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as people:
        said = list(people.map(rotate, range(6)))
    assert sorted(said) == ["key_replaced"] * 5 + ["rotated"]
    assert ApiKey.objects.count() == 2


# --- the cap ------------------------------------------------------------------------------------------


def test_keeps_one_cap_for_both_when_it_is_changed(shop: Workspace, now: datetime) -> None:
    old, _ = make(shop, now)
    new, _ = rotate_api_key(old, overlap=DAY, by=SYSTEM, now=now)
    other, _ = make(shop, now)
    set_spend_cap(new, Decimal("750"), by=SYSTEM, now=now)
    caps = dict(ApiKey.objects.values_list("pk", "monthly_spend_cap"))
    assert caps == {old.pk: Decimal(750), new.pk: Decimal(750), other.pk: Decimal(500)}
    assert AuditEntry.objects.filter(event="set_spend_cap").count() == 2
    set_spend_cap(old, None, by=SYSTEM, now=now)
    assert not ApiKey.objects.filter(pk__in=[old.pk, new.pk], monthly_spend_cap__isnull=False).exists()
    entry = AuditEntry.objects.filter(event="set_spend_cap", subject_id=old.pk).latest("id")
    assert (entry.before, entry.after) == ({"monthly_spend_cap": "750.00"}, {"monthly_spend_cap": None})


def test_records_nothing_when_the_cap_stays(shop: Workspace, now: datetime) -> None:
    key, _ = make(shop, now)
    set_spend_cap(key, Decimal("500.00"), by=SYSTEM, now=now)
    assert not AuditEntry.objects.filter(event="set_spend_cap").exists()


def test_changes_no_cap_of_a_key_that_does_not_work(shop: Workspace, now: datetime) -> None:
    key, _ = make(shop, now, days=1)
    with pytest.raises(Refusal) as refused:
        set_spend_cap(key, None, by=SYSTEM, now=now + DAY)
    assert refused.value.code == "key_expired"
    with pytest.raises(Refusal) as refused:
        set_spend_cap(key, Decimal("-1"), by=SYSTEM, now=now)
    assert refused.value.code == "cap_invalid"
    key.refresh_from_db()
    assert key.monthly_spend_cap == 500

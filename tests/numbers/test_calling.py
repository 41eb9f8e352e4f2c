"""Explaining whether a number can call …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings

from dialnexa import audit, wallet
from dialnexa.actors import SYSTEM
from dialnexa.models import Workspace
from kyc import reviews
from kyc.models import KycCase, VerificationNumber
from phone_numbers.calls.progress import end_call
from phone_numbers.minutes import decided_by
from phone_numbers.models import PhoneNumber, SipTrunk
from phone_numbers.releasing import release_number
from phone_numbers.routes.calling import explain_call
from phone_numbers.routes.explaining import Explanation
from phone_numbers.routes.routing import route_number
from telephony import agents
from telephony.models import AgentVersion, CallRate, NetworkGroup, Prefix, SipRate, SipSwitch
from telephony.switches import enable_group
from tests.numbers.rows import make_call, make_number, make_rental

pytestmark = pytest.mark.django_db
LONDON, BERLIN = "+44 20 7946 0018", "+49 30 123456"
HOUR = timedelta(hours=1)


@pytest.fixture
def version(workspace: Workspace, now: datetime) -> AgentVersion:
    long_ago = now - 9 * HOUR
    agent = agents.create_agent(
        workspace, title="Sales", runtime_url="wss://agents.example.com/1", by=SYSTEM, now=long_ago
    )
    draft = agents.newest_version(agent)
    agents.publish(draft, by=SYSTEM, now=long_ago)
    draft.refresh_from_db()
    return draft


@pytest.fixture
def number(workspace: Workspace, version: AgentVersion, now: datetime) -> PhoneNumber:
    """Active, paid, and with an agent that calls from it."""
    number = make_number(workspace, created_at=now - 9 * HOUR)
    make_rental(number, now + timedelta(days=20))
    route_number(number, outbound=version, by=SYSTEM, now=now - 8 * HOUR)
    return number


def explain(number: PhoneNumber, to: str, now: datetime, **options: Any) -> Explanation:
    fresh = PhoneNumber.objects.select_related("workspace", "rental", "trunk").get(pk=number.pk)
    return explain_call(fresh, to, workspace=fresh.workspace, now=now, **options)


def outcomes(answer: Explanation) -> dict[str, str]:
    return {step.name: step.outcome.value for step in answer.steps}


def code(answer: Explanation) -> str:
    return answer.refusal.code if answer.refusal else ""


def test_passes_every_step_in_order(number: PhoneNumber, version: AgentVersion, now: datetime) -> None:
    answer = explain(number, LONDON, now)
    assert list(outcomes(answer).items()) == [
        ("number", "pass"),
        ("kyc", "pass"),
        ("country", "pass"),
        ("prefix", "pass"),
        ("high_cost", "pass"),
        ("active", "pass"),
        ("rental", "pass"),
        ("version", "pass"),
        ("trunk", "skipped"),
        ("price", "pass"),
        ("wallet", "pass"),
        ("stop", "pass"),
        ("concurrency", "pass"),
        ("call_rate", "pass"),
        ("daily_spend", "pass"),
        ("monthly_spend", "pass"),
        ("new_country", "warning"),
    ]
    assert answer.verdict == f"{number} can call +442079460018."
    assert answer.version == version
    assert answer.price is not None
    assert (answer.price.per_minute, answer.price.price_of(60)) == (Decimal("1.25"), Decimal("1.25"))
    records = {step.name: step.record for step in answer.steps}
    assert (records["active"], records["rental"]) == (number.pk, number.rental.pk)
    assert records["price"] == str(CallRate.objects.get(network_group__country="GB").pk)


def test_lists_everything_that_is_wrong_and_refuses_by_the_first(workspace: Workspace, now: datetime) -> None:
    number = make_number(workspace, status="pending")
    case = KycCase.objects.get(workspace=workspace)
    reviews.suspend(case, by=SYSTEM, now=now, reason="The licence is not yours.")
    answer = explain(number, BERLIN, now)
    assert code(answer) == "kyc_not_verified"
    failed = [(step.code, step.fix, step.status) for step in answer.steps if step.failed]
    assert failed == [
        ("kyc_not_verified", "kyc", 403),
        ("country_not_enabled", "telephony", 403),
        ("number_not_active", "number", 409),
        ("outbound_version_missing", "routing", 409),
    ]


@pytest.mark.parametrize("status", ["pending", "releasing", "released", "failed"])
def test_says_what_the_number_is_instead_of_active(workspace: Workspace, now: datetime, status: str) -> None:
    answer = explain(make_number(workspace, status=status), LONDON, now)
    assert outcomes(answer)["active"] == "fail"


def test_refuses_while_the_rent_is_overdue(number: PhoneNumber, now: datetime) -> None:
    number.rental.transition("expire", by=SYSTEM, now=now, expired_at=now)
    answer = explain(number, LONDON, now)
    assert (code(answer), answer.steps[6].fix) == ("rental_expired", "wallet")


def test_refuses_when_the_wallet_does_not_hold_a_minute(
    charlie_workspace: Workspace, workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    CallRate.objects.filter(network_group__country="GB").update(
        per_minute=Decimal("9999.50"), connection_fee=Decimal("0.50")
    )
    assert explain(number, LONDON, now).allowed
    CallRate.objects.filter(network_group__country="GB").update(connection_fee=Decimal("0.51"))
    answer = explain(number, LONDON, now)
    assert (code(answer), answer.steps[10].status) == ("wallet_insufficient", 402)


def test_counts_whole_pulses(number: PhoneNumber, now: datetime) -> None:
    CallRate.objects.filter(network_group__country="GB").update(pulse_seconds=45)
    price = explain(number, LONDON, now).price
    assert price
    assert price.price_of(60) == Decimal("1.875")


def test_refuses_without_a_price(number: PhoneNumber, now: datetime) -> None:
    CallRate.objects.all().delete()
    answer = explain(number, LONDON, now)
    assert (code(answer), outcomes(answer)["wallet"]) == ("price_unknown", "skipped")


def test_takes_the_price_of_the_longest_prefix(number: PhoneNumber, now: datetime) -> None:
    group = NetworkGroup.objects.get(country="GB")
    start = now - timedelta(days=1)
    for prefix, amount in (("44", "3"), ("4420", "4"), ("44207", "5"), ("4421", "6")):
        CallRate.objects.create(
            network_group=group, prefix=prefix, currency="INR", per_minute=amount, valid_from=start
        )
    CallRate.objects.create(
        network_group=group, prefix="442079", currency="INR", per_minute=7, valid_from=now + HOUR
    )
    price = explain(number, LONDON, now).price
    assert price
    assert (price.per_minute, decided_by(price)) == (Decimal(5), "United Kingdom all, prefix +44207")


def test_asks_no_price_of_a_group_that_has_other_prefixes(number: PhoneNumber, now: datetime) -> None:
    Prefix.objects.create(network_group=NetworkGroup.objects.get(country="GB"), digits="447")
    assert explain(number, LONDON, now).price is None


def test_limits_calls_at_the_same_time_and_the_day(
    workspace: Workspace, number: PhoneNumber, now: datetime, settings: LazySettings
) -> None:
    settings.CALLS_AT_ONCE = 2
    settings.CALLS_DAILY_SPEND = {"INR": Decimal(100)}
    running = [make_call(number, now) for _ in range(2)]
    assert code(explain(number, LONDON, now)) == "concurrency_reached"
    end_call(running[0], "fail", by=SYSTEM, now=now)
    assert explain(number, LONDON, now).allowed
    wallet.hold(workspace, Decimal(100), subject=running[1].pk, memo="", by=SYSTEM, now=now)
    wallet.capture(workspace, subject=running[1].pk, memo="", by=SYSTEM, now=now)
    assert code(explain(number, LONDON, now)) == "daily_spend_reached"
    assert explain(number, LONDON, now + timedelta(days=1)).allowed


# --- linked numbers ---------------------------------------------------------------------------------------


@pytest.fixture
def linked(workspace: Workspace, version: AgentVersion, now: datetime) -> PhoneNumber:
    number = make_number(workspace, carrier="sip_trunk", created_at=now - 9 * HOUR)
    SipTrunk.objects.create(
        number=number, workspace=workspace, host="10.0.0.7", auth_mode="ip", status="linked"
    )
    route_number(number, outbound=version, by=SYSTEM, now=now - 8 * HOUR)
    SipRate.objects.create(currency="INR", per_minute=Decimal("0.35"), valid_from=now - 9 * HOUR)
    return number


def test_asks_a_linked_number_neither_for_country_nor_rent(linked: PhoneNumber, now: datetime) -> None:
    answer = explain(linked, BERLIN, now)
    steps = outcomes(answer)
    assert [steps[name] for name in ("country", "prefix", "rental")] == ["skipped"] * 3
    assert answer.allowed
    assert answer.price
    assert answer.price.per_minute == Decimal("0.35")


def test_takes_the_carriers_price_for_its_number_though_sip_is_switched_on(
    linked: PhoneNumber, number: PhoneNumber, workspace: Workspace, now: datetime
) -> None:
    before = explain(number, BERLIN, now).price
    SipSwitch.objects.create(workspace=workspace, enabled=True)
    price = explain(number, BERLIN, now).price
    assert price
    assert price == before
    assert price.per_minute != Decimal("0.35")


def test_charges_nothing_over_ones_own_carrier_without_a_flat_rate(
    linked: PhoneNumber, now: datetime
) -> None:
    SipRate.objects.all().delete()
    answer = explain(linked, BERLIN, now)
    assert answer.allowed
    assert [outcomes(answer)[name] for name in ("price", "wallet")] == ["skipped"] * 2


@pytest.mark.parametrize(
    "health, outcome",
    [("healthy", "pass"), ("unchecked", "warning"), ("unreachable", "warning"), ("unauthorized", "warning")],
)
def test_only_warns_of_a_trunk(linked: PhoneNumber, now: datetime, health: str, outcome: str) -> None:
    SipTrunk.objects.update(health=health)
    answer = explain(linked, BERLIN, now)
    assert outcomes(answer)["trunk"] == outcome
    assert answer.allowed


# --- without a number, and in the past ------------------------------------------------------------------


def test_answers_for_any_number_of_a_provider(workspace: Workspace, now: datetime) -> None:
    answer = explain_call(None, LONDON, workspace=workspace, carrier="plivo", now=now)
    assert answer.allowed
    assert [outcomes(answer)[name] for name in ("active", "rental", "version", "trunk")] == ["skipped"] * 4
    assert not explain_call(None, LONDON, workspace=workspace, carrier="twilio", now=now).allowed


def test_takes_switches_back_that_came_later(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    britain, germany = (NetworkGroup.objects.get(country=iso) for iso in ("GB", "DE"))
    enable_group(workspace, britain, enabled=False, by=SYSTEM, now=now + HOUR)
    enable_group(workspace, germany, enabled=True, by=SYSTEM, now=now + 2 * HOUR)
    enable_group(workspace, germany, enabled=False, by=SYSTEM, now=now + 3 * HOUR)
    off, then = "country_not_enabled", {}
    for hours in (0.5, 1.5, 2.5, 3.5):
        options = {"now": now + 9 * HOUR, "at": now + timedelta(hours=hours)}
        then[hours] = [code(explain(number, to, **options)) for to in (LONDON, BERLIN)]
    assert then == {0.5: ["", off], 1.5: [off, off], 2.5: [off, ""], 3.5: [off, off]}


def test_takes_the_sip_switch_back(workspace: Workspace, number: PhoneNumber, now: datetime) -> None:
    """Off, on after two hours, off after four."""
    for hours, enabled in ((2, True), (4, False)):
        event = f"sip_switch_{'enabled' if enabled else 'disabled'}"
        at, before, after = now + hours * HOUR, {"enabled": not enabled}, {"enabled": enabled}
        audit.record(workspace, event, before=before, after=after, by=SYSTEM, now=at)
    SipSwitch.objects.create(workspace=workspace, enabled=False, changed_at=now + 4 * HOUR)
    then = [
        outcomes(explain(number, BERLIN, now + 9 * HOUR, at=now + hours * HOUR))["country"]
        for hours in (1, 3, 5)
    ]
    assert then == ["fail", "skipped", "fail"]


def test_remembers_papers_routing_status_and_money(
    workspace: Workspace, number: PhoneNumber, now: datetime
) -> None:
    case = KycCase.objects.get(workspace=workspace)
    KycCase.objects.update(created_at=now - 9 * HOUR)
    CallRate.objects.update(per_minute=9000)
    wallet.hold(workspace, Decimal(5000), subject="ord_1", memo="", by=SYSTEM, now=now + 3 * HOUR)
    reviews.suspend(case, by=SYSTEM, now=now + 4 * HOUR, reason="The licence is not yours.")
    release_number(number, by=SYSTEM, now=now + 5 * HOUR)

    def wrong(hours: float) -> list[str]:
        answer = explain(number, LONDON, now + 9 * HOUR, at=now + timedelta(hours=hours))
        return [step.code for step in answer.steps if step.failed]

    assert wrong(2.5) == []
    assert wrong(3.5) == ["wallet_insufficient"]
    assert wrong(4.5) == ["kyc_not_verified", "wallet_insufficient"]
    assert wrong(5.5) == [
        "kyc_not_verified",
        "number_not_active",
        "outbound_version_missing",
        "wallet_insufficient",
    ]
    assert "outbound_version_missing" in wrong(-8.5)
    assert "number_not_active" in wrong(-9.5)


def test_remembers_the_verification_number_only_from_its_confirmation_on(
    charlie_workspace: Workspace, now: datetime
) -> None:
    own = "+442079460018"
    VerificationNumber.objects.create(workspace=charlie_workspace, e164=own, confirmed_at=now - HOUR)
    for hours, outcome in ((0.5, "pass"), (1.5, "fail")):
        answer = explain_call(
            None,
            own,
            workspace=charlie_workspace,
            carrier="plivo",
            now=now,
            at=now - timedelta(hours=hours),
        )
        assert outcomes(answer)["kyc"] == outcome


def test_says_what_the_past_does_not_know(number: PhoneNumber, now: datetime) -> None:
    assert explain(number, LONDON, now).notes == ()
    assert "prefixes" in explain(number, LONDON, now, at=now - HOUR).notes[0]

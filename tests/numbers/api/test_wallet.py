"""The wallet over REST …"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from dialnexa import wallet
from dialnexa.actors import SYSTEM
from dialnexa.api.body import Moment
from dialnexa.models import Workspace
from tests.conftest import Program
from tests.numbers.rows import make_number, make_rental

pytestmark = pytest.mark.django_db
WALLET, FORECAST = "/v1/wallet", "/v1/wallet/forecast"


def test_shows_what_can_be_spent_and_what_is_held(
    program: Program, workspace: Workspace, now: datetime
) -> None:
    wallet.hold(workspace, Decimal("92"), subject="ord_a", memo="Purchase", by=SYSTEM, now=now)
    assert program.get(WALLET).json() == {"balance": "9908.00", "held": "92.00", "currency": "INR"}


def test_foresees_what_is_missing(program: Program, workspace: Workspace, now: datetime) -> None:
    renews = now + timedelta(days=5)
    number = make_number(workspace)
    make_rental(number, renews, price="10000.50")
    seen = program.get(FORECAST, days=20, calls="false").json()
    assert seen["message"].startswith("Your money lasts until ")
    assert (seen["balance"], seen["top_up_needed"], seen["calls_per_day"]) == ("10000.00", "0.50", "0.00")
    at = Moment().to_representation(renews)
    assert (seen["top_up_by"], seen["numbers"], seen["at_risk_total"]) == (at, 1, 1)
    [risk] = seen["at_risk"]
    assert risk == {
        "number_id": number.pk,
        "phone_number": number.e164,
        "auto_renew": True,
        "amount": "10000.50",
        "due_at": at,
        "works_until": Moment().to_representation(renews + timedelta(days=7)),
        "kept_until": Moment().to_representation(renews + timedelta(days=37)),
    }
    assert len(seen["days"]) == 21
    assert seen["days"][-1]["missing"] == "0.50"


def test_misses_nothing_where_the_wallet_covers_everything(
    program: Program, workspace: Workspace, now: datetime
) -> None:
    make_rental(make_number(workspace), now + timedelta(days=5))
    seen = program.get(FORECAST).json()
    assert (seen["top_up_needed"], seen["top_up_by"], seen["at_risk"]) == ("0.00", None, [])
    assert len(seen["days"]) == 61
    assert seen["days"][-1]["balance"] in ("9816.00", "9908.00")


@pytest.mark.parametrize("query", [{"days": 0}, {"days": 93}, {"days": "x"}, {"calls": "2"}])
def test_refuses_questions_it_does_not_understand(program: Program, query: dict[str, str]) -> None:
    assert program.get(FORECAST, **query).status_code == 400

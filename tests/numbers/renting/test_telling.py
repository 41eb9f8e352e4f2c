"""What customers' servers are told about rent …"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dialnexa.models import WebhookEndpoint, WebhookMessage, Workspace
from tests.numbers.renting.conftest import Rent, live

pytestmark = pytest.mark.django_db
BOUGHT = datetime(2027, 1, 10, 6, 0, tzinfo=UTC)  # due 10 February, expired 17 February, lost 19 March
DUE, DAY = datetime(2027, 2, 10, 6, 0, tzinfo=UTC), timedelta(days=1)
LOST = DUE + 37 * DAY


def test_says_of_a_number_that_was_lost_until_when_it_was_kept(shop: Workspace, rent: Rent) -> None:
    url = "https://hooks.example.com/in"
    WebhookEndpoint.objects.create(workspace=shop, events=["*"], url=url, sealed_secret=b"-")
    rental = rent(shop, BOUGHT)
    live(DUE, LOST, DAY)
    told = {message.type: message.payload["data"] for message in WebhookMessage.objects.all()}
    assert told["number.released"].keys() == told["rental.expired"].keys()
    assert told["number.released"]["number_id"] == rental.number_id
    assert told["number.released"]["kept_until"] == f"{LOST:%Y-%m-%dT%H:%M:%S}.000Z"

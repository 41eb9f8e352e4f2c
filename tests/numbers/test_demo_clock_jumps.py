"""What else has an end, when the demo's clock is moved …"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.conf import LazySettings

from dialnexa import clock
from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, Notice, WebhookDelivery, WebhookEndpoint, Workspace
from dialnexa.webhooks import sending
from dialnexa.webhooks.emitting import emit
from dialnexa.webhooks.endpoints import create_endpoint
from dialnexa.webhooks.sending import send_due
from kyc import reviews
from kyc.models import KycCase
from phone_numbers.demo.clock import STEP, live_through
from tests.conftest import make_program
from tests.dialnexa.webhooks.receiver import OK, Receiver, always, receiving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("movable_clock")]
DAY = timedelta(days=1)
NUMBERS = "/v1/organization-phone-numbers"


@pytest.fixture
def receiver(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, movable_clock: Path
) -> Iterator[Receiver]:
    """A customer's server, which fails until it is told to answer otherwise."""
    settings.DEBUG = True
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(sending, "LOOK_AGAIN", 0.02)
    with receiving(always("500 No")) as found:
        yield found


@pytest.fixture
def delivery(workspace: Workspace, receiver: Receiver) -> WebhookDelivery:
    """A message that the customer's server did not take."""
    now = clock.now()
    create_endpoint(workspace, receiver.url, ["*"], by=SYSTEM, now=now)
    emit(workspace, "call.completed", reference="call:1", subject="call_1", data={}, now=now)
    assert send_due() == 1
    return WebhookDelivery.objects.get()


def test_lets_a_verification_run_out_on_its_day_and_announces_it_before(workspace: Workspace) -> None:
    begins = clock.now()
    end = begins + 8 * DAY + STEP / 2
    case = reviews.open_case(workspace, "GB")
    reviews.submit(case, by=SYSTEM, now=begins, without_papers=True)
    reviews.verify(case, by=SYSTEM, now=begins, reason="In order", until=end)
    live_through(8 * DAY)
    assert KycCase.objects.get(pk=case.pk).status == "verified"
    live_through(DAY)
    assert KycCase.objects.get(pk=case.pk).status == "expired"
    ended = AuditEntry.objects.get(subject_id=case.pk, event="expire").at
    assert end <= ended <= end + STEP
    told = (
        Notice.objects.filter(created_at__gt=begins)
        .order_by("created_at")
        .values_list("created_at", flat=True)
    )
    assert [round((end - at) / DAY) for at in told] == [7, 1, 0]


def test_tells_of_an_api_key_that_ends_and_then_refuses_it(workspace: Workspace) -> None:
    begins = clock.now()
    program = make_program(workspace, begins, expires_at=begins + 8 * DAY)
    live_through(STEP)
    assert not Notice.objects.exists()
    live_through(DAY)
    assert Notice.objects.get().title.startswith("The API key")
    assert program.get(NUMBERS).status_code == 200
    live_through(7 * DAY)
    assert Notice.objects.count() == 1
    assert program.get(NUMBERS).status_code == 401


def test_sends_what_was_not_taken_again_after_the_jump(delivery: WebhookDelivery, receiver: Receiver) -> None:
    assert send_due() == 0  # not at once
    receiver.answers = lambda heard: [OK]
    live_through(DAY)
    assert send_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("delivered", 2)
    assert send_due() == 0


def test_switches_no_endpoint_off_for_failing_before_and_after_a_jump(
    delivery: WebhookDelivery, receiver: Receiver
) -> None:
    live_through(6 * DAY)
    assert send_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("pending", 2)
    assert delivery.next_try_at is not None
    assert delivery.next_try_at > clock.now()
    assert WebhookEndpoint.objects.get().enabled

"""The pages of webhooks …"""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from dialnexa.actors import SYSTEM
from dialnexa.models import AuditEntry, WebhookDelivery, WebhookEndpoint, Workspace
from dialnexa.webhooks.emitting import emit
from dialnexa.webhooks.endpoints import create_endpoint, disable_endpoint, new_endpoint_id, secrets_of
from tests.dialnexa.database import database_text

pytestmark = pytest.mark.django_db
URL = "/w/acme/settings/webhooks/"
HTMX = {"HX-Request": "true"}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{40,60}")


def make(workspace: Workspace, now: datetime, *events: str) -> WebhookEndpoint:
    url = "https://hooks.example.com/in"
    return create_endpoint(workspace, url, events or ["*"], by=SYSTEM, now=now)[0]


def happen(workspace: Workspace, now: datetime, nth: int = 1, type: str = "call.completed") -> None:
    data = {"id": f"call_{nth}", "status": "completed"}
    emit(workspace, type, reference=f"{type}:{nth}", subject=f"call_{nth}", data=data, now=now)


def filled(**changes: Any) -> dict[str, Any]:
    url = "https://hooks.example.com/in"
    return {
        "endpoint_id": new_endpoint_id(),
        "url": url,
        "description": "Billing",
        "which": "all",
        **changes,
    }


def text(client: Client, url: str = URL) -> str:
    page = client.get(url).content.decode()
    page = page[page.index("<main") : page.index("</main")]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def test_teaches_when_there_is_no_endpoint(alice_client: Client) -> None:
    assert "No endpoints yet" in text(alice_client)


def test_lists_endpoints_with_what_became_of_the_last_message(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    make(workspace, now, "call.completed", "kyc.verified")
    happen(workspace, now)
    page = text(alice_client)
    assert "https://hooks.example.com/in" in page
    assert "kyc.verified, call.completed" in page
    assert "1 waiting" in page


def test_adds_an_endpoint_and_shows_its_secret_once(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    form = filled()
    answer = alice_client.post(f"{URL}new/", form)
    (secret,) = set(SECRET.findall(html.unescape(answer.content.decode())))
    assert answer["Cache-Control"] == "private, no-store"
    endpoint = WebhookEndpoint.objects.get()
    assert secrets_of(endpoint, now=now) == [secret]
    assert (endpoint.url, endpoint.events, endpoint.description) == (form["url"], ["*"], "Billing")
    again = alice_client.post(f"{URL}new/", form, follow=True).content.decode()
    assert "was made already" in again
    assert WebhookEndpoint.objects.count() == 1
    assert not SECRET.search(again)
    assert secret not in database_text()
    assert AuditEntry.objects.filter(subject_id=endpoint.pk, event="create").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "http://hooks.example.com/"}, "Use https://."),
        ({"url": "https://169.254.169.254/"}, "does not lead to a public address"),
        ({"url": ""}, "Say where we should send messages."),
        ({"which": "chosen"}, "Choose at least one event."),
        ({"which": "chosen", "events": ["number.born"]}, "number.born"),
    ],
)
def test_gives_the_form_back_with_what_is_wrong(
    alice_client: Client, changes: dict[str, Any], sentence: str
) -> None:
    answer = alice_client.post(f"{URL}new/", filled(**changes))
    assert answer.status_code == 422
    assert sentence in html.unescape(answer.content.decode())
    assert not WebhookEndpoint.objects.exists()


def test_changes_address_and_events(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    assert "checked" in alice_client.get(f"{URL}{endpoint.pk}/edit/").content.decode()
    form = filled(url="https://new.example.com/", which="chosen", events=["kyc.verified"])
    answer = alice_client.post(f"{URL}{endpoint.pk}/edit/", form)
    assert answer["Location"] == f"{URL}{endpoint.pk}/"
    endpoint.refresh_from_db()
    assert (endpoint.url, endpoint.events) == ("https://new.example.com/", ["kyc.verified"])


def test_rotates_the_secret(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    (old,) = secrets_of(endpoint, now=now)
    assert "Until when" in alice_client.get(f"{URL}{endpoint.pk}/rotate/", headers=HTMX).content.decode()
    answer = alice_client.post(f"{URL}{endpoint.pk}/rotate/", {"overlap": "86400"})
    (new,) = set(SECRET.findall(html.unescape(answer.content.decode())))
    endpoint.refresh_from_db()
    assert secrets_of(endpoint, now=now) == [new, old]
    assert secrets_of(endpoint, now=now + timedelta(days=2)) == [new]
    assert alice_client.post(f"{URL}{endpoint.pk}/rotate/", {"overlap": "5"}).status_code == 422


def test_sends_a_test(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now, "kyc.verified")
    page = alice_client.post(f"{URL}{endpoint.pk}/test/", follow=True).content.decode()
    assert "A test message is on its way" in page
    assert 'hx-trigger="every 3s"' in page, "while something is to be heard of soon, the log is alive"
    assert WebhookDelivery.objects.get().message.type == "webhook.test"
    WebhookDelivery.objects.update(next_try_at=now + timedelta(hours=1))
    assert "every 3s" not in alice_client.get(f"{URL}{endpoint.pk}/").content.decode()


def test_switches_off_and_on(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    happen(workspace, now)
    page = alice_client.post(f"{URL}{endpoint.pk}/switch/", {"on": "0"}, follow=True).content.decode()
    assert "1 message from before waits until it is on." in page
    endpoint.refresh_from_db()
    assert not endpoint.enabled
    alice_client.post(f"{URL}{endpoint.pk}/switch/", {"on": "1"})
    endpoint.refresh_from_db()
    assert endpoint.enabled


def test_says_why_an_endpoint_was_switched_off(
    alice_client: Client, workspace: Workspace, now: datetime
) -> None:
    endpoint = make(workspace, now)
    disable_endpoint(endpoint, by=SYSTEM, now=now, reason="It answered 410 Gone.")
    assert "It answered 410 Gone." in text(alice_client)
    assert "It is off: It answered 410 Gone." in text(alice_client, f"{URL}{endpoint.pk}/")


def test_removes_an_endpoint(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    assert "Remove the endpoint?" in alice_client.get(f"{URL}{endpoint.pk}/remove/").content.decode()
    alice_client.post(f"{URL}{endpoint.pk}/remove/")
    assert "No endpoints yet" in text(alice_client)
    assert alice_client.get(f"{URL}{endpoint.pk}/").status_code == 404


def test_filters_the_log(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    happen(workspace, now, 1)
    happen(workspace, now, 2, "call.failed")
    WebhookDelivery.objects.filter(message__type="call.failed").update(state="failed", next_try_at=None)
    log = f"{URL}{endpoint.pk}/"
    both, failed = text(alice_client, log), text(alice_client, f"{log}?state=failed")
    assert ("call_1" in both, "call_2" in both) == (True, True)
    assert ("call_1" in failed, "call_2" in failed) == (False, True)
    assert "Nothing fits" in text(alice_client, f"{log}?type=kyc.verified")
    fragment = alice_client.get(f"{log}?type=call.failed", headers=HTMX).content.decode()
    assert fragment.lstrip().startswith("<section")
    assert "call_1" not in fragment


def test_pages_through_the_log(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    for nth in range(51):
        happen(workspace, now + timedelta(seconds=nth), nth)
    page = alice_client.get(f"{URL}{endpoint.pk}/").content.decode()
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page)
    rest = alice_client.get(older).content.decode()
    assert ("call_0<" in page, "call_0<" in rest) == (False, True)


def test_shows_what_was_sent_and_answered(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    happen(workspace, now)
    delivery = WebhookDelivery.objects.get()
    answer = {"http_status": 500, "sentence": "It answered 500.", "answer": "<script>alert(1)</script>"}
    delivery.attempts.create(at=now, took_ms=123, **answer)
    page = alice_client.get(f"{URL}{endpoint.pk}/messages/{delivery.pk}/").content.decode()
    assert "&quot;call_1&quot;" in page
    assert "123 ms" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_sends_one_message_again(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    happen(workspace, now)
    WebhookDelivery.objects.update(state="delivered", next_try_at=None, tries=3)
    delivery = WebhookDelivery.objects.get()
    page = f"{URL}{endpoint.pk}/messages/{delivery.pk}/"
    assert alice_client.post(f"{page}again/")["Location"] == page
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("pending", 0)


def test_sends_what_was_given_up_again(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    endpoint = make(workspace, now)
    happen(workspace, now - timedelta(days=3), 1)
    happen(workspace, now, 2)
    WebhookDelivery.objects.update(state="failed", next_try_at=None)
    page = alice_client.post(f"{URL}{endpoint.pk}/redeliver/", {"days": "1"}, follow=True).content.decode()
    assert "1 message is on the way again." in page
    assert WebhookDelivery.objects.filter(state="pending").count() == 1
    disable_endpoint(endpoint, by=SYSTEM, now=now)
    refused = alice_client.post(f"{URL}{endpoint.pk}/redeliver/", {"days": "30"}, headers=HTMX)
    assert (refused.status_code, "Switch it on first" in refused.content.decode()) == (422, True)


def test_takes_ten_endpoints_and_no_more(alice_client: Client, workspace: Workspace, now: datetime) -> None:
    for _ in range(10):
        make(workspace, now)
    answer = alice_client.post(f"{URL}new/", filled())
    assert answer.status_code == 422
    assert "at most 10 endpoints" in answer.content.decode()


def test_is_for_owners_and_admins(bob_client: Client, charlie_client: Client, workspace: Workspace) -> None:
    assert bob_client.get(URL).status_code == 403
    assert charlie_client.get(URL).status_code == 404

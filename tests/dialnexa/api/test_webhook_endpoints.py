"""/v1/webhook-endpoints …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from dialnexa.actors import SYSTEM
from dialnexa.api_keys import SCOPES, create_api_key
from dialnexa.models import AuditEntry, IdempotencyRecord, WebhookDelivery, WebhookEndpoint, Workspace
from dialnexa.webhooks.emitting import emit
from dialnexa.webhooks.endpoints import secrets_of
from dialnexa.webhooks.events import EVENTS
from dialnexa.webhooks.readable import READS
from dialnexa.webhooks.sending import body_of
from dialnexa.webhooks.signing import signed_headers
from tests.conftest import Program
from tests.documented import DocumentedProgram, documented

pytestmark = pytest.mark.django_db
URL = "/v1/webhook-endpoints"
WISH = {"url": "https://hooks.example.com/in", "events": ["call.completed", "number.activated"]}


@pytest.fixture
def api(program: Program) -> DocumentedProgram:
    return documented(program)


@pytest.fixture
def made(api: DocumentedProgram) -> dict[str, Any]:
    answer = api.post(URL, WISH)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def fail(made: dict[str, Any], workspace: Workspace, now: datetime) -> WebhookDelivery:
    emit(workspace, "call.completed", reference="call:1", subject="call_1", data={"n": 1}, now=now)
    rows = WebhookDelivery.objects.filter(endpoint=made["id"])
    rows.update(state="failed", tries=10, next_try_at=None, http_status=500, sentence="It answered 500.")
    return rows.get()


# --- endpoints --------------------------------------------------------------------------------------


def test_makes_one_and_shows_its_secret_once(
    api: DocumentedProgram, made: dict[str, Any], workspace: Workspace, now: datetime
) -> None:
    assert made["events"] == ["number.activated", "call.completed"]
    assert (made["enabled"], made["url"]) == (True, WISH["url"])
    endpoint = WebhookEndpoint.objects.get(workspace=workspace)
    assert secrets_of(endpoint, now=now) == [made["secret"]]
    delivery = fail(made, workspace, now)
    body = body_of(delivery.message)
    stamp = datetime.now(tz=now.tzinfo)
    Webhook(made["secret"]).verify(body, signed_headers("msg_1", body, keys=[made["secret"]], now=stamp))
    for answer in (api.get(URL), api.get(f"{URL}/{made['id']}")):
        assert "whsec_" not in answer.content.decode()
    entry = AuditEntry.objects.get(subject_id=made["id"], event="create")
    assert entry.api_key == api.key


def test_makes_one_for_one_idempotency_key_and_keeps_no_secret(api: DocumentedProgram) -> None:
    first, second = (api.post(URL, WISH, Idempotency_Key="k1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json() | {"secret": None}
    assert first.json()["secret"] not in IdempotencyRecord.objects.get().body
    IdempotencyRecord.objects.all().delete()  # as if the process had died before it answered
    lost = api.post(URL, WISH, Idempotency_Key="k1")
    assert (lost.status_code, lost.json()["code"]) == (409, "webhook_endpoint_exists")
    assert WebhookEndpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"url": "http://hooks.example.com/in"}, "webhook_url_scheme"),
        ({"events": ["number.sold"]}, "webhook_events_invalid"),
        ({"events": []}, "webhook_events_invalid"),
        ({"events": "*"}, "invalid_request"),
        ({"description": "two\nlines"}, "webhook_description_invalid"),
    ],
)
def test_refuses_what_can_not_be_told(wish: dict[str, Any], code: str, api: DocumentedProgram) -> None:
    answer = api.post(URL, WISH | wish)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    ("events", "lacking"),
    [
        (["number.activated", "rental.renewed"], []),
        (["call.completed"], ["calls:read"]),
        (["kyc.verified", "limit.reached"], ["kyc:read", "telephony:read"]),
        (["*"], ["calls:read", "kyc:read", "telephony:read"]),
    ],
)
def test_has_a_key_told_no_more_than_it_may_read(
    events: list[str], lacking: list[str], workspace: Workspace, now: datetime
) -> None:
    api = documented(narrow(workspace, now))
    answer = api.post(URL, WISH | {"events": events})
    assert answer.status_code == (403 if lacking else 201)
    assert answer.json().get("details", {}).get("scopes", []) == lacking
    assert WebhookEndpoint.objects.count() == (0 if lacking else 1)


def test_has_a_key_lead_nothing_elsewhere_that_it_may_not_read(
    made: dict[str, Any], workspace: Workspace, now: datetime
) -> None:
    api, one = documented(narrow(workspace, now)), f"{URL}/{made['id']}"
    for wish in ({"url": "https://thief.example.com/in"}, {"events": ["*"]}, {"enabled": True}):
        answer = api.patch(one, wish)
        assert (answer.status_code, answer.json()["code"]) == (403, "webhook_scope_missing")
    assert api.patch(one, {"enabled": False, "description": "Off"}).status_code == 200
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.url, endpoint.events) == (WISH["url"], made["events"])


def test_knows_who_may_read_every_event() -> None:
    assert {event.partition(".")[0] for event in EVENTS} == {*READS}
    assert {*READS.values()} <= {*SCOPES}


def narrow(workspace: Workspace, now: datetime) -> Program:
    """It changes webhooks, and reads numbers only."""
    scopes = ["webhooks:write", "numbers:read"]
    return Program(*create_api_key(workspace, "Narrow", scopes, by=SYSTEM, now=now))


def test_changes_what_is_named_and_leaves_the_rest(api: DocumentedProgram, made: dict[str, Any]) -> None:
    one = f"{URL}/{made['id']}"
    assert api.patch(one, {"events": ["*"]}).json()["events"] == ["*"]
    assert api.patch(one, {"url": "https://hooks.example.com/new"}).json()["events"] == ["*"]
    off = api.patch(one, {"enabled": False, "description": "Old"}).json()
    assert (off["enabled"], off["description"], off["url"]) == (False, "Old", "https://hooks.example.com/new")
    assert api.patch(one, {"enabled": True}).json()["enabled"] is True
    refused = api.patch(one, {"enabled": False, "url": "ftp://x"})
    assert (refused.status_code, api.get(one).json()["enabled"]) == (400, True)


def test_rotates_the_secret_and_lets_the_old_one_sign_for_a_while(
    api: DocumentedProgram, made: dict[str, Any], now: datetime
) -> None:
    new = api.post(f"{URL}/{made['id']}/rotate-secret", {"overlap_hours": 2}).json()
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.previous_until is not None
    early = endpoint.previous_until - timedelta(hours=1)
    assert secrets_of(endpoint, now=early) == [new["secret"], made["secret"]]
    assert secrets_of(endpoint, now=endpoint.previous_until) == [new["secret"]]
    assert api.post(f"{URL}/{made['id']}/rotate-secret", {"overlap_hours": 25}).status_code == 400


def test_removes_one(api: DocumentedProgram, made: dict[str, Any]) -> None:
    one = f"{URL}/{made['id']}"
    assert api.delete(one).status_code == 200
    assert api.get(one).status_code == 404
    assert api.get(URL).json()["total"] == 0


# --- deliveries -------------------------------------------------------------------------------------


def test_lists_what_was_sent_and_sends_it_again(
    api: DocumentedProgram, made: dict[str, Any], workspace: Workspace, now: datetime
) -> None:
    delivery = fail(made, workspace, now)
    log = f"{URL}/{made['id']}/deliveries"
    assert api.post(f"{URL}/{made['id']}/test").status_code == 202
    page = api.get(log, state="failed").json()
    assert [(item["id"], item["type"], item["outcome"]) for item in page["data"]] == [
        (delivery.pk, "call.completed", "It answered 500.")
    ]
    assert [item["type"] for item in api.get(log, type="webhook.test").json()["data"]] == ["webhook.test"]
    assert api.post(f"{log}/{delivery.pk}/redeliver").status_code == 202
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("pending", 0)
    api.patch(f"{URL}/{made['id']}", {"enabled": False})
    refused = api.post(f"{log}/{delivery.pk}/redeliver")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_endpoint_disabled")

"""What a request says about where it came through …"""

from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from dialnexa.models import User

pytestmark = pytest.mark.django_db
SPOOFED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Port": "444",
    "X-Host": "evil.example",
    "X-Original-URL": "/admin/",
    "X-Rewrite-URL": "/admin/",
    "Forwarded": "for=127.0.0.1;host=evil.example;proto=https",
}


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/", "/v1/docs", "/", "/nowhere/"])
def test_changes_no_page(client: Client, path: str) -> None:
    plain, spoofed = client.get(path), client.get(path, headers=SPOOFED)
    assert plain.status_code == spoofed.status_code
    assert plain.get("Location") == spoofed.get("Location")
    assert "evil.example" not in spoofed.content.decode()


def test_makes_no_request_a_safe_one(client: Client, settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/accounts/login/", headers=SPOOFED)
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/accounts/login/")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/accounts/login/", headers=SPOOFED).status_code == 200


def test_leads_no_mail_elsewhere(client: Client, alice: User, settings: LazySettings) -> None:
    settings.PUBLIC_BASE_URL = "https://numbers.example"
    client.post("/accounts/password/reset/", {"email": alice.email}, headers=SPOOFED)
    links = re.findall(r"https?://[^/\s]+", str(mail.outbox[0].body))
    assert links
    assert "evil.example" not in str(mail.outbox[0].message())


def test_does_not_name_a_host_of_somebody_elses(client: Client, settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = ["numbers.example"]
    assert client.get("/accounts/login/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/accounts/login/", headers={"Host": "numbers.example"}).status_code == 200

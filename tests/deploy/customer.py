"""Somebody outside who uses what the guide has set up: through nginx, over TLS, with a browser's manners.

``python -m tests.deploy.customer CERTIFICATE sign-in MAIL PASSWORD``, ``… buy KEY`` or ``… stay``.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import sys
import time
from collections import Counter
from typing import Any

import httpx

HOST = "numbers.example.com"
_resolve = socket.getaddrinfo


def resolve(host: str, *rest: Any, **more: Any) -> Any:
    """The name leads here: there is no name server in a network of loopback only."""
    return _resolve("127.0.0.1" if host == HOST else host, *rest, **more)


def visit(certificate: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"https://{HOST}",
        verify=ssl.create_default_context(cafile=certificate),
        headers={"Origin": f"https://{HOST}"},
        timeout=40,
        trust_env=False,
        follow_redirects=True,
    )


def sign_in(client: httpx.Client, mail: str, password: str) -> None:
    page = client.get("/accounts/login/").raise_for_status()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token, "The sign-in page has no form."
    sent = {"csrfmiddlewaretoken": token[1], "login": mail, "password": password}
    dashboard = client.post("/accounts/login/", data=sent).raise_for_status()
    title = re.search(r"<title>\s*(.*?)\s*</title>", dashboard.text, re.DOTALL)
    assert dashboard.url.path.endswith("/numbers/"), f"Not signed in: {dashboard.url.path}"
    print(
        f"{dashboard.http_version} {dashboard.status_code} {dashboard.url.path}: {title[1] if title else ''}"
    )
    print(f"cookies: {', '.join(sorted(cookie.name for cookie in client.cookies.jar))}")
    for name in ("strict-transport-security", "content-security-policy", "x-content-type-options"):
        print(f"{name}: {dashboard.headers[name][:72]}")
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', dashboard.text):
        client.get(path).raise_for_status()
    print(f"plain http: {httpx.get(f'http://{HOST}/', trust_env=False).headers['location']}")


def buy(client: httpx.Client, key: str) -> None:
    client.headers["Authorization"] = f"Bearer {key}"
    numbers = "/v1/organization-phone-numbers"
    found = client.get(f"{numbers}/search", params={"country_iso": "US", "type": "local"}).raise_for_status()
    e164 = re.findall(r"\+1\d{6}(?!90)\d{4}", found.text)[0]
    client.headers.update({"Idempotency-Key": e164, "Prefer": "wait=30"})
    answers = [client.post(f"{numbers}/purchase", json={"phone_number": e164}) for _ in range(2)]
    told = [f"{answer.status_code} {answer.json().get('status')}" for answer in answers]
    print(f"bought {e164}: {told[0]}; sent again: {told[1]}")
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    assert len({answer.json()["id"] for answer in answers}) == 1, "It was bought twice."


def stay(client: httpx.Client) -> None:
    """Look every 50 ms until nobody holds our standard input any more, and say what was answered."""
    seen = Counter[str]()
    longest = 0.0
    while not select.select([sys.stdin], [], [], 0.05)[0]:
        began = time.monotonic()
        try:
            seen[str(client.get("/accounts/login/").status_code)] += 1
        except httpx.TransportError as error:
            seen[type(error).__name__] += 1
        longest = max(longest, time.monotonic() - began)
    print(f"{sum(seen.values())} requests: {dict(seen)}; the longest took {longest:.2f} s")
    assert set(seen) == {"200"}, seen


if __name__ == "__main__":
    setattr(socket, "getaddrinfo", resolve)  # noqa: B010
    with visit(sys.argv[1]) as visitor:
        match sys.argv[2:]:
            case ["sign-in", mail, password]:
                sign_in(visitor, mail, password)
            case ["buy", key]:
                buy(visitor, key)
            case ["stay"]:
                stay(visitor)

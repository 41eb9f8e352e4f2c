"""A client that speaks SignalWire's number API to us, and holds all it hears against their document."""

from __future__ import annotations

import base64
import functools
import json
from typing import Any

from django.test import Client
from openapi_core.testing import MockRequest, MockResponse

from dialnexa.ids import uuid_of
from tests.conftest import Program
from tests.telephony.carriers.contracts import CONTRACTS, HOST, Contract, contract

ROOT = "/api/relay/rest/phone_numbers"
DOCUMENT = "signalwire/relay-rest-numbers.subset.json"
ERROR = {"detail", "status", "title", "code"}
# The live API's spelling of a search result, which their document does not have.
LIVE = ("e164", "national_number_formatted", "international_number_formatted", "country_code")
has_document = (CONTRACTS / "signalwire").is_dir()


class Relay:
    """With the key of ``program``. Raises OpenAPIError for an answer that the document does not describe, and
    for a request that was taken and it doesn't, unless it is said to be ``loose``.
    """

    def __init__(self, program: Program, project: str = "") -> None:
        self.program = program
        self.project = project or str(uuid_of(program.key.workspace_id))
        basic = base64.b64encode(f"{self.project}:{program.secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {basic}"}

    def get(self, path: str = "", **query: Any) -> Any:
        response = Client(headers=self.headers).get(ROOT + path, query)
        check("GET", ROOT + path, query, b"", self.headers, response)
        return response

    def send(
        self, method: str, path: str = "", body: Any = None, *, loose: bool = False, **headers: str
    ) -> Any:
        """``headers`` in Python's spelling: ``idempotency_key="…"``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = b"" if method == "DELETE" else json.dumps({} if body is None else body).encode()
        client = Client(headers=self.headers | named)
        response = client.generic(method, ROOT + path, sent, "application/json")
        check(method, ROOT + path, {}, sent, self.headers, response, loose=loose)
        return response

    def post(self, body: Any = None, **headers: Any) -> Any:
        return self.send("POST", "", body, **headers)

    def put(self, number_id: str, body: Any = None, *, loose: bool = False) -> Any:
        return self.send("PUT", f"/{number_id}", body, loose=loose)

    def delete(self, number_id: str) -> Any:
        return self.send("DELETE", f"/{number_id}")

    def follow(self, link: str) -> Any:
        """A link from an answer, as it stands."""
        return Client(headers=self.headers).get(link)


def refused(response: Any) -> tuple[int, str]:
    """Status and the first code."""
    return response.status_code, response.json()["errors"][0]["code"]


def check(
    method: str,
    path: str,
    query: dict[str, Any],
    body: bytes,
    headers: dict[str, str],
    response: Any,
    *,
    loose: bool = False,
) -> None:
    """Raises unless the document describes this answer, and the request when it was taken.

    Their document is silent about some statuses; those must have the shape of its other errors.
    """
    if not has_document:
        return
    args = {name: [str(value)] for name, value in query.items() if value != ""}
    kind: dict[str, Any] = {"content_type": "application/json"} if body else {}
    lower = {name.lower(): value for name, value in headers.items()}
    request = MockRequest(HOST, method.lower(), path, args=args, headers=lower, data=body or None, **kind)
    if response.status_code < 400 and not loose:
        document().api.validate_request(request)
    if str(response.status_code) not in _documented(method, path):
        _check_shape(response.status_code, json.loads(response.content))
        return
    answer = MockResponse(
        without_live_spelling(response.content),
        response.status_code,
        content_type="application/json" if response.content else "",
    )
    document().api.validate_response(request, answer)


def _check_shape(status: int, body: dict[str, Any]) -> None:
    if status == 400:
        assert body == {"error": "Bad Request"}
        return
    assert body["errors"]
    assert all(error.keys() == ERROR and error["status"] == str(status) for error in body["errors"])


def without_live_spelling(content: bytes) -> bytes:
    """A search's answer as their document alone has it; the live spelling must say the same."""
    answer = json.loads(content or b"{}")
    for item in answer.get("data", []):
        if "e164" in item:
            assert item["e164"] == item["number"]
            for name in LIVE:
                item.pop(name)
    return json.dumps(answer).encode() if content else b""


def _documented(method: str, path: str) -> set[str]:
    tail = path.removeprefix(ROOT)
    template = ROOT + (tail if tail in ("", "/search") else "/{id}")
    operation = document().document["paths"][template].get(method.lower(), {"responses": ()})
    return set(operation["responses"])


@functools.cache
def document() -> Contract:
    return contract(DOCUMENT)

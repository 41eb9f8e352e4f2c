"""An error of the API …"""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.conftest import Program

pytestmark = pytest.mark.django_db
NUMBERS = "/v1/organization-phone-numbers"


def test_has_the_one_shape_and_the_requests_id(program: Program) -> None:
    response = program.http.get(f"{NUMBERS}/phn_nobody", headers={"x-request-id": "my-request-1"})
    assert response.status_code == 404
    assert response.json() == {
        "statusCode": 404,
        "message": "There is nothing here. Check the address and the id.",
        "error": "Not Found",
        "code": "not_found",
        "requestId": "my-request-1",
    }


def test_lists_every_field_that_is_wrong(program: Program) -> None:
    response = program.get(NUMBERS, page="x", limit="1000", sort="colour")
    body = response.json()
    assert (response.status_code, body["code"]) == (400, "invalid_request")
    assert sorted(sentence.partition(":")[0] for sentence in body["message"]) == ["limit", "page", "sort"]


def test_is_one_sentence_when_one_field_is_wrong(program: Program) -> None:
    assert program.get(NUMBERS, page="0").json()["message"].startswith("page: ")


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/v1/nowhere", "/v1/", "/api/relay/rest/nothing", f"{NUMBERS}/a/b/c"])
def test_is_json_where_there_is_no_endpoint(
    client: Client, settings: LazySettings, debug: bool, path: str
) -> None:
    settings.DEBUG = debug
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_is_json_where_there_is_no_endpoint_for_whoever_sends_no_forms(method: str) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = getattr(strict, method)("/v1/nowhere", b"{}", "application/json")
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")


def test_is_json_when_the_fault_is_ours(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("phone_numbers.api.numbers.find_numbers", broken)
    program.http.raise_request_exception = False
    response = program.get(NUMBERS)
    assert (response.status_code, response.json()["code"]) == (500, "server_error")
    assert "secret" not in response.content.decode()


@pytest.mark.parametrize("method", ["DELETE", "PUT", "OPTIONS", "TRACE", "BREW"])
def test_says_which_methods_there_are(program: Program, method: str) -> None:
    response = program.send(method, NUMBERS)
    assert response.status_code == 405
    assert "GET" in response["Allow"]
    assert response.json()["code"] == "method_not_allowed"

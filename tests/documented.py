"""A client of the REST API that holds every answer, and every request that was taken, against our OpenAPI
document.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from tests.conftest import Program

HOST = "https://numbers.invalid"


class DocumentedProgram(Program):
    """A Program; raises OpenAPIError for what the document does not describe."""

    def get(self, path: str, **query: Any) -> Any:
        response = super().get(path, **query)
        args = {name: [str(value)] for name, value in query.items()}
        _check(MockRequest(HOST, "get", path, args=args, headers=self._headers()), response)
        return response

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        response = super().send(method, path, body, **headers)
        sent = json.dumps({} if body is None else body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        _check(MockRequest(HOST, method.lower(), path, headers=self._headers() | named, data=sent), response)
        return response

    def upload(self, path: str, file: bytes, name: str = "list.csv", **fields: str) -> Any:
        """A form with a file; ``fields`` as they are, ``idempotency_key`` as a header."""
        key = fields.pop("idempotency_key", "")
        sent = encode_multipart(BOUNDARY, {"file": SimpleUploadedFile(name, file), **fields})
        headers = {"Idempotency-Key": key} if key else {}
        response = self.http.generic("POST", path, sent, MULTIPART_CONTENT, headers=headers)
        if response.status_code < 400:
            check_form(path, {"file", *fields})
        _check_answer(MockRequest(HOST, "post", path), response)
        return response

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}"}


def documented(program: Program) -> DocumentedProgram:
    return DocumentedProgram(program.key, program.secret)


def _check(request: MockRequest, response: Any) -> None:
    if response.status_code < 400:
        document().validate_request(request)
    _check_answer(request, response)


def _check_answer(request: MockRequest, response: Any) -> None:
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    headers = dict(response.headers.items())
    answer = MockResponse(response.content, response.status_code, headers=headers, content_type=kind)
    document().validate_response(request, answer)


def check_form(path: str, sent: set[str]) -> None:
    """Its fields by name: openapi-core reads all that a form holds as text, and would refuse what we take."""
    body = text()["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    schema = text()["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    if not set(schema["required"]) <= sent <= schema["properties"].keys():
        raise OpenAPIError(f"{path} does not describe this form: {sorted(sent)}")


@functools.cache
def text() -> dict[str, Any]:
    """Our own document, read once."""
    return {**json.loads(Client().get("/v1/openapi.json").content), "servers": [{"url": HOST}]}


@functools.cache
def document() -> OpenAPI:
    return OpenAPI.from_dict(text())

"""A client of the REST API that holds every answer, and every request that was taken, against our OpenAPI
document.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from django.test import Client
from openapi_core import OpenAPI
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

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.secret}"}


def documented(program: Program) -> DocumentedProgram:
    return DocumentedProgram(program.key, program.secret)


def _check(request: MockRequest, response: Any) -> None:
    api = document()
    if response.status_code < 400:
        api.validate_request(request)
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    headers = dict(response.headers.items())
    answer = MockResponse(response.content, response.status_code, headers=headers, content_type=kind)
    api.validate_response(request, answer)


@functools.cache
def document() -> OpenAPI:
    """Our own document, read once."""
    text = json.loads(Client().get("/v1/openapi.json").content)
    text["servers"] = [{"url": HOST}]
    return OpenAPI.from_dict(text)

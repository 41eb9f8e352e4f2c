"""The carriers' own OpenAPI documents, to hold requests and answers against.

They lie beside the repository in ``../shared/contracts`` and are not part of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from .accounts import Heard

CONTRACTS = Path(__file__).resolve().parents[3].parent / "shared" / "contracts"
HOST = "https://carrier.invalid"


def needs(carrier: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not (CONTRACTS / carrier).is_dir(),
        reason=f"no OpenAPI documents beside the repository, in ../shared/contracts/{carrier}: not compared",
    )


@dataclass(frozen=True)
class Contract:
    document: dict[str, Any]
    api: OpenAPI

    def check(self, heard: Heard) -> None:
        """Raises OpenAPIError unless the document describes this request, and this answer to it."""
        request = _request(heard)
        self.api.validate_request(request)
        kind = "application/json" if heard.answer else ""
        answer = MockResponse(heard.answer, status_code=heard.status, content_type=kind)
        self.api.validate_response(request, answer)

    def example(self, path: str, method: str, status: str) -> dict[str, Any]:
        """The first example of an answer."""
        answer = self.document["paths"][path][method]["responses"][status]
        return next(iter(answer["content"]["application/json"]["examples"].values()))["value"]

    def fields(self, schema: str) -> dict[str, Any]:
        return self.document["components"]["schemas"][schema]["properties"]


def contract(path: str) -> Contract:
    document = json.loads((CONTRACTS / path).read_text())
    for entry in (document, *document["paths"].values()):
        if "servers" in entry:
            entry["servers"] = [{"url": HOST}]
    for scheme in document["components"]["securitySchemes"].values():
        scheme["scheme"] = scheme["scheme"].lower()  # SignalWire writes "Basic", which no validator knows
    return Contract(document, OpenAPI.from_dict(document))


def _request(heard: Heard) -> MockRequest:
    args: dict[str, Any] = {}
    for name, value in heard.query:
        args.setdefault(name, []).append(value)
    return MockRequest(
        HOST,
        heard.method,
        heard.path,
        args=args,
        headers=heard.headers,
        data=heard.body or None,
        content_type=heard.headers.get("content-type", ""),
    )

"""The OpenAPI document, generated from the endpoints: what they all share is added here, once."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema

Operation = dict[str, Any]
ERROR = {
    "type": "object",
    "required": ["statusCode", "message", "error", "code", "requestId"],
    "properties": {
        "statusCode": {"type": "integer", "examples": [404]},
        "message": {
            "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 2}],
            "description": "A sentence for people, or several when several fields are wrong.",
        },
        "error": {"type": "string", "examples": ["Not Found"]},
        "code": {
            "type": "string",
            "description": "Stable; programs decide by it.",
            "examples": ["not_found"],
        },
        "requestId": {"type": "string"},
        "details": {"type": "object", "description": "Plain values that belong to this refusal."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message", "rows", "count"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "rows": {"type": "array", "items": {"type": "integer"}},
                    "count": {"type": "integer"},
                },
            },
            "description": "What is wrong in a list: each reason, its first rows and how many there are.",
        },
    },
}
MEANING = {
    "400": "Something in the request is wrong; the message says what.",
    "401": "The API key is missing, wrong, revoked or expired.",
    "402": "The wallet, or what this key may spend, does not cover it.",
    "403": "The key lacks the scope, or identity papers are missing.",
    "404": "There is no such thing in this workspace.",
    "409": "The state of things does not allow it, or the same request is still being worked on.",
    "413": "The body is larger than this address takes: 1 MB of JSON, or what it says of files.",
    "415": "The body is not of the type that this address takes.",
    "422": "The idempotency key was used for another request.",
    "429": "Too many requests; Retry-After says when to go on.",
    "502": "The other side did not answer as it should.",
    "503": "What spends money can't be counted right now, or the carrier can't be asked. Nothing was done.",
}
ALWAYS = ("400", "401", "403", "429")
LIMIT_HEADERS = {
    "X-RateLimit-Limit": "Requests this key may send in the window",
    "X-RateLimit-Remaining": "How many are left",
    "X-RateLimit-Reset": "Unix time at which the oldest one stops counting",
}
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "description": "The same key and body within 24 hours get the same answer, and nothing happens twice.",
}


class EndpointSchema(AutoSchema):
    """Says of each operation what it does in a line, and which scope it needs; operation ids are short and
    stable.
    """

    def get_summary(self) -> str:
        """The docstring's first sentence, or the part before its first semicolon or colon."""
        first = (super().get_description() or "").partition("\n\n")[0].replace("\n", " ")
        return re.split(r"[.;:](?: |$)", first)[0]

    def get_description(self) -> str:  # type: ignore[override]
        scopes = getattr(self.view, "scopes", {})
        scope = scopes.get(self.method, "")
        said: str = super().get_description() or ""
        return f"{said}\n\nScope: `{scope}`.".strip() if scope else said

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", "Numbers")]


def only_v1(endpoints: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The compatible endpoints have a document of their own: the one of the API they follow."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/v1/")]


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's post-processing hook: errors, rate-limit headers and idempotency keys everywhere."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Error"] = ERROR
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method, path)
    return result


def _complete(operation: Operation, method: str, path: str) -> None:
    responses = operation["responses"]
    codes = {*ALWAYS, *operation.pop("x-refuses", ())}
    if "{" in path:
        codes.add("404")
    if method in ("post", "put", "patch"):
        codes |= {"413", "415"}
    if method == "post":
        codes |= {"409", "422"}
        operation.setdefault("parameters", []).append(IDEMPOTENCY)
    for code in sorted(codes - responses.keys()):
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        responses[code] = {"description": MEANING[code], "content": content}
    for code, response in responses.items():
        response.setdefault("description", MEANING.get(code, ""))
        if code not in ("401",):
            response.setdefault("headers", {}).update(_limit_headers())
    operation["responses"] = dict(sorted(responses.items()))


def _limit_headers() -> dict[str, Any]:
    return {
        name: {"description": said, "schema": {"type": "integer"}} for name, said in LIMIT_HEADERS.items()
    }

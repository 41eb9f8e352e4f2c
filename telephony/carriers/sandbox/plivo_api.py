"""Plivo's REST API as far as buying numbers needs it: who asks, for what, and what goes wrong."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable

from . import account_api, numbers_api
from .bending import bend
from .context import Context, Request
from .faults import Fault
from .state import SeenRequest, State
from .wire import Answer, Delivery, refused

ROOT = "/v1/Account/"
TOKEN = "sandbox-token"  # noqa: S105  # every account's auth token unless the sandbox is started with another

Handler = Callable[[Context], Answer]

_AUTH_ID = re.compile(r"(MA|SA)[A-Z0-9]{18}")
_ROUTES: tuple[tuple[str, str, str, Handler], ...] = (
    ("search", "GET", r"PhoneNumber/", numbers_api.search),
    ("buy", "POST", r"PhoneNumber/([0-9]+)/", numbers_api.buy),
    ("list", "GET", r"Number/", numbers_api.list_owned),
    ("get", "GET", r"Number/([0-9]+)/", numbers_api.get),
    ("update", "POST", r"Number/([0-9]+)/", numbers_api.update),
    ("release", "DELETE", r"Number/([0-9]+)/", numbers_api.release),
    ("application_list", "GET", r"Application/", account_api.list_applications),
    ("application_create", "POST", r"Application/", account_api.create_application),
    ("application_get", "GET", r"Application/([0-9]+)/", account_api.get_application),
    ("application_update", "POST", r"Application/([0-9]+)/", account_api.update_application),
    ("account", "GET", r"", account_api.show_account),
)
OPERATIONS = tuple(route[0] for route in _ROUTES)


class PlivoApi:
    """Answers for every account; ``token`` is the auth token of them all."""

    def __init__(self, state: State, token: str = TOKEN) -> None:
        self._state = state
        self._token = token

    def respond(self, request: Request) -> Answer:
        account = self._account(request)
        if account is None:
            return refused(401, "Unauthorized")
        rest = request.path.removeprefix(f"{ROOT}{account}/")
        for operation, method, pattern, handler in _ROUTES:
            match = re.fullmatch(pattern, rest)
            if match and method == request.method:
                return self._handled(request, account, operation, match[1] if match.groups() else "", handler)
        result = refused(404, "not found")
        self._remember(request, account, result, None)
        return result

    def _account(self, request: Request) -> str | None:
        """The account of the path, if its credentials came along."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            auth_id, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        known = scheme.lower() == "basic" and _AUTH_ID.fullmatch(auth_id)
        right = hmac.compare_digest(token.encode(), self._token.encode())
        return auth_id if known and right and request.path.startswith(f"{ROOT}{auth_id}/") else None

    def _handled(
        self, request: Request, account: str, operation: str, named: str, handler: Handler
    ) -> Answer:
        self._state.settle()
        fault = None
        try:
            fault = self._fault(request, operation, named)
            result = bend(Context(self._state, request, account, named, fault), handler)
        except (ValueError, RecursionError) as error:
            result = refused(400, str(error))
        if request.method != "GET":
            self._state.sync()
        self._remember(request, account, result, fault)
        return result

    def _fault(self, request: Request, operation: str, named: str) -> Fault | None:
        if header := request.headers.get("x-sandbox-fault"):
            return Fault.from_header(header)
        with self._state.locked() as contents:
            return contents.plan.next_for(operation, named)

    def _remember(self, request: Request, account: str, result: Answer, fault: Fault | None) -> None:
        whole = result.delivery is Delivery.WHOLE
        shown = str(result.status) if whole else f"({result.delivery.name.lower()})"
        kind = fault.kind if fault else ""
        seen = SeenRequest(self._state.now(), account, request.method, request.path, shown, kind)
        self._state.requests.append(seen)

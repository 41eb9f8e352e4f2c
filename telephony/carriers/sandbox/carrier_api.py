"""A carrier's API: who asks, for what, what goes wrong, and what is remembered of it."""

from __future__ import annotations

import base64
import binascii
import hmac

from .bending import bend
from .context import Context, Request
from .dialect import Dialect, Handler, No, Refused, Route
from .faults import Fault
from .holdings import SeenRequest
from .state import State
from .switchboard import Switchboard
from .wire import Answer, Delivery

TOKEN = "sandbox-token"  # noqa: S105  # every account's secret unless the sandbox is started with another


class CarrierApi:
    """Answers for every account of one carrier; ``token`` is the secret of them all."""

    def __init__(self, dialect: Dialect, state: State, switchboard: Switchboard, token: str = TOKEN) -> None:
        self.dialect = dialect
        self._state = state
        self._switchboard = switchboard
        self._token = token

    def respond(self, request: Request) -> Answer:
        account = self._sender(request)
        rest = self.dialect.below(request.path, account) if account else None
        if account is None or rest is None:
            return self.dialect.refuse(No.STRANGER)
        for route in self.dialect.routes:
            if match := route.match(request, rest):
                named = match[1] if match.re.groups else ""
                return self._handled(request, account, route, named)
        result = self.dialect.refuse(No.NOT_FOUND)
        self._remember(request, account, result, None)
        return result

    def _sender(self, request: Request) -> str | None:
        """The account whose credentials came along."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            account, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        known = scheme.lower() == "basic" and self.dialect.accounts.fullmatch(account)
        right = hmac.compare_digest(token.encode(), self._token.encode())
        return account if known and right else None

    def _handled(self, request: Request, account: str, route: Route, named: str) -> Answer:
        self._state.settle()
        fault = None
        try:
            fault = self._fault(request, route.operation, named)
            context = Context(self._state, self._switchboard, self.dialect, request, account, named, fault)
            result = bend(context, self._polite(route.handler))
        except (ValueError, RecursionError) as error:
            result = self.dialect.refuse(No.BAD, str(error))
        if request.method != "GET":
            self._state.sync()
        self._remember(request, account, result, fault)
        return result

    def _polite(self, handler: Handler) -> Handler:
        """``handler``, with a refusal put into the carrier's words."""

        def handle(context: Context) -> Answer:
            try:
                return handler(context)
            except Refused as refused:
                return self.dialect.refuse(refused.why, refused.text)

        return handle

    def _fault(self, request: Request, operation: str, named: str) -> Fault | None:
        if header := request.headers.get("x-sandbox-fault"):
            return Fault.from_header(header)
        number = self._about(request, operation, named)
        with self._state.locked() as contents:
            return contents.plan.next_for(operation, number)

    def _about(self, request: Request, operation: str, named: str) -> str:
        """The digits of the number that decides whether something breaks."""
        if operation == "call":
            return self.dialect.called(request)
        return self.dialect.wanted(request, named) if operation == "buy" else named

    def _remember(self, request: Request, account: str, result: Answer, fault: Fault | None) -> None:
        whole = result.delivery is Delivery.WHOLE
        shown = str(result.status) if whole else f"({result.delivery.name.lower()})"
        kind = fault.kind if fault else ""
        seen = SeenRequest(self._state.now(), account, request.method, request.path, shown, kind)
        self._state.requests.append(seen)

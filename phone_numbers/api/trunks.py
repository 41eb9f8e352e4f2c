"""Linking a number of the customer's own carrier, over SIP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dialnexa import clock
from dialnexa.api.body import Flag, OneOf, Text, read
from dialnexa.api.idempotency import idempotent
from dialnexa.api.keys import api_actor, workspace_of
from dialnexa.api.views import ApiView
from dialnexa.errors import Refusal
from phone_numbers.api.examples import LINKED
from phone_numbers.api.numbers import get_number
from phone_numbers.api.shapes import NumberShape
from phone_numbers.linking.trunks import link_number
from phone_numbers.models import SipTrunk
from phone_numbers.naming import LIMIT
from telephony.sip.sources import MOST

ARGUMENTS = {  # the verb's argument → the body's field
    "phone_number": "phoneNumber",
    "termination_uri": "terminationUri",
    "auth_mode": "authMode",
    "username": "sipTrunkUserName",
    "password": "sipTrunkPassword",
    "nickname": "nickname",
    "transport": "transport",
    "caller_id": "callerId",
    "sources": "sourceAddresses",
    "check": "check",
}


@extend_schema_serializer(component_name="SipTrunk")
class TrunkBody(serializers.Serializer):
    phoneNumber = Text(max_length=64, help_text="In full, for example +91 22 6123 4567")
    terminationUri = Text(max_length=300, help_text="host or host:port, without sip:")
    authMode = OneOf(
        SipTrunk.AuthMode.choices,
        default=SipTrunk.AuthMode.USERPASS,
        help_text="How the carrier knows us: userpass needs both credentials, ip none",
    )
    sipTrunkUserName = Text(required=False, allow_blank=True, allow_null=True)
    sipTrunkPassword = Text(
        required=False,
        allow_blank=True,
        allow_null=True,
        trim_whitespace=False,
        help_text="Never shown again",
    )
    nickname = Text(required=False, allow_blank=True, allow_null=True, max_length=LIMIT)
    transport = OneOf(SipTrunk.Transport.choices, default=SipTrunk.Transport.UDP)
    callerId = Text(
        required=False,
        allow_blank=True,
        allow_null=True,
        max_length=64,
        help_text="The number itself unless said",
    )
    sourceAddresses = serializers.ListField(
        child=Text(max_length=60),
        required=False,
        allow_null=True,
        max_length=MOST,
        help_text="Addresses and networks (203.0.113.0/24) that your carrier sends calls from; "
        "none: those of terminationUri",
    )
    check = Flag(default=False, help_text="Link it only if the carrier answers an OPTIONS request now")


class SipTrunks(ApiView):
    scopes = {"POST": "numbers:write"}

    @extend_schema(
        operation_id="link_number",
        request=TrunkBody,
        responses={201: OpenApiResponse(NumberShape, "The number is linked and active.", [LINKED])},
        examples=[
            OpenApiExample(
                "With user name and password",
                {
                    "phoneNumber": "+912261234567",
                    "terminationUri": "sip.carrier.example:5061",
                    "transport": "tls",
                    "sipTrunkUserName": "acme",
                    "sipTrunkPassword": "…",
                    "check": True,
                },
                request_only=True,
            ),
            OpenApiExample(
                "Known by IP address",
                {"phoneNumber": "+912261234567", "terminationUri": "203.0.113.7", "authMode": "ip"},
                request_only=True,
            ),
        ],
        extensions={"x-refuses": ["502", "503"]},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Link a number of your own carrier. It costs no rent; calls go to `terminationUri`.

        `details.field` names the field that a 400 is about.

        - 400 `number_invalid`, `sip_host_…`, `sip_credentials_missing`, `sip_credentials_forbidden`,
          `sip_credentials_invalid`, `caller_id_invalid`, `sip_sources_invalid`
        - 409 `number_already_registered`, here or in another workspace
        - 429, 503 too many checks at once
        - 502 `sip_trunk_unreachable`, `sip_trunk_unauthorized`: only with `check`; nothing was linked
        """
        wish = read(TrunkBody, request.data)
        given = {name: wish[field] for name, field in ARGUMENTS.items() if wish.get(field) is not None}
        if "sources" in given:
            given["sources"] = " ".join(given["sources"])
        workspace = workspace_of(request)
        with _fields_as_published():
            number = link_number(workspace, **given, by=api_actor(request), now=clock.now())
        return Response(NumberShape(get_number(workspace, number.pk)).data, status=201)


@contextmanager
def _fields_as_published() -> Iterator[None]:
    """A refusal about an argument of the verb is about the body's field."""
    try:
        yield
    except Refusal as refusal:
        field = refusal.details.get("field")
        if published := (ARGUMENTS | {"termination": "terminationUri"}).get(str(field)):
            refusal.details["field"] = published
        raise

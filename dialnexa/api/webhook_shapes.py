"""Webhook endpoints and deliveries over REST: what is sent, and what is answered."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from dialnexa.api.body import Flag, Moment, OneOf, Text, Whole
from dialnexa.api.pages import PageQuery
from dialnexa.api.shapes import RowShape
from dialnexa.models import WebhookDelivery, WebhookEndpoint
from dialnexa.models.webhooks import URL_LIMIT
from dialnexa.webhooks.endpoints import DESCRIPTION_LIMIT, LONGEST_OVERLAP
from dialnexa.webhooks.events import EVENTS, EVERYTHING, TEST

HOURS_MOST = int(LONGEST_OVERLAP.total_seconds() // 3600)
ENDPOINT = {
    "id": "whe_01kaj0v4d6k5r4w1c9n7t3x8zq",
    "url": "https://hooks.example.com/dialnexa",
    "description": "Production",
    "events": ["number.activated", "call.completed"],
    "enabled": True,
    "disabled_reason": "",
    "failing_since": None,
    "previous_secret_until": None,
    "created_at": "2026-11-21T05:38:09.000Z",
}
DELIVERY = {
    "id": "whd_01kaj0v4d6k5r4w1c9n7t3x8zq",
    "message_id": "msg_01kaj0v4d6k5r4w1c9n7t3x8zq",
    "type": "call.completed",
    "subject_id": "call_01kaj0v4d6k5r4w1c9n7t3x8zq",
    "state": "failed",
    "tries": 10,
    "http_status": 500,
    "outcome": "The server answered 500.",
    "next_try_at": None,
    "delivered_at": None,
    "created_at": "2026-11-21T05:38:09.000Z",
}


@extend_schema_serializer(component_name="WebhookEndpoint")
class EndpointShape(RowShape):
    """An address of yours. The secret that signs what is sent there is only in the answer that made it."""

    failing_since = Moment(allow_null=True, help_text="Since when it has taken nothing; null: it takes them")
    previous_secret_until = Moment(
        source="previous_until", allow_null=True, help_text="Until when the secret before signs, too"
    )
    created_at = Moment()

    class Meta:
        model = WebhookEndpoint
        fields: tuple[str, ...] = (
            *("id", "url", "description", "events", "enabled", "disabled_reason", "failing_since"),
            *("previous_secret_until", "created_at"),
        )


@extend_schema_serializer(component_name="WebhookEndpointWithSecret")
class SecretShape(EndpointShape):
    """``secret`` is shown this once: null when the answer is a repeated one (``Idempotency-Key``)."""

    secret = serializers.CharField(allow_null=True)

    class Meta(EndpointShape.Meta):
        fields = (*EndpointShape.Meta.fields, "secret")


def _events(*, required: bool = True) -> serializers.ListField:
    return serializers.ListField(
        child=Text(max_length=40),
        max_length=len(EVENTS) + 1,
        help_text=f"Some of {', '.join(EVENTS)}; or only {EVERYTHING}: all there are and will be",
        required=required,
    )


@extend_schema_serializer(component_name="WebhookEndpointNew")
class EndpointBody(serializers.Serializer):
    url = Text(max_length=URL_LIMIT, help_text="https, leading to the public internet")
    events = _events()
    description = Text(required=False, allow_blank=True, max_length=DESCRIPTION_LIMIT)


@extend_schema_serializer(component_name="WebhookEndpointChanges")
class EndpointChanges(serializers.Serializer):
    """What is left out stays as it is."""

    url = Text(required=False, max_length=URL_LIMIT)
    events = _events(required=False)
    description = Text(required=False, allow_blank=True, max_length=DESCRIPTION_LIMIT)
    enabled = Flag(required=False, help_text="false: nothing is sent there, and what waits is kept")


@extend_schema_serializer(component_name="WebhookSecretRotation")
class RotationBody(serializers.Serializer):
    overlap_hours = Whole(
        min_value=0,
        max_value=HOURS_MOST,
        default=HOURS_MOST,
        help_text="How long the secret before goes on signing beside the new one",
    )


class DeliveriesQuery(PageQuery):
    state = OneOf(WebhookDelivery.State.choices, required=False)
    type = OneOf([(name, name) for name in (*EVENTS, TEST)], required=False)


@extend_schema_serializer(component_name="WebhookDelivery")
class DeliveryShape(RowShape):
    """One message on its way to one endpoint, and how its last try ended."""

    message_id = serializers.CharField(help_text="As in the header webhook-id")
    type = serializers.CharField(source="message.type")
    subject_id = serializers.CharField(source="message.subject_id", help_text="The id of what it is about")
    state = serializers.ChoiceField(WebhookDelivery.State.choices)
    tries = serializers.IntegerField(help_text="Since it was last asked for")
    http_status = serializers.IntegerField(allow_null=True, help_text="Null: no answer came")
    outcome = serializers.CharField(source="sentence")
    next_try_at = Moment(allow_null=True)
    delivered_at = Moment(allow_null=True)
    created_at = Moment()

    class Meta:
        model = WebhookDelivery
        fields = tuple(DELIVERY)


@extend_schema_serializer(component_name="WebhookMessageText")
class Said(serializers.Serializer):
    message = serializers.CharField()

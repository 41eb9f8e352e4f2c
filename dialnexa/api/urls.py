"""``/v1/webhook-endpoints/…``"""

from django.urls import path

from dialnexa.api import webhook_endpoints as webhooks

BASE = "webhook-endpoints"
ONE = f"{BASE}/<str:endpoint_id>"
urlpatterns = [
    path(BASE, webhooks.Endpoints.as_view(), name="api-webhook-endpoints"),
    path(ONE, webhooks.Endpoint.as_view(), name="api-webhook-endpoint"),
    path(f"{ONE}/rotate-secret", webhooks.RotateSecret.as_view(), name="api-webhook-secret"),
    path(f"{ONE}/test", webhooks.Test.as_view(), name="api-webhook-test"),
    path(f"{ONE}/deliveries", webhooks.Deliveries.as_view(), name="api-webhook-deliveries"),
    path(
        f"{ONE}/deliveries/<str:delivery_id>/redeliver",
        webhooks.Redeliver.as_view(),
        name="api-webhook-redeliver",
    ),
]

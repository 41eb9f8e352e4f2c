"""What carriers are told to ask: ``/carrier/…``. Every address is protected by the carrier's signature."""

from django.urls import path

from phone_numbers.views import inbound, webhooks

app_name = "carrier"
urlpatterns = [
    path("<slug:carrier>/inbound/answer/", inbound.answer, name="inbound_answer"),
    path("<slug:carrier>/inbound/status/", inbound.status, name="inbound_status"),
    path("<slug:carrier>/calls/<str:call_id>/<str:token>/answer/", webhooks.answer_call, name="call_answer"),
    path("<slug:carrier>/calls/<str:call_id>/<str:token>/status/", webhooks.call_status, name="call_status"),
]

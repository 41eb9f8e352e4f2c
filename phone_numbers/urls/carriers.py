"""What carriers are told to ask: ``/carrier/…``. Every address is protected by the carrier's signature.

SIP engines have theirs beside them, protected by a secret of each engine.
"""

from django.urls import path

from phone_numbers.views import inbound, sip_lookup, webhooks

app_name = "carrier"
urlpatterns = [
    path("sip/lookup/", sip_lookup.lookup, name="sip_lookup"),
    path("sip/status/", sip_lookup.status, name="sip_status"),
    path("sip/engine/", webhooks.engine_news, name="sip_engine"),
    path("<slug:carrier>/inbound/answer/", inbound.answer, name="inbound_answer"),
    path("<slug:carrier>/inbound/status/", inbound.status, name="inbound_status"),
    path("<slug:carrier>/calls/<str:call_id>/<str:token>/answer/", webhooks.answer_call, name="call_answer"),
    path("<slug:carrier>/calls/<str:call_id>/<str:token>/status/", webhooks.call_status, name="call_status"),
]

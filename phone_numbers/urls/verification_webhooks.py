"""What carriers ask and tell about verification calls: ``/carrier/<slug>/verification/<token>/…``"""

from django.urls import path

from phone_numbers.views import verification

app_name = "verification_webhooks"
urlpatterns = [
    path("answer/", verification.answer_call, name="answer"),
    path("status/", verification.call_status, name="status"),
]

"""The registered verification number: ``/w/<slug>/kyc/verification-number/…``"""

from django.urls import path

from phone_numbers.views import verification

app_name = "verification"
urlpatterns = [
    path("call/", verification.ask, name="ask"),
    path("confirm/", verification.confirm, name="confirm"),
]

"""Limits: ``/w/<slug>/limits/…``"""

from django.urls import path

from telephony.views import limits

app_name = "limits"
urlpatterns = [
    path("", limits.show_limits, name="limits"),
    path("more/<str:name>/", limits.ask_for_more, name="more"),
    path("calls/stop/", limits.stop, name="stop"),
    path("calls/allow/", limits.allow, name="allow"),
    path("confirm/", limits.confirm, name="confirm"),
]

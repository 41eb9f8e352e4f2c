"""Telephony Config: ``/w/<slug>/telephony/…``"""

from django.urls import path

from telephony import views

app_name = "telephony"
urlpatterns = [
    path("", views.show_config, name="config"),
    path("switch/", views.switch_group, name="switch"),
]

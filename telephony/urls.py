"""Telephony Config: ``/w/<slug>/telephony/…``"""

from django.urls import path

from telephony.views import config, switching

app_name = "telephony"
urlpatterns = [
    path("", config.show_config, name="config"),
    path("countries/<str:country>/", config.show_country, name="country"),
    path("switch/", switching.switch_on, name="switch"),
    path("switch/off/", switching.ask_to_switch_off, name="off"),
]

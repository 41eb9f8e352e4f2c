"""Calls: ``/w/<slug>/calls/…``"""

from django.urls import path

from phone_numbers.views import calls, placing

app_name = "calls"
urlpatterns = [
    path("", calls.list_calls, name="list"),
    path("export.csv", calls.export, name="export"),
    path("new/", placing.place, name="place"),
    path("new/verdict/", placing.verdict, name="verdict"),
    path("<str:call_id>/", calls.show_call, name="call"),
    path("<str:call_id>/row/", calls.show_row, name="row"),
    path("<str:call_id>/live/", placing.show_live, name="live"),
    path("<str:call_id>/hang-up/", calls.end, name="hang-up"),
]

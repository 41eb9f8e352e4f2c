"""The forecast: ``/w/<slug>/wallet/forecast/``"""

from django.urls import path

from phone_numbers.views import forecast

app_name = "forecast"
urlpatterns = [path("", forecast.show_forecast, name="show")]

"""``/v1/organization-phone-numbers…``"""

from django.urls import path

from phone_numbers.api import numbers

urlpatterns = [
    path("organization-phone-numbers", numbers.Numbers.as_view(), name="api-numbers"),
    path("organization-phone-numbers/<str:number_id>", numbers.Number.as_view(), name="api-number"),
]

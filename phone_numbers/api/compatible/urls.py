"""``/api/relay/rest/phone_numbers…``"""

from django.urls import path

from phone_numbers.api.compatible import numbers, search

urlpatterns = [
    path("phone_numbers", numbers.Numbers.as_view(), name="compatible-numbers"),
    path("phone_numbers/search", search.Search.as_view(), name="compatible-search"),
    path("phone_numbers/<str:number_uuid>", numbers.Number.as_view(), name="compatible-number"),
]

"""Numbers: ``/w/<slug>/numbers/…``"""

from django.urls import path

from phone_numbers.views import buying, number, releasing, routing, table

app_name = "numbers"
urlpatterns = [
    path("", table.list_numbers, name="list"),
    path("export.csv", table.export_numbers, name="export"),
    path("buy/", buying.buy, name="buy"),
    path("orders/<str:order_id>/", number.show_order, name="order"),
    path("<str:number_id>/", number.show_number, name="number"),
    path("<str:number_id>/row/", table.show_row, name="row"),
    path("<str:number_id>/names/", number.rename, name="rename"),
    path("<str:number_id>/routing/", routing.route, name="routing"),
    path("<str:number_id>/release/", releasing.release, name="release"),
    path("<str:number_id>/protect/", releasing.protect, name="protect"),
    path("<str:number_id>/dismiss/", table.dismiss, name="dismiss"),
]

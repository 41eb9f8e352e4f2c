"""Numbers: ``/w/<slug>/numbers/…``"""

from django.urls import path

from phone_numbers import buy_views, views

app_name = "numbers"
urlpatterns = [
    path("", views.list_numbers, name="list"),
    path("export.csv", views.export_numbers, name="export"),
    path("buy/", buy_views.buy, name="buy"),
    path("orders/<str:order_id>/", views.show_order, name="order"),
    path("<str:number_id>/", views.show_number, name="number"),
    path("<str:number_id>/row/", views.show_row, name="row"),
    path("<str:number_id>/names/", views.rename, name="rename"),
    path("<str:number_id>/dismiss/", views.dismiss, name="dismiss"),
]

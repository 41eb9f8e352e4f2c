"""Numbers: ``/w/<slug>/numbers/…``"""

from django.urls import path

from phone_numbers.views import (
    bulk,
    buying,
    defaults,
    explain,
    number,
    releasing,
    renewal_order,
    rent,
    routing,
    table,
    trunks,
)

app_name = "numbers"
urlpatterns = [
    path("", table.list_numbers, name="list"),
    path("export.csv", table.export_numbers, name="export"),
    path("buy/", buying.buy, name="buy"),
    path("link/", trunks.link, name="link"),
    path("link/check/", trunks.try_settings, name="try-trunk"),
    path("check/", explain.check, name="check"),
    path("bulk/", bulk.route_many, name="bulk"),
    path("bulk/protection/", bulk.protect_many, name="bulk-protection"),
    path("bulk/auto-renew/", bulk.renew_many, name="bulk-auto-renew"),
    path("bulk/changes/", bulk.list_changes, name="bulk-changes"),
    path("bulk/changes/<str:bulk_id>/", bulk.show_change, name="bulk-change"),
    path("bulk/changes/<str:bulk_id>/undo/", bulk.undo, name="bulk-undo"),
    path("renewal-order/", renewal_order.rank, name="renewal-order"),
    path("orders/<str:order_id>/", number.show_order, name="order"),
    path("<str:number_id>/", number.show_number, name="number"),
    path("<str:number_id>/row/", table.show_row, name="row"),
    path("<str:number_id>/names/", number.rename, name="rename"),
    path("<str:number_id>/routing/", routing.route, name="routing"),
    path("<str:number_id>/default/", defaults.choose_default, name="default"),
    path("<str:number_id>/release/", releasing.release, name="release"),
    path("<str:number_id>/protect/", releasing.protect, name="protect"),
    path("<str:number_id>/dismiss/", table.dismiss, name="dismiss"),
    path("<str:number_id>/renew/", rent.renew, name="renew"),
    path("<str:number_id>/auto-renew/", rent.switch_auto_renew, name="auto-renew"),
    path("<str:number_id>/trunk/", trunks.edit, name="trunk"),
    path("<str:number_id>/trunk/check/", trunks.check, name="check-trunk"),
]

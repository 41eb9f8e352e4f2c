"""Numbers and their rent, calls, route checks and batch calls, below ``/v1/``"""

from django.urls import path

from phone_numbers.api import (
    batch_calls,
    batch_checks,
    calls,
    numbers,
    purchase,
    renewals,
    route_checks,
    search,
    trunks,
    wallet,
)

BASE = "organization-phone-numbers"
urlpatterns = [
    path(BASE, numbers.Numbers.as_view(), name="api-numbers"),
    path(f"{BASE}/search", search.Search.as_view(), name="api-number-search"),
    path(f"{BASE}/plivo-numbers", search.SearchAtPlivo.as_view(), name="api-plivo-number-search"),
    path(f"{BASE}/purchase", purchase.Purchase.as_view(), name="api-number-purchase"),
    path(f"{BASE}/sip-trunks", trunks.SipTrunks.as_view(), name="api-sip-trunks"),
    path(f"{BASE}/<str:number_id>", numbers.Number.as_view(), name="api-number"),
    path(f"{BASE}/<str:number_id>/renewals", renewals.Renewals.as_view(), name="api-number-renewals"),
    path("renewal-order", renewals.RenewalOrder.as_view(), name="api-renewal-order"),
    path("wallet", wallet.Wallet.as_view(), name="api-wallet"),
    path("wallet/forecast", wallet.WalletForecast.as_view(), name="api-wallet-forecast"),
    path("calls", calls.Calls.as_view(), name="api-calls"),
    path("calls/<str:call_id>", calls.OneCall.as_view(), name="api-call"),
    path("calls/<str:call_id>/hang-up", calls.HangUp.as_view(), name="api-call-hang-up"),
    path("route-checks", route_checks.RouteChecks.as_view(), name="api-route-checks"),
    path("batch-calls/checks", batch_checks.BatchChecks.as_view(), name="api-batch-checks"),
    path("batch-calls", batch_calls.BatchCalls.as_view(), name="api-batch-calls"),
    path("batch-calls/<str:batch_id>", batch_calls.OneBatchCall.as_view(), name="api-batch-call"),
    path(
        "batch-calls/<str:batch_id>/status",
        batch_calls.BatchCallStatus.as_view(),
        name="api-batch-call-status",
    ),
]

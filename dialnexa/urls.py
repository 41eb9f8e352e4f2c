"""The whole map."""

from django.contrib import admin
from django.urls import include, path

from dialnexa import health, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),  # answered by health.answer_first, before
    path("readyz", health.readyz, name="readyz"),  # any other middleware
    path("", views.home, name="home"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("w/<slug:slug>/numbers/", include("phone_numbers.urls")),
    path("w/<slug:slug>/telephony/", include("telephony.urls")),
    path("w/<slug:slug>/kyc/", include("kyc.urls")),
    path("w/<slug:slug>/wallet/", views.show_wallet, name="wallet"),
]

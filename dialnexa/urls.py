"""The whole map."""

from allauth.account.views import password_reset_from_key
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from dialnexa import csp_reports, health, views
from dialnexa.api.docs import Docs, Document
from dialnexa.api.refusals import not_found
from dialnexa.profile_views import show_profile
from dialnexa.settings_pages import invitations
from phone_numbers.views.demo_clock import move_clock

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),  # answered by health.answer_first, before
    path("readyz", health.readyz, name="readyz"),  # any other middleware
    path("carrier/", include("phone_numbers.urls.carriers")),  # early: a caller waits for the answer
    path("csp-reports", csp_reports.take_report, name="csp-reports"),
    path("", views.home, name="home"),
    # allauth's own pattern for the mailed link takes no "_", which our users' ids have
    re_path(
        r"^accounts/password/reset/key/(?P<uidb36>\w+)-(?P<key>.+)/$",
        password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("accounts/language/", require_POST(set_language), name="set_language"),
    path("accounts/profile/", show_profile, name="profile"),
    path("accounts/security/", include("dialnexa.mfa.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("w/<slug:slug>/", views.open_workspace, name="workspace"),
    path("w/<slug:slug>/numbers/", include("phone_numbers.urls.numbers")),
    path("w/<slug:slug>/calls/", include("phone_numbers.urls.calls")),
    path("w/<slug:slug>/batches/", include("phone_numbers.urls.batches")),
    path("w/<slug:slug>/agents/", include("phone_numbers.urls.agents")),
    path("w/<slug:slug>/telephony/", include("telephony.urls")),
    path("w/<slug:slug>/limits/", include("telephony.limits.urls")),
    path("w/<slug:slug>/kyc/verification-number/", include("phone_numbers.urls.verification")),
    path("w/<slug:slug>/kyc/", include("kyc.urls")),
    path("w/<slug:slug>/wallet/", views.show_wallet, name="wallet"),
    path("w/<slug:slug>/wallet/export.csv", views.export_wallet, name="wallet_export"),
    path("w/<slug:slug>/wallet/forecast/", include("phone_numbers.urls.forecast")),
    path(
        "carrier/<slug:carrier>/verification/<str:token>/",
        include("phone_numbers.urls.verification_webhooks"),
    ),
    path("w/<slug:slug>/demo-clock/", move_clock, name="demo_clock"),
    path("w/<slug:slug>/notices/", include("dialnexa.notice_urls")),
    # settings, and what an invitation's mail leads to
    path("w/<slug:slug>/settings/", include("dialnexa.settings_pages.urls")),
    path("invitations/", invitations.answer_invitation, name="invitation"),
    path("invitations/<str:token>/", invitations.follow_link, name="invitation-link"),
    # the REST API
    path("v1/openapi.json", Document.as_view(), name="openapi"),
    path("v1/docs", Docs.as_view(), name="api-docs"),
    path("v1/", include("dialnexa.api.urls")),
    path("v1/", include("phone_numbers.api.urls")),
    path("v1/", include("phone_numbers.api.agent_urls")),
    path("v1/", include("telephony.api.urls")),
    path("v1/", include("kyc.api.urls")),
    path("api/relay/rest/", include("phone_numbers.api.compatible.urls")),
    re_path(r"^(?:v1|api)(?:/.*)?$", not_found),
]
handler400 = "dialnexa.error_pages.bad_request"
handler404 = "dialnexa.error_pages.page_not_found"
handler500 = "dialnexa.error_pages.server_error"

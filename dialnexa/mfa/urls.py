"""``/accounts/security/…``: our page in front of allauth's views of the second step."""

from django.urls import include, path

from dialnexa.mfa import views

urlpatterns = [
    path("", views.show_security, name="mfa_index"),
    path("sessions/end/", views.end, name="end_sessions"),
    path("webauthn/", views.list_passkeys, name="mfa_list_webauthn"),
    path("", include("allauth.mfa.urls")),
]

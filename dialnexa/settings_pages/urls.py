"""Settings: ``/w/<slug>/settings/…``"""

from django.urls import path

from dialnexa.settings_pages import history, keys, members, pages, webhook_log, webhooks

app_name = "settings"
urlpatterns = [
    path("", pages.show_first, name="home"),
    path("keys/", keys.list_keys, name="keys"),
    path("keys/new/", keys.create, name="key-create"),
    path("keys/<str:key_id>/rotate/", keys.rotate, name="key-rotate"),
    path("keys/<str:key_id>/cap/", keys.change_cap, name="key-cap"),
    path("keys/<str:key_id>/revoke/", keys.revoke, name="key-revoke"),
    path("webhooks/", webhooks.list_webhooks, name="webhooks"),
    path("webhooks/new/", webhooks.create, name="webhook-create"),
    path("webhooks/<str:endpoint_id>/", webhook_log.show_webhook, name="webhook"),
    path("webhooks/<str:endpoint_id>/edit/", webhooks.edit, name="webhook-edit"),
    path("webhooks/<str:endpoint_id>/rotate/", webhooks.rotate, name="webhook-rotate"),
    path("webhooks/<str:endpoint_id>/test/", webhooks.test, name="webhook-test"),
    path("webhooks/<str:endpoint_id>/switch/", webhooks.switch, name="webhook-switch"),
    path("webhooks/<str:endpoint_id>/remove/", webhooks.remove, name="webhook-remove"),
    path("webhooks/<str:endpoint_id>/redeliver/", webhook_log.send_failed_again, name="webhook-redeliver"),
    path(
        "webhooks/<str:endpoint_id>/messages/<str:delivery_id>/",
        webhook_log.show_delivery,
        name="webhook-delivery",
    ),
    path(
        "webhooks/<str:endpoint_id>/messages/<str:delivery_id>/again/",
        webhook_log.send_again,
        name="webhook-delivery-again",
    ),
    path("members/", members.list_members, name="members"),
    path("members/second-step/", members.require_mfa, name="members-mfa"),
    path("members/invite/", members.invite_member, name="invite"),
    path("members/invitations/<str:invitation_id>/renew/", members.renew, name="invitation-renew"),
    path("members/invitations/<str:invitation_id>/withdraw/", members.withdraw, name="invitation-withdraw"),
    path("members/<int:member_id>/role/", members.change, name="member-role"),
    path("members/<int:member_id>/transfer/", members.transfer, name="member-transfer"),
    path("members/<int:member_id>/remove/", members.remove, name="member-remove"),
    path("history/", history.show_history, name="history"),
    path("history/export.csv", history.export_history, name="history-export"),
]

"""Settings: ``/w/<slug>/settings/…``"""

from django.urls import path

from dialnexa.settings_pages import history, keys, members, pages

app_name = "settings"
urlpatterns = [
    path("", pages.show_first, name="home"),
    path("keys/", keys.list_keys, name="keys"),
    path("keys/new/", keys.create, name="key-create"),
    path("keys/<str:key_id>/rotate/", keys.rotate, name="key-rotate"),
    path("keys/<str:key_id>/cap/", keys.change_cap, name="key-cap"),
    path("keys/<str:key_id>/revoke/", keys.revoke, name="key-revoke"),
    path("members/", members.list_members, name="members"),
    path("members/invite/", members.invite_member, name="invite"),
    path("members/invitations/<str:invitation_id>/renew/", members.renew, name="invitation-renew"),
    path("members/invitations/<str:invitation_id>/withdraw/", members.withdraw, name="invitation-withdraw"),
    path("members/<int:member_id>/role/", members.change, name="member-role"),
    path("members/<int:member_id>/transfer/", members.transfer, name="member-transfer"),
    path("members/<int:member_id>/remove/", members.remove, name="member-remove"),
    path("history/", history.show_history, name="history"),
    path("history/export.csv", history.export_history, name="history-export"),
]

"""What one is told."""

from django.urls import path

from dialnexa import notice_views as views

app_name = "notices"
urlpatterns = [
    path("", views.list_notices, name="list"),
    path("bell/", views.show_bell, name="bell"),
    path("read/", views.read_all, name="read-all"),
    path("<str:notice_id>/", views.open_notice, name="open"),
    path("<str:notice_id>/mark/", views.mark_notice, name="mark"),
]

"""KYC: ``/w/<slug>/kyc/…``"""

from django.urls import path

from kyc import views

app_name = "kyc"
urlpatterns = [
    path("", views.list_cases, name="cases"),
    path("documents/<str:document_id>/", views.download, name="document"),
    path("documents/<str:document_id>/remove/", views.remove, name="document-remove"),
    path("<str:country>/", views.show_case, name="case"),
    path("<str:country>/describe/", views.describe_case, name="describe"),
    path("<str:country>/upload/", views.upload, name="upload"),
    path("<str:country>/submit/", views.submit_case, name="submit"),
]

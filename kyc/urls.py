"""KYC: ``/w/<slug>/kyc/…``"""

from django.urls import path

from kyc import views

app_name = "kyc"
urlpatterns = [
    path("", views.list_cases, name="cases"),
    path("<str:country>/submit/", views.submit_case, name="submit"),
]

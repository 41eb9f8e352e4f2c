"""``/v1/kyc``"""

from django.urls import path

from kyc.api import cases

urlpatterns = [path("kyc", cases.Cases.as_view(), name="api-kyc")]

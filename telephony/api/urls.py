"""``/v1/phone-country-rules/…``, ``/v1/telephony-config/…``, ``/v1/phone-number-pricing``,
``/v1/call-price``, ``/v1/limits``"""

from django.urls import path

from telephony.api import call_price, groups, limits, prices, rules

urlpatterns = [
    path("phone-country-rules/countries", rules.Countries.as_view(), name="api-countries"),
    path(
        "phone-country-rules/enabled-network-groups", rules.EnabledGroups.as_view(), name="api-enabled-groups"
    ),
    path("telephony-config/network-groups", groups.Groups.as_view(), name="api-network-groups"),
    path("telephony-config/network-groups/<str:group_id>", groups.Group.as_view(), name="api-network-group"),
    path("call-price", call_price.CallPriceView.as_view(), name="api-call-price"),
    path("limits", limits.Limits.as_view(), name="api-limits"),
    path("phone-number-pricing", prices.Prices.as_view(), name="api-number-prices"),
]

"""``/v1/phone-country-rules/…``, ``/v1/phone-number-pricing``, ``/v1/telephony-config/…``"""

from typing import Any

urlpatterns: list[Any] = []

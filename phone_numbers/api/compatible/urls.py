"""``/api/relay/rest/phone_numbers…``"""

from typing import Any

urlpatterns: list[Any] = []

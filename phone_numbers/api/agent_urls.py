"""``/v1/agents…``"""

from typing import Any

urlpatterns: list[Any] = []

"""What every compatible endpoint shares."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from dialnexa.api import refusals
from dialnexa.api.keys import BasicKey
from dialnexa.api.views import ApiView
from phone_numbers.api.compatible.refusals import translate


class CompatibleView(ApiView):
    """An ApiView with Basic authentication and SignalWire's errors."""

    authentication_classes = (BasicKey,)

    def refuse(self, error: Exception, context: dict[str, Any]) -> Response | None:
        response = refusals.handle(error, context)
        return translate(response) if response else None

"""The OpenAPI document and its page. Both are public: they say what the API is, not what is in it."""

from __future__ import annotations

import threading
from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

_one_at_a_time = threading.Lock()  # the generator fills its tables on first use, and not for two at once


class Document(SpectacularJSONAPIView):
    """This document: what the API can do, as OpenAPI 3.1."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with _one_at_a_time:
            response: Response = super().get(request, *args, **kwargs)
        return response


class Docs(SpectacularSwaggerSplitView):
    """``/v1/docs``: to read and try out; its script is a file of ours, not inline."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    url_name = "openapi"

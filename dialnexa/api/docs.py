"""The OpenAPI document and its page. Both are public: they say what the API is, not what is in it."""

from __future__ import annotations

from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny


class Document(SpectacularJSONAPIView):
    """``/v1/openapi.json``"""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class Docs(SpectacularSwaggerSplitView):
    """``/v1/docs``: to read and try out; its script is a file of ours, not inline."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    url_name = "openapi"

"""Lists of the API: ``page`` and ``limit`` in, both published shapes out."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from dialnexa.api.body import Whole
from dialnexa.api.shapes import RowShape

Shape = type[serializers.Serializer]
LAST_PAGE = 1_000_000


class PageQuery(serializers.Serializer):
    page = Whole(min_value=1, max_value=LAST_PAGE, default=1, help_text="From 1")
    limit = Whole(min_value=1, max_value=100, default=20, help_text="How many on a page")


class PageMeta(serializers.Serializer):
    page = serializers.IntegerField()
    limit = serializers.IntegerField()
    total = serializers.IntegerField()
    totalPages = serializers.IntegerField()


def page_of(
    rows: QuerySet[Any], shown: type[serializers.Serializer], *, page: int, limit: int
) -> dict[str, Any]:
    """One page of ``rows`` as ``{"data", "items" (the same), "meta", "total", "page", "limit"}``."""
    total = rows.count()
    found = rows[(page - 1) * limit : page * limit]
    items = shown.of(found) if issubclass(shown, RowShape) else shown(found, many=True).data
    meta = {"page": page, "limit": limit, "total": total, "totalPages": -(-total // limit)}
    return {"data": items, "items": items, "meta": meta, "total": total, "page": page, "limit": limit}


def paged(shown: Shape) -> serializers.Serializer:
    """The serializer that describes such a page in the OpenAPI document."""
    name = f"{shown.__name__.removesuffix('Shape')}Page"
    return inline_serializer(
        name,
        {
            "data": shown(many=True),
            "items": shown(many=True),
            "meta": PageMeta(),
            "total": serializers.IntegerField(),
            "page": serializers.IntegerField(),
            "limit": serializers.IntegerField(),
        },
    )

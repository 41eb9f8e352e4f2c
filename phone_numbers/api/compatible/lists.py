"""The numbers a client sees, and pages of them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from rest_framework import serializers

from dialnexa.api.body import Text, Whole
from dialnexa.models import AuditEntry, Workspace
from dialnexa.paging import Cursor, Order, Page, cut_page, find_cursor
from phone_numbers.api.numbers import numbers_of
from phone_numbers.models import PhoneNumber

NEWEST = Order("created_at", descending=True)
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
TOKEN = re.compile(rf"^P[AB]{UUID_TEXT.pattern}\Z", re.IGNORECASE)
LARGEST_PAGE = 1000
FILTERS = ("filter_name", "filter_number")


class ListQuery(serializers.Serializer):
    """What a client may ask of a list. ``page_token`` is ``PA`` (after) or ``PB`` (before) and an id."""

    filter_name = Text(required=False, max_length=255, allow_blank=True)
    filter_number = Text(required=False, max_length=30, allow_blank=True, trim_whitespace=False)
    page_number = Whole(min_value=0, max_value=10**6, default=0)
    page_size = Whole(min_value=1, max_value=LARGEST_PAGE, default=50)
    page_token = serializers.RegexField(TOKEN, required=False)

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["page_number"] and "page_token" not in asked:
            sentence = "Required when page_number is more than 0. Follow links.next."
            raise serializers.ValidationError({"page_token": sentence})
        return asked


def owned_numbers(workspace: Workspace) -> QuerySet[PhoneNumber]:
    """What is the workspace's to use: active, or sold and waiting for its papers. With ``updated_at``."""
    sold = Q(status=PhoneNumber.Status.PENDING) & ~Q(carrier_number_id="")
    history = AuditEntry.objects.filter(subject_id=OuterRef("pk")).order_by("-at").values("at")[:1]
    owned = numbers_of(workspace).filter(Q(status=PhoneNumber.Status.ACTIVE) | sold)
    return owned.annotate(updated_at=Coalesce(Subquery(history), "created_at"))


def get_owned(workspace: Workspace, number_uuid: str) -> PhoneNumber:
    """Raises Http404, for foreign, unknown and impossible ones alike."""
    found = None
    if UUID_TEXT.fullmatch(number_uuid):
        found = owned_numbers(workspace).filter(uuid=UUID(number_uuid)).first()
    if found is None:
        raise Http404
    return found


def find_owned(workspace: Workspace, asked: dict[str, Any]) -> QuerySet[PhoneNumber]:
    """Those that fit: ``asked`` is a read ListQuery."""
    wanted = Q()
    if name := asked.get("filter_name"):
        wanted &= Q(nickname__icontains=name)
    if digits := asked.get("filter_number"):
        # a + that was not encoded arrives as a blank
        wanted &= Q(e164__contains=f"+{digits[1:]}" if digits.startswith(" ") else digits)
    return owned_numbers(workspace).filter(wanted)


def page_of(workspace: Workspace, asked: dict[str, Any]) -> Page[PhoneNumber]:
    """The page that ``asked`` (a read ListQuery) means, the newest numbers first."""
    cursor = _cursor(workspace, asked.get("page_token", ""))
    return cut_page(find_owned(workspace, asked), NEWEST, cursor, size=asked["page_size"])


def _cursor(workspace: Workspace, token: str) -> Cursor | None:
    """Raises ValidationError for a token that was never given out here."""
    if not token:
        return None
    side, uuid = token[1].upper(), UUID(token[2:])
    among = PhoneNumber.objects.filter(workspace=workspace)
    pk = among.filter(uuid=uuid).values_list("pk", flat=True).first() or ""
    cursor = find_cursor(among, NEWEST, **{"after" if side == "A" else "before": pk})
    if cursor is None:
        raise serializers.ValidationError({"page_token": "This page is not known. Begin with the first."})
    return cursor


def links_of(path: str, asked: dict[str, Any], page: Page[PhoneNumber]) -> dict[str, str]:
    """Links relative to the host, as theirs are."""
    number, rows = asked["page_number"], page.rows
    links = {"self": _link(path, asked, number, asked.get("page_token", "")), "first": _link(path, asked, 0)}
    if page.has_later and rows:
        links["next"] = _link(path, asked, number + 1, f"PA{rows[-1].uuid}")
    if number:
        token = f"PB{rows[0].uuid}" if rows and number > 1 else ""
        links["prev"] = _link(path, asked, number - 1 if token else 0, token)
    return links


def _link(path: str, asked: dict[str, Any], number: int, token: str = "") -> str:
    query = {name: asked[name] for name in FILTERS if name in asked}
    query |= {"page_number": number, "page_size": asked["page_size"]}
    return f"{path}?{urlencode(query | ({'page_token': token} if token else {}))}"

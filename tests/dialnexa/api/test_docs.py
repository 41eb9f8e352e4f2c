"""The page of the API, and the document behind it …"""

from __future__ import annotations

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_says_of_every_operation_what_it_does(client: Client) -> None:
    paths = client.get("/v1/openapi.json").json()["paths"]
    summaries = [operation["summary"] for operations in paths.values() for operation in operations.values()]
    assert all(0 < len(summary) <= 100 and "\n" not in summary for summary in summaries), summaries
    release = paths["/v1/organization-phone-numbers/{number_id}"]["delete"]
    assert release["summary"] == "Give the number back"
    assert "409 `number_in_use`" in release["description"]


def test_needs_nothing_inline_or_from_elsewhere(client: Client) -> None:
    page = client.get("/v1/docs").content.decode()
    assert not re.findall(r"<style|style=|<script>|https?://", page)
    assert 'href="/"' in page

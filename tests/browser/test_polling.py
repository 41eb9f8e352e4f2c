"""A page that refreshes itself …"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_says_so_and_is_no_use_of_the_session(open_page: Callable[..., Any]) -> None:
    page = open_page("/w/acme/numbers/")
    with page.expect_request(lambda request: request.headers.get("x-poll") == "1"):
        page.evaluate(
            """() => {
              const bell = document.createElement("p");
              bell.setAttribute("hx-get", "/w/acme/notices/bell/");
              bell.setAttribute("hx-trigger", "every 200ms");
              document.querySelector("main").append(bell);
              htmx.process(bell);
            }"""
        )

"""In a browser, the sandbox's page …"""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_does_what_its_buttons_say(chromium: Any, sandbox: Any) -> None:
    page = chromium.new_page()
    page.goto(sandbox.url)
    page.click("text=Break the next purchase")
    page.wait_for_load_state()
    assert page.get_by_role("heading", name="Sandbox carrier").is_visible()
    assert "Nothing is set to fail" not in page.inner_text("body")
    page.close()

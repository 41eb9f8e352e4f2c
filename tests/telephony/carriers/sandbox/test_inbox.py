"""The sandbox's server for webhooks …"""

from __future__ import annotations

import httpx
import pytest

from tests.telephony.carriers.conftest import Sandbox

BODY = '{"type":"call.completed","data":{"name":"<b>"}}'
HEADERS = {"webhook-signature": "v1,a v1,b"}


@pytest.mark.parametrize(("way", "status"), [("in", 200), ("failing", 500), ("gone", 410)])
def test_answers_as_its_address_says_and_shows_what_came(sandbox: Sandbox, way: str, status: int) -> None:
    url = f"{sandbox.url}/webhooks"
    assert (
        sandbox.http.post(
            f"{url}/{way}", content=BODY, headers=HEADERS | {"webhook-id": f"msg_{way}"}
        ).status_code
        == status
    )
    page = sandbox.http.get(url).text
    for text in ("call.completed", f"msg_{way}", "<td>2</td>", f"/webhooks/{way}", "&lt;b&gt;"):
        assert text in page
    assert "<b>" not in page


def test_can_be_silent(sandbox: Sandbox) -> None:
    with pytest.raises(httpx.ReadTimeout):
        sandbox.http.post(f"{sandbox.url}/webhooks/silent", content=BODY, timeout=0.3)


def test_bears_what_is_no_message(sandbox: Sandbox) -> None:
    for body in ("", "{", "[1]", "[" * 100_000, "\x00"):
        assert sandbox.http.post(f"{sandbox.url}/webhooks/in", content=body).status_code == 200
    assert sandbox.http.post(f"{sandbox.url}/webhooks/elsewhere", content=BODY).status_code == 404
    assert sandbox.http.get(f"{sandbox.url}/webhooks").status_code == 200

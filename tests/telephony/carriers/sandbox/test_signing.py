"""The sandbox signs as …"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from telephony.carriers.sandbox import signing

CONTRACTS = Path(__file__).resolve().parents[4].parent / "shared" / "contracts"

pytestmark = pytest.mark.skipif(
    not CONTRACTS.is_dir(),
    reason="no signature vectors beside the repository, in ../shared/contracts: not compared",
)


def vectors(path: str) -> dict[str, Any]:
    return json.loads((CONTRACTS / path).read_text())


def test_plivo_does() -> None:
    told = vectors("plivo/vectors/signature_v3.json")
    posts = [vector for vector in told["vectors"] if vector["method"] == "POST"]
    assert len(posts) == 2
    for vector in posts:
        signature = signing.plivo_v3(vector["url"], told["params"], told["nonce"], told["auth_token"])
        assert signature == vector["signature"]


def test_twilio_does() -> None:
    told = vectors("twilio/vectors/x_twilio_signature.json")
    plain = next(vector for vector in told["vectors"] if vector["name"] == "form")
    assert signing.twilio(plain["url"], plain["params"], told["auth_token"]) == plain["signature"]


def test_signalwire_does() -> None:
    told = vectors("signalwire/vectors/x_signalwire_signature.json")["vectors"]
    form = next(vector for vector in told if "params" in vector)
    assert signing.twilio(form["url"], form["params"], form["signing_key"]) == form["signature"]

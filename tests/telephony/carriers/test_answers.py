"""The XML that answers a carrier …"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import plivo.xml as sdk
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.carriers.plivo_xml import plivo_xml
from telephony.carriers.twiml import twiml
from telephony.carriers.voice import Answer, DialSip, HangUp, Rendered, Say, StreamTo

RENDER: dict[str, Callable[[Answer], Rendered]] = {
    "plivo": plivo_xml,
    "twilio": twiml,
    "signalwire": lambda answer: twiml(answer, sip_transport="udp"),
}
STREAM = StreamTo("wss://voice.example/agent", (("call", "abc123"), ("version", "7")))
DIAL = DialSip("sip:agent@pbx.example:5070", caller_id="+14155550100", ring_seconds=20)


@pytest.fixture(params=list(RENDER))
def render(request: pytest.FixtureRequest) -> Callable[[Answer], Rendered]:
    return RENDER[request.param]


def lines(answer: Rendered) -> list[str]:
    """Every element with its attributes, sorted, and its text; deeper ones further in."""
    assert answer.content_type == "application/xml"

    def walk(element: Element, depth: int) -> list[str]:
        said = [f"{key}={value}" for key, value in sorted(element.attrib.items())]
        line = " ".join([">" * depth + element.tag, *said, *([element.text] if element.text else [])])
        return [line, *(below for child in element for below in walk(child, depth + 1))]

    root = ElementTree.fromstring(answer.body)  # noqa: S314  # ours
    assert (root.tag, root.attrib, root.text) == ("Response", {}, None)
    return [line for child in root for line in walk(child, 0)]


# --- as each carrier describes it


def test_streams_both_ways_over_plivo() -> None:
    assert lines(plivo_xml(STREAM)) == [
        "Stream bidirectional=true contentType=audio/x-mulaw;rate=8000"
        " extraHeaders=call=abc123,version=7 keepCallAlive=true wss://voice.example/agent"
    ]


def test_streams_both_ways_over_twilio() -> None:
    assert lines(twiml(STREAM)) == [
        "Connect",
        ">Stream url=wss://voice.example/agent",
        ">>Parameter name=call value=abc123",
        ">>Parameter name=version value=7",
    ]


def test_hands_nothing_over_when_there_is_nothing() -> None:
    assert "extraHeaders" not in lines(plivo_xml(StreamTo("wss://voice.example")))[0]
    assert len(lines(twiml(StreamTo("wss://voice.example")))) == 2


def test_dials_a_sip_address() -> None:
    assert lines(plivo_xml(DIAL)) == [
        "Dial callerId=14155550100 timeout=20",
        ">User sip:agent@pbx.example:5070",
    ]
    assert lines(twiml(DIAL)) == [
        "Dial answerOnBridge=true callerId=+14155550100 timeout=20",
        ">Sip sip:agent@pbx.example:5070",
    ]


@pytest.mark.parametrize(
    ("uri", "dialled"),
    [
        ("sip:agent@pbx.example", "sip:agent@pbx.example;transport=udp"),
        ("sip:agent@pbx.example;transport=tcp", "sip:agent@pbx.example;transport=tcp"),
        ("sip:agent@pbx.example;Transport=TLS", "sip:agent@pbx.example;Transport=TLS"),
        ("sips:agent@pbx.example", "sips:agent@pbx.example"),
    ],
)
def test_names_the_transport_where_the_default_is_another(uri: str, dialled: str) -> None:
    """SignalWire would dial a bare sip: address over TLS."""
    assert lines(RENDER["signalwire"](DialSip(uri)))[1] == f">Sip {dialled}"
    assert lines(twiml(DialSip(uri)))[1] == f">Sip {uri}"


def test_speaks_and_hangs_up() -> None:
    assert lines(plivo_xml(Say("Your code is 1, 2.", times=2))) == [
        "Speak language=en-US voice=WOMAN Your code is 1, 2.",
        "Wait length=1",
        "Speak language=en-US voice=WOMAN Your code is 1, 2.",
        "Hangup",
    ]
    assert lines(twiml(Say("Good-bye."))) == ["Say language=en-US Good-bye.", "Hangup"]
    assert lines(twiml(Say("Two.", times=2)))[1] == "Pause length=1"


def test_hangs_up_or_is_engaged() -> None:
    assert lines(plivo_xml(HangUp())) == ["Hangup"]
    assert lines(plivo_xml(HangUp(busy=True))) == ["Hangup reason=busy"]
    assert lines(twiml(HangUp())) == ["Hangup"]
    assert lines(twiml(HangUp(busy=True))) == ["Reject reason=busy"]


def sdks(*elements: Any) -> list[str]:
    root = sdk.ResponseElement()
    for element in elements:
        root.add(element)
    return lines(Rendered("application/xml", root.to_string(pretty=False).encode()))


def test_is_what_plivos_sdk_would_write() -> None:
    """… its own element classes check names and values."""
    stream = sdk.StreamElement(
        STREAM.url,
        bidirectional=True,
        keepCallAlive=True,
        contentType="audio/x-mulaw;rate=8000",
        extraHeaders="call=abc123,version=7",
    )
    dial = sdk.DialElement(caller_id="14155550100", timeout=20)
    dial.add(sdk.UserElement("sip:agent@pbx.example:5070"))
    speak = sdk.SpeakElement("Hi & bye", voice="WOMAN", language="en-US")
    assert lines(plivo_xml(STREAM)) == sdks(stream)
    assert lines(plivo_xml(DIAL)) == sdks(dial)
    assert lines(plivo_xml(HangUp(busy=True))) == sdks(sdk.HangupElement(reason="busy"))
    waited = sdks(speak, sdk.WaitElement(length=1), speak, sdk.HangupElement())
    assert lines(plivo_xml(Say("Hi & bye", times=2))) == waited


# --- whatever is asked for


@given(st.sampled_from(list(RENDER)), st.text(max_size=60), st.integers(-3, 40))
def test_holds_any_text(slug: str, text: str, times: int) -> None:
    root = ElementTree.fromstring(RENDER[slug](Say(text, times)).body)  # noqa: S314  # ours
    spoken = [child for child in root if child.tag in ("Speak", "Say")]
    assert len(spoken) == max(1, min(times, 10))
    assert all(child.tag in ("Speak", "Say", "Wait", "Pause", "Hangup") for child in root)
    assert [c for c in (spoken[0].text or "") if c != " "] == [
        c for c in text if c.isprintable() and c != " "
    ]


def test_cannot_be_broken_out_of(render: Callable[[Answer], Rendered]) -> None:
    said = "</Speak></Say><Dial>&amp;<!--]]>\"'\x00\x1b"
    assert len(lines(render(Say(said)))) == 2
    assert b"<Dial>" not in render(Say(said)).body


def test_is_never_longer_than_a_carrier_takes(render: Callable[[Answer], Rendered]) -> None:
    assert len(render(Say("&" * 50_000, times=10)).body) < 100 * 1024 * 2


@pytest.mark.parametrize(
    "answer",
    [
        StreamTo("ws://voice.example/agent"),
        StreamTo("https://voice.example/agent"),
        StreamTo("wss://voice.example/agent?token=1"),
        StreamTo("wss://voice.example/a b"),
        StreamTo("wss://voice.example/\n"),
        StreamTo("wss://voice.example/ü"),
        StreamTo("wss://voice.example/" + "a" * 2048),
        StreamTo("wss://v.example", (("call", "a,b=c"),)),
        StreamTo("wss://v.example", (("call id", "a"),)),
        StreamTo("wss://v.example", (("call", "ü"),)),
        StreamTo("wss://v.example", (("call", ""),)),
        StreamTo("wss://v.example", (("call", "a" * 508),)),
        DialSip("tel:+14155550100"),
        DialSip("sip:pbx.example"),
        DialSip("sip:a@pbx.example\r\n"),
        DialSip('sip:a@pbx.example"'),
        DialSip("sip:a@" + "p" * 255),
        DialSip("sip:a@pbx.example", caller_id="anonymous"),
    ],
)
def test_refuses_what_a_carrier_would_choke_on(render: Callable[[Answer], Rendered], answer: Answer) -> None:
    with pytest.raises(ValueError, match=r"stream|SIP address|caller id"):
        render(answer)


def test_takes_values_up_to_the_limit(render: Callable[[Answer], Rendered]) -> None:
    assert lines(render(StreamTo("wss://v.example", (("call", "a" * 507),))))

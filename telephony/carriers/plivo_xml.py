"""Plivo's answer XML."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from .answer_xml import PAUSE, element, response, sip_uri, speakable, spoken, stream_url, stream_values
from .voice import Answer, DialSip, HangUp, Rendered, Say, StreamTo

SOUND = "audio/x-mulaw;rate=8000"  # as the telephone network carries it


def plivo_xml(answer: Answer) -> Rendered:
    """Raises ValueError for what Plivo would not take (see ``answer_xml``)."""
    return response(_elements(answer))


def _elements(answer: Answer) -> Iterator[Element]:
    match answer:
        case StreamTo():
            yield _stream(answer)
        case DialSip():
            yield _dial(answer)
        case Say(text=text):
            speak = element("Speak", speakable(text), voice="WOMAN", language="en-US")
            yield from spoken(answer, speak, element("Wait", length=PAUSE))
            yield element("Hangup")
        case HangUp(busy=busy):
            yield element("Hangup", reason="busy" if busy else "")


def _stream(answer: StreamTo) -> Element:
    """Alone until it ends: without keepCallAlive Plivo goes on with what follows, which is the end."""
    return element(
        "Stream",
        stream_url(answer),
        bidirectional="true",
        keepCallAlive="true",
        contentType=SOUND,
        extraHeaders=stream_values(answer),
    )


def _dial(answer: DialSip) -> Element:
    caller = answer.caller_id.removeprefix("+")
    dial = element("Dial", callerId=caller, timeout=str(answer.ring_seconds))
    dial.append(element("User", sip_uri(answer)))
    return dial

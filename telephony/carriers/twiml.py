"""The answer XML of Twilio, and SignalWire's of the same words."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from .answer_xml import PAUSE, element, response, sip_uri, speakable, spoken, stream_url, stream_values
from .voice import Answer, DialSip, HangUp, Rendered, Say, StreamTo


def twiml(answer: Answer, *, sip_transport: str = "") -> Rendered:
    """``sip_transport`` is added to a sip: address that names none, where the carrier's default isn't UDP.

    Raises ValueError for what a carrier would not take (see ``answer_xml``).
    """
    return response(_elements(answer, sip_transport))


def _elements(answer: Answer, sip_transport: str) -> Iterator[Element]:
    match answer:
        case StreamTo():
            yield _connect(answer)
        case DialSip():
            yield _dial(answer, sip_transport)
        case Say(text=text):
            speak = element("Say", speakable(text), language="en-US")
            yield from spoken(answer, speak, element("Pause", length=PAUSE))
            yield element("Hangup")
        case HangUp(busy=True):
            yield element("Reject", reason="busy")
        case HangUp():
            yield element("Hangup")


def _connect(answer: StreamTo) -> Element:
    stream_values(answer)
    stream = element("Stream", url=stream_url(answer))
    stream.extend([element("Parameter", name=name, value=value) for name, value in answer.values])
    connect = element("Connect")
    connect.append(stream)
    return connect


def _dial(answer: DialSip, transport: str) -> Element:
    """Our side answers only when the far end has, so that nobody pays for ringing."""
    uri = sip_uri(answer)
    if transport and uri.lower().startswith("sip:") and ";transport=" not in uri.lower():
        uri += f";transport={transport}"
    dial = element("Dial", answerOnBridge="true", callerId=answer.caller_id, timeout=str(answer.ring_seconds))
    dial.append(element("Sip", uri))
    return dial

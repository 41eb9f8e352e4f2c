"""What a carrier does with the XML it is answered, as far as we answer it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

CHARACTERS_A_SECOND = 15


@dataclass(frozen=True, slots=True)
class Deed:
    """``seconds``: how long it takes; None: as long as people talk. After one that ``ends``, nothing."""

    says: str
    seconds: float | None = 0.0
    ends: bool = False
    refuses: bool = False  # as the first one, of an inbound call: it is never answered
    busy: bool = False


def deeds_of(xml: bytes) -> Iterator[Deed]:
    """One for each element. Raises ValueError for what is not a carrier's XML."""
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314  from the application on this machine
    except ElementTree.ParseError as error:
        raise ValueError(f"this is not XML ({error})") from error
    if root.tag != "Response":
        raise ValueError(f"the XML begins with {root.tag}, not with Response")
    for element in root:
        yield _DEEDS.get(element.tag, _unknown)(element)


def _spoken(element: ElementTree.Element) -> Deed:
    text = " ".join("".join(element.itertext()).split())
    times = max(int(element.get("loop", "1")), 1)
    again = f" ({times} times)" if times > 1 else ""
    return Deed(f"Said: {text}{again}", len(text) / CHARACTERS_A_SECOND * times)


def _pause(element: ElementTree.Element) -> Deed:
    seconds = float(element.get("length", "1"))
    return Deed(f"Waited {seconds:g} s", seconds)


def _stream(element: ElementTree.Element) -> Deed:
    """Plivo has the URL as text, the others inside Connect as an attribute, with parameters below."""
    stream = element.find("Stream") if element.tag == "Connect" else element
    if stream is None:
        return _unknown(element)
    url = stream.get("url") or (stream.text or "").strip()
    values = [f"{one.get('name')}={one.get('value')}" for one in stream.findall("Parameter")]
    told = ", ".join(values) or stream.get("extraHeaders", "")
    return Deed(f"Streamed to {url}{f' with {told}' if told else ''}", None)


def _dialled(element: ElementTree.Element) -> Deed:
    ends = [(end.text or "").strip() for end in element] or [(element.text or "").strip()]
    caller = f" as {element.get('callerId')}" if element.get("callerId") else ""
    return Deed(f"Dialled {', '.join(ends)}{caller}", None)


def _hung_up(element: ElementTree.Element) -> Deed:
    reason = element.get("reason", "")
    refuses = element.tag == "Reject" or bool(reason)
    said = "Rejected" if refuses else "Hung up"
    return Deed(f"{said}: {reason}" if reason else said, ends=True, refuses=refuses, busy=reason == "busy")


def _unknown(element: ElementTree.Element) -> Deed:
    return Deed(f"Did not understand {element.tag}", ends=True)


_DEEDS = {
    "Speak": _spoken,
    "Say": _spoken,
    "Wait": _pause,
    "Pause": _pause,
    "Stream": _stream,
    "Connect": _stream,
    "Dial": _dialled,
    "Hangup": _hung_up,
    "Reject": _hung_up,
}

"""What every carrier's answer XML has in common: a Response, escaped, and what may stand in it.

Raises ValueError for what a carrier would choke on or read as something else; texts are cleaned instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, tostring

from telephony.e164 import is_e164

from .voice import DialSip, Rendered, Say, StreamTo

CONTENT_TYPE = "application/xml"
LONGEST_URL = 2048  # characters
LONGEST_SIP_URI = 255  # characters, Twilio's limit
LONGEST_TEXT = 3000  # characters that are spoken, Plivo's limit
MOST_TIMES = 10
MOST_VALUES = 512  # bytes of all values as name=value,name=value, Plivo's limit
PAUSE = "1"  # seconds between two times

# Printable ASCII without what ends a value: " < >, and @ within a SIP address, ? and # within a stream's.
_SIP = re.compile(r"sips?:[!#-;=?A-~]+@[!#-;=?A-~]+", re.IGNORECASE)
_WSS = re.compile(r"wss://[!$-;=@-~]+")


def response(elements: Iterable[Element]) -> Rendered:
    root = Element("Response")
    root.extend(list(elements))  # a list: extend would turn an error inside a generator into another
    return Rendered(CONTENT_TYPE, tostring(root, encoding="utf-8", xml_declaration=True))


def element(tag: str, text: str = "", /, **attributes: str) -> Element:
    """Empty attributes are left out."""
    made = Element(tag, {key: value for key, value in attributes.items() if value})
    made.text = text or None
    return made


def stream_url(answer: StreamTo) -> str:
    """No query: Twilio refuses the stream then. ``values`` are for that."""
    if len(answer.url) > LONGEST_URL or not _WSS.fullmatch(answer.url):
        raise ValueError("a stream goes to wss:// without a query, of at most 2048 characters")
    return answer.url


def stream_values(answer: StreamTo) -> str:
    """``name=value,name=value`` in letters and digits: all that every carrier hands over unchanged."""
    for name, value in answer.values:
        if not (name + value).isascii() or not name.isalnum() or not value.isalnum():
            raise ValueError("a stream's values have letters and digits only")
    joined = ",".join(f"{name}={value}" for name, value in answer.values)
    if len(joined) > MOST_VALUES:
        raise ValueError(f"a stream's values take at most {MOST_VALUES} bytes")
    return joined


def sip_uri(answer: DialSip) -> str:
    if len(answer.uri) > LONGEST_SIP_URI or not _SIP.fullmatch(answer.uri):
        raise ValueError("a SIP address is like sip:user@host, with at most 255 characters")
    if answer.caller_id and not is_e164(answer.caller_id):
        raise ValueError("a caller id is a number in E.164")
    return answer.uri


def spoken(answer: Say, speak: Element, pause: Element) -> Iterator[Element]:
    """``speak`` as often as asked for, with ``pause`` between."""
    for time in range(max(1, min(answer.times, MOST_TIMES))):
        if time:
            yield pause
        yield speak


def speakable(text: str) -> str:
    """``text`` without what XML can't hold, and not longer than any carrier speaks."""
    return "".join(c if c.isprintable() else " " for c in text[:LONGEST_TEXT])

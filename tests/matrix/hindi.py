"""English that is left on a page in Hindi."""

from __future__ import annotations

import re
from html.parser import HTMLParser

THREE_WORDS = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:[ ,;:–]+[A-Za-z][A-Za-z'’-]*){2,}")
NOT_READ = {"script", "style", "code", "kbd", "pre", "samp", "svg", "noscript"}
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}
HEARD = {"aria-label", "title", "placeholder", "alt", "content"}
NAMES = (  # what people, carriers and systems are called, whatever the language
    *(
        "Front desk",
        "The papers are in order",
        "Shop front",
        "Chocolate Factory",
        "Acme",
        "DialNexa Numbers",
        "Something happened",
        "Told",
    ),
    *("Plivo", "Twilio", "SignalWire", "India all", "United States all", "United Kingdom all", "Germany all"),
)


class Reader(HTMLParser):
    """Texts and spoken attributes, one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.read: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        zone = tag == "option" and "/" in given.get("value", "")  # named the same everywhere
        silent = (
            zone or tag in NOT_READ or "mono" in given.get("class", "").split() or given.get("lang") == "en"
        )
        heard = (name for name in given if name in HEARD or name.startswith("data-"))
        if tag != "meta" and not silent:
            self.read += [given[name] for name in heard if not given[name].lstrip().startswith(("{", "["))]
        if tag not in VOID:
            self.open.append((tag, silent))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(silent for _, silent in self.open):
            self.read.append(data)


def english_on(page: str) -> list[str]:
    """Runs of three words and more."""
    reader = Reader()
    reader.feed(page)
    found = []
    for text in reader.read:
        for name in NAMES:
            text = text.replace(name, "·")
        found += THREE_WORDS.findall(" ".join(text.split()))
    return found

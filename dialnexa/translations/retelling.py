"""Sentences that rows keep are kept in English, and told in the reader's language when they are shown.

Whoever writes one marks its words with ``gettext_noop`` and fills in the values: the row keeps the English.
``retell`` finds the marked words that a kept sentence was made of, and says their translation with the same
values. What was never marked (a person's own reason, a carrier's words) stays as it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext, trans_real

from dialnexa import countries

VALUE = re.compile(r"%\((\w+)\)[sd]|%%")
DAY = re.compile(r"\d{1,2} [A-Z][a-z]+ \d{4}", re.ASCII)
BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z+“])")
LEAST = 8  # signs that are no values: with fewer, words can't be told from any others


def retell(sentence: str) -> str:
    """What a row keeps, in the language that is active; as it is in English, and where nobody knows it."""
    language = get_language() or "en"
    if not sentence or language.startswith("en"):
        return sentence
    return _whole(sentence, language) or _one_by_one(sentence, language) or sentence


def _whole(sentence: str, language: str) -> str:
    """Empty where nothing that is translated says it."""
    if (said := gettext(sentence)) != sentence:
        return said
    for longest, pattern, words in _patterns(language):
        if longest in sentence and (found := pattern.fullmatch(sentence)):
            return gettext(words) % {name: retell(value) for name, value in found.groupdict().items()}
    return _day(sentence) if DAY.fullmatch(sentence) else countries.translated(sentence)


def _one_by_one(text: str, language: str) -> str:
    """Of sentences that stand behind one another, as many together as are known."""
    ends = [found.start() for found in BETWEEN.finditer(text)]
    for end in reversed(ends):
        if said := _whole(text[:end], language):
            return f"{said} {retell(text[end + 1 :])}"
    return f"{text[: ends[0]]} {retell(text[ends[0] + 1 :])}" if ends else ""


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str], str]]:
    """Of all translated words with values: the longest piece they hold, a pattern, and the words.

    Those with more signs of their own come first.
    """
    catalogue: Any = trans_real.translation(language)
    known = catalogue._catalog.keys()  # as Django's own JavaScriptCatalog reads it
    words = [key for key in known if isinstance(key, str) and "\x04" not in key and VALUE.search(key)]
    told = [(sorted(_plain(each), key=len), each) for each in words]
    told = [(plain, each) for plain, each in told if sum(map(len, plain)) >= LEAST]
    told.sort(key=lambda pair: -sum(map(len, pair[0])))
    return [(plain[-1], re.compile(_pattern(each), re.DOTALL), each) for plain, each in told]


def _plain(words: str) -> list[str]:
    """The pieces between the values."""
    return VALUE.sub("\x00", words).split("\x00")


def _pattern(words: str) -> str:
    """The words as a pattern; a value that comes twice is the same both times."""
    seen: set[str] = set()
    pattern, end = "", 0
    for found in VALUE.finditer(words):
        pattern += re.escape(words[end : found.start()]) + _value(found[1], seen)
        end = found.end()
    return pattern + re.escape(words[end:])


def _value(name: str | None, seen: set[str]) -> str:
    if name is None:
        return "%"
    if name in seen:
        return f"(?P={name})"
    seen.add(name)
    return f"(?P<{name}>.+?)"


def _day(text: str) -> str:
    try:
        return date_format(datetime.strptime(text, "%d %B %Y").replace(tzinfo=UTC), "j F Y")
    except ValueError:
        return ""

"""What is wrong with the areas of a language: one sentence for each fault."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message

from dialnexa.translations.catalogues import LIBRARIES, is_translated, messages_of
from dialnexa.translations.extracting import Key, Marked

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")
TAG = re.compile(r"</?[a-z][^<>]*>")


def find_missing(areas: dict[str, Catalog], marked: dict[Key, Marked]) -> list[Marked]:
    """What is marked and has no translation in any area."""
    done = {key_of(message) for _, message in _all(areas) if is_translated(message)}
    return [one for key, one in marked.items() if key not in done]


def find_dead(areas: dict[str, Catalog], marked: dict[Key, Marked]) -> list[tuple[str, str]]:
    """What an area translates and nothing says any more: area and English."""
    own = ((area, message) for area, message in _all(areas) if area != LIBRARIES)
    return [(area, english(message)) for area, message in own if key_of(message) not in marked]


def find_faults(areas: dict[str, Catalog], marked: dict[Key, Marked]) -> list[str]:
    """Translations that can't be right, and areas that contradict one another."""
    faults = [
        f"{area}: {english(message)!r}: {fault}"
        for area, message in _all(areas)
        for fault in _faults_of(message, marked.get(key_of(message)))
    ]
    return faults + list(_contradictions(areas))


def key_of(message: Message) -> Key:
    return message.context or "", english(message)


def english(message: Message) -> str:
    """The singular."""
    return message.id if isinstance(message.id, str) else message.id[0]


def _all(areas: dict[str, Catalog]) -> Iterator[tuple[str, Message]]:
    return ((area, message) for area, catalogue in areas.items() for message in messages_of(catalogue))


def _faults_of(message: Message, marked: Marked | None) -> Iterator[str]:
    if message.fuzzy:
        yield "marked as fuzzy"
    if marked and marked.plural and message.id != marked.id:
        yield f"the plural in the code is {marked.plural!r}"
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    forms = [message.string] if isinstance(message.string, str) else list(message.string or [])
    if len(sources) == 2 and len(forms) != 2:
        yield f"{len(forms)} plural forms instead of 2"
    for form in filter(None, forms):
        yield from _differences(sources, form)


def _differences(sources: list[str], form: str) -> Iterator[str]:
    """The singular may say "one" where the plural has a number."""
    if all(_placeholders(source) != _placeholders(form) for source in sources):
        yield f"other placeholders than the English: {form!r}"
    if all(_tags(source) != _tags(form) for source in sources):
        yield f"other tags than the English: {form!r}"
    if (form[:1] + form[-1:]).isspace() or form.strip() != form and sources[0].strip() == sources[0]:
        yield f"space at an end: {form!r}"


def _placeholders(text: str) -> set[str]:
    return {*PLACEHOLDER.findall(text)}


def _tags(text: str) -> Counter[str]:
    return Counter(TAG.findall(text))


def _contradictions(areas: dict[str, Catalog]) -> Iterator[str]:
    said: dict[Key, tuple[str, object]] = {}
    for area, message in _all(areas):
        first, told = said.setdefault(key_of(message), (area, message.string))
        if told != message.string:
            yield f"{first} and {area} translate {english(message)!r} differently"

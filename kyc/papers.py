"""The table of papers (``papers.toml``): read once at start, and refused with every mistake it has."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from dialnexa.countries import country_name
from kyc.models import EntityType

TABLE = Path(__file__).with_name("papers.toml")
ANY = "*"
NUMBER_TYPES = {"any": ANY, "local": "local", "mobile": "mobile", "national": "national"}
NUMBER_TYPES |= {"toll_free": "toll_free"}


class PapersWrong(Exception):
    """The table cannot be used; ``mistakes`` are sentences, each naming its place."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__(" ".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True)
class OneOf:
    """One document of these ``kinds`` is needed; ``title`` is in English, as in the table."""

    title: str
    kinds: tuple[str, ...]

    @property
    def name(self) -> str:
        """The title for people."""
        return _(self.title)

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Kind and name of each."""
        return [(kind, document_name(kind)) for kind in self.kinds]

    @property
    def words(self) -> str:
        """``Aadhaar card, PAN card or Passport``"""
        *others, last = (document_name(kind) for kind in self.kinds)
        if not others:
            return last
        return _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a country asks: in words, and by entity type."""

    words: str
    groups: Mapping[str, tuple[OneOf, ...]]


@dataclass(frozen=True, slots=True)
class Papers:
    """``documents`` are names by kind; ``rules`` by country and number type (``*``: every other).

    All of it is in English; what it says is translated where it is shown (see ``paper_words``).
    """

    documents: Mapping[str, str]
    general: Rule
    rules: Mapping[tuple[str, str], Rule]


@cache
def papers() -> Papers:
    """The table in force. Raises PapersWrong."""
    return read_papers(TABLE.read_text())


def document_name(kind: str) -> str:
    """``Aadhaar card`` for ``aadhaar``; the kind itself when the table no longer has it."""
    return _(papers().documents.get(kind, kind))


def read_papers(text: str) -> Papers:
    """The table from TOML. Raises PapersWrong with everything that is wrong with it."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PapersWrong([f"papers.toml is not TOML: {error}."]) from None
    if mistakes := list(_mistakes(raw)):
        raise PapersWrong(mistakes)
    rules = {
        (country, NUMBER_TYPES[number_type]): _rule(rule)
        for country, types in raw["rules"].items()
        for number_type, rule in types.items()
    }
    return Papers(documents=raw["documents"], general=_rule(raw["general"]), rules=rules)


def _rule(raw: dict[str, Any]) -> Rule:
    groups = {str(entity): _groups(raw.get(entity, raw.get("businesses"))) for entity in EntityType.values}
    return Rule(raw["words"], groups)


def _groups(raw: Any) -> tuple[OneOf, ...]:
    return tuple(OneOf(group["title"], tuple(group["one_of"])) for group in raw)


# --- what may be wrong ------------------------------------------------------------------------------


def _mistakes(raw: dict[str, Any]) -> Iterator[str]:
    if missing := [part for part in ("documents", "general", "rules") if not isinstance(raw.get(part), dict)]:
        yield from (f"papers.toml lacks the table [{part}]." for part in missing)
        return
    yield from _wrong_names(raw["documents"])
    yield from _wrong_rule("general", raw["general"], raw["documents"])
    for country, types in raw["rules"].items():
        if country_name(country) == country:
            yield f"[rules.{country}]: there is no such country (ISO 3166-1)."
        for number_type, rule in types.items():
            if number_type not in NUMBER_TYPES:
                yield f"[rules.{country}.{number_type}]: a number type is one of {', '.join(NUMBER_TYPES)}."
            yield from _wrong_rule(f"rules.{country}.{number_type}", rule, raw["documents"])


def _wrong_names(documents: dict[str, Any]) -> Iterator[str]:
    for kind, name in documents.items():
        if not (isinstance(name, str) and name and len(kind) <= 40):
            yield f"[documents]: {kind} needs a name, and a kind of at most 40 characters."


def _wrong_rule(place: str, rule: dict[str, Any], documents: dict[str, Any]) -> Iterator[str]:
    if not rule.get("words"):
        yield f"[{place}] lacks its words."
    for key in sorted({*rule} - {"words", "businesses", *EntityType.values}):
        yield f"[{place}]: {key} is no entity type."
    for entity in EntityType.values:
        groups = rule.get(entity, None if entity == EntityType.INDIVIDUAL else rule.get("businesses"))
        if not groups:
            yield f"[{place}] says nothing about {entity}."
            continue
        yield from _wrong_groups(f"[{place}] {entity}", groups, documents)


def _wrong_groups(place: str, groups: Any, documents: dict[str, Any]) -> Iterator[str]:
    for group in groups:
        if not (isinstance(group, dict) and group.get("title") and group.get("one_of")):
            yield f"{place}: a group needs a title and one_of."
            continue
        yield from (
            f"{place}: {kind} is not in [documents]." for kind in group["one_of"] if kind not in documents
        )

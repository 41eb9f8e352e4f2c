"""Translations …"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from dialnexa.translations.catalogues import merge, new_catalogue, read_areas
from dialnexa.translations.checking import find_dead, find_faults, find_missing
from dialnexa.translations.extracting import APPS, KEYWORDS, Key, Marked, extract_all, extract_from

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def marked() -> dict[Key, Marked]:
    return extract_all(ROOT)


@pytest.fixture(scope="module")
def areas() -> dict[str, Catalog]:
    return read_areas(ROOT / "locale", "hi")


def test_are_there_for_everything(marked: dict[Key, Marked], areas: dict[str, Catalog]) -> None:
    missing = [f"{min(one.places)}: {one.singular}" for one in find_missing(areas, marked)]
    assert missing == []


def test_are_of_something_that_is_said(marked: dict[Key, Marked], areas: dict[str, Catalog]) -> None:
    assert find_dead(areas, marked) == []


def test_have_nothing_wrong(marked: dict[Key, Marked], areas: dict[str, Catalog]) -> None:
    assert find_faults(areas, marked) == []


def test_are_of_sentences_that_stay_the_same() -> None:
    """Values are filled in after the look-up: with them inside, it is another sentence each time."""
    built = (ast.JoinedStr, ast.BinOp)
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in KEYWORDS
        if any(isinstance(given, built) for given in node.args[:1])
    ]
    assert found == []


def faults(english: str | tuple[str, str], hindi: str | tuple[str, ...], **how: bool) -> list[str]:
    catalogue = new_catalogue("hi")
    catalogue.add(english, hindi, flags=["fuzzy"] if how.get("fuzzy") else [])
    return find_faults({"one": catalogue}, {})


@pytest.mark.parametrize(
    "english, hindi, wrong",
    [
        ("%(n)s left", "%(n)s बाकी", False),
        ("%(n)s left", "%(m)s बाकी", True),
        ("100%% of <b>it</b>", "<b>इसका</b> 100%%", False),
        ("100%% of <b>it</b>", "इसका 100%%", True),
        ('Look <a href="x">here</a>', '<a href="y">यहाँ</a> देखें', True),
        ("Here", " यहाँ", True),
        (("one day", "%(n)s days"), ("एक दिन", "%(n)s दिन"), False),
        (("%(n)s day", "%(n)s days"), ("%(n)s दिन", "दिन"), True),
    ],
)
def test_keep_what_the_english_holds(english: str, hindi: str, wrong: bool) -> None:
    assert bool(faults(english, hindi)) is wrong


def test_that_somebody_was_not_sure_of_do_not_count() -> None:
    assert faults("Here", "यहाँ", fuzzy=True) != []
    catalogue = new_catalogue("hi")
    catalogue.add("Here", "यहाँ", flags=["fuzzy"])
    assert "Here" not in merge({"one": catalogue}, "hi")


def test_of_two_areas_may_not_differ() -> None:
    one, other = new_catalogue("hi"), new_catalogue("hi")
    one.add("Open", "खोलें")
    other.add("Open", "खुला")
    assert find_faults({"one": one, "other": other}, {}) == ["one and other translate 'Open' differently"]


def test_are_wanted_of_all_a_template_says(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '{% load i18n %}\n  <p aria-label="{% translate "One" %}">{% include "x" with a=_("Two") %}'
        "{% blocktranslate trimmed count n=days %}\n  {{ n }} day\n{% plural %}\n  {{ n }} days\n"
        "{% endblocktranslate %}{{ name|default:_('Three') }}</p>"
    )
    assert [one.id for one in extract_from(page)] == ["One", "Two", ("%(n)s day", "%(n)s days"), "Three"]

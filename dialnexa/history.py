"""What happened in a workspace, told for people: one line per entry of the history.

Apps teach it the words for their own objects and events, so that it knows nothing of the apps above this one.
They are taught in English, marked with ``gettext_noop``, and told in the reader's language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa.models import AuditEntry

WHO = {
    "browser": gettext_noop("%(name)s in the browser"),
    "api": gettext_noop("%(name)s through the API"),
    "staff": gettext_noop("%(name)s (support)"),
    "system": "%(name)s",
}
BLANK = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Named:
    """What people call an object, and what its page's address needs behind the workspace's slug."""

    label: str
    page: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object: ``word`` stands before its name; ``find`` takes ids and names what it finds."""

    word: str
    find: Callable[[Collection[str]], Mapping[str, Named]]
    url_name: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that changes, and how a value is written. ``alone``: told of what is new, too.

    ``secret``: neither side is told, only that it was set or replaced.
    """

    word: str
    show: Callable[[Any], str] = str
    alone: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of the history that can be looked at alone."""

    title: str
    rows: Q


@dataclass
class Vocabulary:
    """``kinds`` by model name; ``sentences`` by model name and event, each with its tone (ok, waiting …)."""

    kinds: dict[str, Kind] = field(default_factory=dict)
    sentences: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)

    def learn(
        self,
        kinds: Mapping[str, Kind],
        sentences: Mapping[tuple[str, str], tuple[str, str]],
        fields: Mapping[str, Field],
        topics: Mapping[str, Topic],
    ) -> None:
        self.kinds.update(kinds)
        self.sentences.update(sentences)
        self.fields.update(fields)
        self.topics.update(topics)


VOCABULARY = Vocabulary()
learn = VOCABULARY.learn


@dataclass(frozen=True, slots=True)
class Change:
    """Both sides as words; an empty one was or is nothing. ``is_new``: there was no other side.

    ``is_secret``: the sides say only whether there was and is something.
    """

    word: str
    before: str
    after: str
    is_new: bool = False
    is_secret: bool = False

    def __str__(self) -> str:
        return self._sentence() % {"word": self.word, "before": self.before, "after": self.after}

    def _sentence(self) -> str:
        if self.is_secret and self.after:
            return _("%(word)s replaced") if self.before else _("%(word)s set")
        if self.is_new:
            return "%(word)s “%(after)s”"
        if not self.after:
            return _("%(word)s from “%(before)s” taken away") if self.before else _("%(word)s taken away")
        return _("%(word)s from “%(before)s” to “%(after)s”") if self.before else _("%(word)s to “%(after)s”")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words. ``url`` leads to what it is about, or is empty."""

    entry: AuditEntry
    sentence: str
    tone: str
    who: str
    word: str
    label: str
    url: str
    changes: list[Change]


def tell(entries: Iterable[AuditEntry], slug: str) -> list[Line]:
    """The lines in the entries' order; ``slug`` is the workspace's. One query for each kind of object."""
    rows = list(entries)
    names = _names(rows)
    return [_line(entry, slug, names) for entry in rows]


def who(entry: AuditEntry) -> str:
    """``Asha Rao in the browser``, ``Meera Nair (support)``."""
    sentence = WHO.get(entry.channel)
    if sentence is None:
        return f"{entry.actor_name} {entry.channel}".strip()
    name = _(entry.actor_name) if entry.channel == "system" and entry.actor_name else entry.actor_name
    return (_(sentence) % {"name": name}).strip()


def _names(entries: list[AuditEntry]) -> dict[tuple[str, str], Named]:
    ids: dict[str, set[str]] = {}
    for entry in entries:
        ids.setdefault(entry.subject_type, set()).add(entry.subject_id)
    found = (
        (name, VOCABULARY.kinds[name].find(some)) for name, some in ids.items() if name in VOCABULARY.kinds
    )
    return {(name, pk): named for name, those in found for pk, named in those.items()}


def _line(entry: AuditEntry, slug: str, names: Mapping[tuple[str, str], Named]) -> Line:
    unknown = (entry.event.replace("_", " ").capitalize(), "off")
    sentence, tone = VOCABULARY.sentences.get(
        (entry.subject_type, entry.event), VOCABULARY.sentences.get(("", entry.event), unknown)
    )
    kind = VOCABULARY.kinds.get(entry.subject_type)
    named = names.get((entry.subject_type, entry.subject_id))
    url = reverse(kind.url_name, args=[slug, *named.page]) if kind and named and kind.url_name else ""
    return Line(
        entry=entry,
        sentence=_filled(_(sentence), entry),
        tone=tone,
        who=who(entry),
        word=_(kind.word) if kind else entry.subject_type.capitalize(),
        label=named.label if named else entry.subject_id,
        url=url,
        changes=_changes(entry),
    )


def _filled(sentence: str, entry: AuditEntry) -> str:
    """``v{version} published`` with the entry's own values; a ``label`` is a word of ours."""
    values = {name: _(value) if name == "label" else str(value) for name, value in entry.after.items()}
    return BLANK.sub(lambda blank: values.get(blank[1], ""), sentence)


def _changes(entry: AuditEntry) -> list[Change]:
    told = [_change(name, entry) for name in VOCABULARY.fields if name in entry.after]
    return [change for change in told if change and change.before != change.after]


def _change(name: str, entry: AuditEntry) -> Change | None:
    field, is_new = VOCABULARY.fields[name], name not in entry.before
    if is_new and not field.alone:
        return None
    sides = _shown(field, entry.before.get(name)), _shown(field, entry.after[name])
    return Change(_(field.word), *sides, is_new, field.secret)


def _shown(field: Field, value: Any) -> str:
    return "" if value in (None, "", []) else field.show(value)

"""What there is to translate: every sentence that templates and Python mark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from django.utils.translation.template import templatize

APPS = ("dialnexa", "kyc", "telephony", "phone_numbers")
FIRST: dict[str, None] = dict.fromkeys(
    ("gettext", "gettext_lazy", "gettext_noop", "_", "system")  # system: our own actors' names
)
KEYWORDS = {
    **FIRST,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
Key = tuple[str, str]  # context, and the singular's English: what gettext looks things up by


@dataclass
class Marked:
    """One sentence, and the files that say it. ``plural`` is empty for one without."""

    singular: str
    plural: str = ""
    context: str = ""
    places: set[str] = field(default_factory=set)

    @property
    def id(self) -> str | tuple[str, str]:
        """As Babel's catalogues have it."""
        return (self.singular, self.plural) if self.plural else self.singular


def extract_all(root: Path) -> dict[Key, Marked]:
    """Every sentence of the project in ``root``, by its key. The same tree gives the same."""
    found: dict[Key, Marked] = {}
    for path in sources(root):
        for marked in extract_from(path):
            known = found.setdefault((marked.context, marked.singular), marked)
            known.plural = known.plural or marked.plural
            known.places.add(path.relative_to(root).as_posix())
    return dict(sorted(found.items(), key=lambda item: (item[0][1], item[0][0])))


def sources(root: Path) -> Iterator[Path]:
    """Templates and Python files."""
    for app in APPS:
        yield from sorted((root / app).rglob("*.py"))
    for pattern in ("*.html", "*.txt"):
        yield from sorted((root / "templates").rglob(pattern))


def extract_from(path: Path) -> Iterator[Marked]:
    """A template is made Python first; in brackets, so that its lines need not be indented like Python's."""
    source = path.read_text()
    if path.suffix != ".py":
        source = f"({templatize(source, origin=str(path))}\n)"
    for _line, told, _comments, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        singular, plural = told if isinstance(told, tuple) else (told, "")
        yield Marked(singular, plural, context or "")


def by_place(marked: dict[Key, Marked]) -> dict[str, list[Marked]]:
    """The sentences by the first file that says them."""
    places = defaultdict(list)
    for one in marked.values():
        places[min(one.places)].append(one)
    return dict(sorted(places.items()))

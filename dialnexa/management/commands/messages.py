"""``manage.py messages``: what is still to translate, what is translated in vain, and what can't be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dialnexa.translations.catalogues import (
    LIBRARIES,
    languages,
    messages_of,
    new_catalogue,
    read_area,
    read_areas,
    write_area,
)
from dialnexa.translations.checking import find_dead, find_faults, find_missing, key_of
from dialnexa.translations.extracting import Marked, by_place, extract_all


class Command(BaseCommand):
    help = "Compare what templates and Python say with the areas' translations; fails where they differ."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--language", choices=languages(settings.LOCALE_PATHS[0]), default="hi")
        parser.add_argument("--add", metavar="AREA", help="add what is missing to this area, untranslated")
        parser.add_argument("--tidy", metavar="AREA", help="sort this area, and drop what nothing says")
        parser.add_argument("--below", nargs="*", default=[""], help="look at these files and folders only")

    def handle(self, *args: Any, language: str, below: list[str], **options: Any) -> None:
        self.folder: Path = settings.LOCALE_PATHS[0] / language / "areas"
        self.marked = extract_all(settings.BASE_DIR)
        areas = read_areas(settings.LOCALE_PATHS[0], language)
        missing = [one for one in find_missing(areas, self.marked) if _is_below(one, below)]
        dead = find_dead(areas, self.marked)
        if options["add"]:
            self.add(options["add"], missing, language)
        elif options["tidy"]:
            self.tidy(options["tidy"], language)
        else:
            self.tell(missing, dead, find_faults(areas, self.marked))

    def add(self, area: str, missing: list[Marked], language: str) -> None:
        path = self.folder / f"{area}.po"
        catalogue = read_area(path, language)
        for one in missing:
            catalogue.add(one.id, ("", "") if one.plural else "", context=one.context or None)
        write_area(path, catalogue)
        self.stdout.write(f"{len(missing)} to translate in {path.relative_to(settings.BASE_DIR)}.")

    def tidy(self, area: str, language: str) -> None:
        path = self.folder / f"{area}.po"
        kept = new_catalogue(language)
        for message in messages_of(read_area(path, language)):
            if area == LIBRARIES or key_of(message) in self.marked:
                kept.add(message.id, message.string, context=message.context)
        write_area(path, kept)

    def tell(self, missing: list[Marked], dead: list[tuple[str, str]], faults: list[str]) -> None:
        for place, sentences in by_place({(one.context, one.singular): one for one in missing}).items():
            self.stdout.write(f"{place}:")
            for one in sentences:
                self.stdout.write(f"  not translated: {one.singular!r}")
        for area, english in dead:
            self.stdout.write(f"{area}: nothing says {english!r}")
        for fault in faults:
            self.stdout.write(fault)
        if missing or dead or faults:
            raise CommandError(f"{len(missing)} not translated, {len(dead)} dead, {len(faults)} faulty.")
        self.stdout.write(f"{len(self.marked)} sentences, all translated.")


def _is_below(one: Marked, places: list[str]) -> bool:
    return any(place.startswith(start) for place in one.places for start in places)

"""``manage.py compile_translations``: what a release does once, and ``up`` and the tests by themselves."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from dialnexa.translations.catalogues import compile_catalogues


class Command(BaseCommand):
    help = "Merge the translations of all areas into the catalogues that are read, where those are older."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for path in compile_catalogues(settings.LOCALE_PATHS[0]):
            self.stdout.write(f"Compiled {path.relative_to(settings.BASE_DIR)}.")

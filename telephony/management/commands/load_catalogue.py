from typing import Any

from django.core.management.base import BaseCommand

from telephony.catalogue import load_catalogue


class Command(BaseCommand):
    help = "Load countries from the numbering metadata and give each a network group. Safe to run again."

    def handle(self, **options: Any) -> None:
        loaded = load_catalogue()
        self.stdout.write(f"{loaded.countries} new countries, {loaded.network_groups} new network groups.")

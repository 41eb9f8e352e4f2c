from typing import Any

from django.core.management.base import BaseCommand

from dialnexa import clock
from phone_numbers.inbound.pointing import point_all


class Command(BaseCommand):
    help = "Point every number at us anew: after a change of the public URL. The sweeper and workers do it."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{point_all(now=clock.now())} numbers are due.")

"""``manage.py limit_role``: once for every database role that speaks through PgBouncer."""

from typing import Any

from django.core.management.base import BaseCommand

from dialnexa.database import limit_role


class Command(BaseCommand):
    help = "Write our time limits to the database role, for PgBouncer in transaction mode."
    requires_system_checks: list[str] = []  # one of them asks for this command

    def handle(self, *args: Any, **options: Any) -> None:
        for line in limit_role():
            self.stdout.write(line)
        self.stdout.write(
            "Sessions that are open keep the old ones: restart PgBouncer, or RECONNECT in its console."
        )

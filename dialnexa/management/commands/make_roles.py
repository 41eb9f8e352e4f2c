"""``manage.py make_roles``: after the first migration; doing it again does no harm."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from dialnexa.isolation.roles import WEB, Role, make_roles


class Command(BaseCommand):
    help = "Make the database roles of web processes and of those who only read, or renew their rights."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--web", default="dialnexa_web", help="the name of the web processes' role")
        parser.add_argument("--readonly", default="dialnexa_readonly", help="the name of the one that reads")

    def handle(self, *args: Any, web: str, readonly: str, **options: Any) -> None:
        """Passwords come from the environment, where no list of processes shows them, and are not printed."""
        make_roles(
            Role(web, WEB, os.environ.get("DIALNEXA_WEB_ROLE_PASSWORD", "")),
            Role(readonly, "SELECT", os.environ.get("DIALNEXA_READONLY_ROLE_PASSWORD", "")),
        )
        self.stdout.write(f"The roles {web} and {readonly} have their rights.")

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dialnexa import clock
from dialnexa.errors import Refusal
from phone_numbers.demo.workspaces import PASSWORD, make_demo


class Command(BaseCommand):
    help = "Make a demo workspace with people, agents and credit, and print its logins. Safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        default = "a well-known one" if settings.DEBUG else "required outside DEBUG"
        parser.add_argument("--password", default=PASSWORD, help=f"for everybody in it ({default})")

    def handle(self, password: str, **options: Any) -> None:
        try:
            logins = make_demo(password=password, now=clock.now())
        except Refusal as refusal:
            raise CommandError(f"{refusal.sentence} (--password …)") from refusal
        for login in logins:
            self.stdout.write(f"{login.email}  {login.password or '(password changed)'}  {login.role}")

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dialnexa import clock
from dialnexa.actors import system
from dialnexa.api_keys import SCOPES, create_api_key
from dialnexa.errors import Refusal
from dialnexa.models import Workspace
from dialnexa.money import read_money


class Command(BaseCommand):
    help = "Make an API key for a workspace and print it: the key and nothing else, and only this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", help="its slug, for example demo")
        parser.add_argument(
            "--scopes", required=True, help=f"all, or some of {', '.join(SCOPES)}, with commas"
        )
        parser.add_argument("--name", default="Made on the command line")
        parser.add_argument("--days", type=int, help="how long it is good for; without: until it is revoked")
        parser.add_argument("--cap", help="what it may spend in a month, in the wallet's currency: 2500.50")

    def handle(
        self, workspace: str, scopes: str, name: str, days: int | None, cap: str | None, **options: Any
    ) -> None:
        now = clock.now()
        owner = _workspace(workspace)
        try:
            _, secret = create_api_key(
                owner,
                name,
                _scopes(scopes),
                by=system("Command line"),
                now=now,
                expires_at=None if days is None else now + timedelta(days=days),
                monthly_spend_cap=None if cap is None else read_money(cap, owner.currency),
            )
        except Refusal as refusal:
            raise CommandError(refusal.sentence) from refusal
        except OverflowError as error:
            raise CommandError("--days is too large.") from error
        self.stdout.write(secret)


def _workspace(slug: str) -> Workspace:
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        raise CommandError(f"There is no workspace {slug!r}. 'manage.py make_demo' makes one called demo.")
    return workspace


def _scopes(text: str) -> list[str]:
    return list(SCOPES) if text == "all" else [scope.strip() for scope in text.split(",") if scope.strip()]

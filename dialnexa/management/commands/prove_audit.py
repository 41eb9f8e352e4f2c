"""``manage.py prove_audit``: hold the history against its chains. Exit status 1 when it was tampered with."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dialnexa.audit_chain import end_of_all, find_wrong, link_new
from dialnexa.models import AuditLink


class Command(BaseCommand):
    help = "Tell which entries of the history were changed, deleted or put in, and where its chains end."

    def handle(self, *args: Any, **options: Any) -> None:
        while link_new():
            pass
        wrong = find_wrong()
        for about, says in wrong:
            self.stdout.write(f"{about}: {says}")
        if wrong:
            raise CommandError(f"The history is not what was recorded: {len(wrong)} entries.")
        count = AuditLink.objects.count()
        self.stdout.write(f"The history is what was recorded: {count} entries, ending in {end_of_all()}.")

"""``manage.py staff_groups``: the groups of support staff, as this version means them."""

from typing import Any

from django.core.management.base import BaseCommand

from phone_numbers.admin.staff_groups import make_staff_groups


class Command(BaseCommand):
    help = (
        "Make or mend the groups Support, KYC desk, Billing and Operators. Run it after migrate. Repeatable."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in make_staff_groups().items():
            self.stdout.write(f"{name}: {count} permissions.")

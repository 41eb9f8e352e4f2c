"""``python -m tests.numbers.inbound.furnish [MORE]``: numbers that an agent answers, for ``installation``."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta

VERSIONS = ("wss://agents.example.com/1", "wss://agents.example.com/2")
NUMBERS = tuple(f"+1212555{serial:04}" for serial in range(100, 120))


def more_numbers(count: int) -> list[str]:
    """The numbers there are beside NUMBERS, when so many more were asked for."""
    return [f"+1213{serial:07}" for serial in range(2_000_000, 2_000_000 + count)]


def main(more: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dialnexa.settings")
    import django

    django.setup()
    from dialnexa import wallet
    from dialnexa.actors import SYSTEM
    from dialnexa.models import User, Workspace
    from telephony import agents
    from tests.numbers.rows import make_number, make_rental

    now = datetime.now(UTC)
    owner = User.objects.create_user("alice@example.com", "correct horse battery staple")
    workspace = Workspace.objects.create(slug="acme", name="Acme")
    workspace.memberships.create(user=owner, role="owner")
    wallet.open_accounts(workspace)
    versions = []
    for n, url in enumerate(VERSIONS):
        agent = agents.create_agent(workspace, title=f"Agent {n + 1}", runtime_url=url, by=SYSTEM, now=now)
        agents.publish(agents.newest_version(agent), by=SYSTEM, now=now)
        versions.append(agents.newest_version(agent))
    for e164 in (*NUMBERS, *more_numbers(more)):
        number = make_number(workspace, e164, inbound_version=versions[0])
        make_rental(number, now + timedelta(days=20))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)

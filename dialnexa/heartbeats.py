"""When each background process was last seen.

That is told in real time (``clock.wall_now()``), so that a demo whose clock jumps does not look dead; turns
are taken in the demo's.
"""

from datetime import UTC, datetime, timedelta

from dialnexa.models import Heartbeat

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
PROCESSES = ("worker", "sweeper")  # those that beat all the time; other names are turns, taken now and then


def beat(name: str, *, now: datetime) -> None:
    """Note that ``name`` (``worker``, ``sweeper``) is alive at ``now``."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": now})


def silent(names: tuple[str, ...], *, now: datetime, within: timedelta) -> list[str]:
    """Which of these processes have not been seen for longer than ``within``."""
    seen = set(Heartbeat.objects.filter(name__in=names, at__gte=now - within).values_list("name", flat=True))
    return [name for name in names if name not in seen]


def make_due(name: str) -> None:
    """Whoever asks next is told that it is time for ``name``."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": LONG_AGO})


def take_turn(name: str, *, now: datetime, every: timedelta) -> bool:
    """Whether it is time again for ``name``; of all processes that ask, one is told so."""
    if Heartbeat.objects.filter(name=name, at__lte=now - every).update(at=now):
        return True
    return Heartbeat.objects.get_or_create(name=name, defaults={"at": now})[1]

"""What the database knows at this moment: the same whoever is asked, so not counted but read.

Each app has a module ``readings`` with a function ``read(now)``. A reading is one indexed query, of rows that
are open, late or in trouble; those are few however many numbers there are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dialnexa import clock
from dialnexa.isolation.scope import everywhere


@dataclass(frozen=True, slots=True)
class Reading:
    """``name`` without the prefix dialnexa_; ``says`` is the sentence of the metric."""

    name: str
    says: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def seconds_since(at: datetime | None, now: datetime) -> float:
    """How old it is; 0 when there is nothing."""
    return max((now - at).total_seconds(), 0.0) if at else 0.0


def read_all(now: datetime) -> Iterator[Reading]:
    """Everything that every app reads. Raises DatabaseError."""
    for app in apps.get_app_configs():
        if app.name.partition(".")[0] != "django" and find_spec(f"{app.name}.readings"):
            yield from import_module(f"{app.name}.readings").read(now)


class Readings(Collector):
    """Asks at most once in METRICS_KEPT seconds, however many ask us."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: list[GaugeMetricFamily] = []
        self._until = 0.0

    def collect(self) -> list[GaugeMetricFamily]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._kept = list(families(self._read()))
                self._until = time.monotonic() + settings.METRICS_KEPT
            return self._kept

    def _read(self) -> list[Reading]:
        began = time.monotonic()
        try:
            with everywhere("Figures are of the whole installation."):
                found = [*read_all(clock.now())]
            found.append(Reading("database_answers", "Whether it told us all this", 1))
        except DatabaseError:
            found = [Reading("database_answers", "Whether it told us all this", 0)]
        spent = time.monotonic() - began
        return [*found, Reading("readings_seconds", "How long the database took for all this", spent)]


def families(readings: Iterable[Reading]) -> Iterator[GaugeMetricFamily]:
    """As Prometheus wants them: all values of one name together."""
    named: dict[str, GaugeMetricFamily] = {}
    for reading in readings:
        if reading.name not in named:
            name = f"dialnexa_{reading.name}"
            named[reading.name] = GaugeMetricFamily(name, reading.says, labels=list(reading.labels))
        named[reading.name].add_metric(list(reading.labels.values()), reading.value)
    return iter(named.values())

"""The one place that reads the wall clock. Verbs take ``now``; interfaces pass ``clock.now()``."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return timezone.now()

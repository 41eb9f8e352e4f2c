"""How a line looks, whoever writes it: our modules, Django, Celery, Granian, Python's warnings.

{"at": "2026-11-21T15:47:12.081Z", "level": "warning", "logger": "phone_numbers.buying.settling",
 "message": "ord_01k…: the carrier can't be asked", "request_id": "req_01k…", "order_id": "ord_01k…", …}
"""

from __future__ import annotations

import logging
import logging.config
import os
from collections.abc import MutableMapping
from typing import Any

import structlog
from django.conf import settings
from structlog.typing import Processor

from dialnexa.logs.redacting import Redactor, secret_values

Event = MutableMapping[str, Any]
PLACES = ("at", "level", "logger", "message")


def configure(options: dict[str, Any]) -> None:
    """Django calls this with LOGGING, in every process of the installation."""
    logging.config.dictConfig(options)
    logging.captureWarnings(True)


def formatter() -> structlog.stdlib.ProcessorFormatter:
    """For the handlers of LOGGING: JSON or text, as DIALNEXA_LOG_FORMAT says."""
    shown = as_json() if settings.LOG_FORMAT == "json" else as_text()
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=FACTS),
            structlog.contextvars.merge_contextvars,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            Redactor(secret_values(os.environ)),
            *shown,
        ],
    )


# What our own lines may add as ``extra``; others' extras hold whole requests.
FACTS = ("method", "route", "status", "ms", "task", "outcome")


def as_json() -> list[Processor]:
    return [in_order, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]


def as_text() -> list[Processor]:
    return [as_line]


def in_order(logger: Any, method: str, event: Event) -> Event:
    """What every line has comes first."""
    first = {name: event[name] for name in PLACES if name in event}
    return first | {name: value for name, value in event.items() if name not in first}


def as_line(logger: Any, method: str, event: Event) -> str:
    """For a terminal: ``15:47:12 warning logger message  request_id=…``, and the traceback below."""
    at, level, name, message = (str(event.pop(place, "")) for place in PLACES)
    below = [str(event.pop(part)) for part in ("exception", "stack") if event.get(part)]
    facts = " ".join(f"{fact}={value}" for fact, value in event.items())
    head = f"{at[:19].replace('T', ' ')} {level.upper()} {name} {message}"
    return "\n".join([f"{head}  [{facts}]" if facts else head, *below])

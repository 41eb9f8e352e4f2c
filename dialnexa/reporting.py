"""Errors as others may see them: Django's error pages, and reports to Sentry where one is named.

A report says where it happened and for which request; never what somebody typed, sent or keeps secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.views.debug import SafeExceptionReporterFilter

from dialnexa.logs import context
from dialnexa.logs.redacting import Redactor, secret_values

# Of a request not even the address: it may hold tokens and numbers, and the report names its pattern
UNTOLD = ("request", "extra", "breadcrumbs", "modules", "server_name", "user")


class SecretsHidden(SafeExceptionReporterFilter):
    """Hides addresses too: passwords are inside them."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern + "|URL|LOCATION|DSN", re.IGNORECASE
    )


def report_errors() -> None:
    """Send what is logged as an error to SENTRY_DSN, from now on. Without one nothing is even imported."""
    if not settings.SENTRY_DSN:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SENTRY_ENVIRONMENT,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=None,
        before_send=scrubbed,
    )


def scrubbed(event: Any, hint: Mapping[str, Any]) -> Any:
    """The report without what it must not say, and with the ids that lead to our logs."""
    for part in UNTOLD:
        event.pop(part, None)
    event["contexts"] = {"trace": (event.get("contexts") or {}).get("trace", {})}
    redactor = Redactor(secret_values(os.environ))
    kept = {name: redactor.told("", value) for name, value in event.items()}
    return kept | {"tags": context.noted(), "timestamp": event.get("timestamp")}

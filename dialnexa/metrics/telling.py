"""``/metrics``, for Prometheus: from a network named in the settings, or with their token. Never public."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from dialnexa.metrics.counting import can_count
from dialnexa.metrics.reading import Readings

REFUSED = (
    "Figures are told to the networks in DIALNEXA_METRICS_NETWORKS, and to who sends DIALNEXA_METRICS_TOKEN "
    "as a bearer token.\n"
)
READINGS = Readings()
PROXIES_SAY = ("forwarded", "x-forwarded-", "x-real-ip", "via", "cf-", "true-client-ip", "x-client-ip")


def show_metrics(request: HttpRequest) -> HttpResponse:
    """What all processes of this machine have counted, and what the database says now."""
    if not may_read(request):
        return HttpResponse(REFUSED, status=403, content_type="text/plain")
    registry = CollectorRegistry()
    if can_count():
        MultiProcessCollector(registry)
    registry.register(READINGS)
    answer = HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    answer["Cache-Control"] = "no-store"
    return answer


def may_read(request: HttpRequest) -> bool:
    """What came through a proxy is from anywhere, whatever network the proxy is in: it needs the token."""
    told = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.METRICS_TOKEN and constant_time_compare(told, settings.METRICS_TOKEN):
        return True
    if any(header.lower().startswith(PROXIES_SAY) for header in request.headers):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)

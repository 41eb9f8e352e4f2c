"""The request as views see it, after the middleware and the getters have had it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from dialnexa.models import Membership, Workspace


class Request(HttpRequest):
    """``membership`` and ``workspace`` are there after ``access.get_workspace``."""

    id: str
    htmx: HtmxDetails
    membership: Membership
    workspace: Workspace

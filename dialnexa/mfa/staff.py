"""The door of the support desk. Loaded late: the admin site is made before there are models."""

from __future__ import annotations

from ipaddress import ip_address

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dialnexa.mfa.leading import lead_to_second_step
from dialnexa.mfa.rules import took_second_step

WHY = _("Support staff sign in with two steps. Set up the second one, then open the support desk.")


def may_enter(request: HttpRequest) -> bool:
    """Whether this session may see the support desk, as far as the second step goes."""
    return not settings.STAFF_MFA or took_second_step(request)


def refuse_from_afar(request: HttpRequest) -> None:
    """Raises Http404 for addresses outside of ``ADMIN_NETWORKS``, where any are named."""
    if settings.ADMIN_NETWORKS:
        address = ip_address(get_adapter(request).get_client_ip(request))
        if not any(address in network for network in settings.ADMIN_NETWORKS):
            raise Http404


def lead_in(request: HttpRequest) -> HttpResponse:
    """To where the second step is taken or set up, and then to the desk."""
    return lead_to_second_step(request, str(WHY), reverse("admin:index"))

"""The SIP engine that dials over customers' own carriers, as ``settings.SIP_ENGINE`` names it."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from telephony.carriers.base import Recorder
from telephony.sip_engines.base import SipEngine, Trunk

__all__ = ["SipEngine", "Trunk", "get_engine"]


def get_engine(*, recorder: Recorder | None = None) -> SipEngine:
    """The engine, ready to call; ``recorder`` is told of every request and answer.

    Raises LookupError when none is configured.
    """
    options = dict(settings.SIP_ENGINE)
    if not options:
        raise LookupError("no SIP engine dials over customers' own carriers.")
    engine: SipEngine = import_string(options.pop("class"))(**options, recorder=recorder)
    return engine

"""SIP as far as a trunk needs it: which hosts may be called, and whether one answers."""

from telephony.sip.checking import Check, check_trunk
from telephony.sip.hosts import Termination, parse_termination
from telephony.sip.targets import Target, resolve

__all__ = ["Check", "Target", "Termination", "check_trunk", "parse_termination", "resolve"]

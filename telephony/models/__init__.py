"""The catalogue (where numbers exist, what calls and rents cost), agents, and what was said to carriers."""

from telephony.models.agents import Agent, AgentVersion
from telephony.models.batches import BatchCall, BatchFile
from telephony.models.catalogue import CarrierSlug, Country, NetworkGroup, NumberKind, Prefix
from telephony.models.config import SipSwitch, WorkspaceNetworkGroup
from telephony.models.exchanges import CarrierExchange
from telephony.models.prices import CallRate, RateVersion, RentalRate, SipRate

__all__ = [
    "Agent",
    "AgentVersion",
    "BatchCall",
    "BatchFile",
    "CallRate",
    "CarrierExchange",
    "CarrierSlug",
    "Country",
    "NetworkGroup",
    "NumberKind",
    "Prefix",
    "RateVersion",
    "RentalRate",
    "SipRate",
    "SipSwitch",
    "WorkspaceNetworkGroup",
]

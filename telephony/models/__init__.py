"""The catalogue (where numbers exist, what calls and rents cost), agents, calls, and talks with carriers."""

from telephony.models.agents import Agent, AgentVersion
from telephony.models.batches import BatchCall, BatchFile
from telephony.models.calls import BatchRow, Call, CarrierWebhook, Direction
from telephony.models.catalogue import CarrierSlug, Country, NetworkGroup, NumberKind, Prefix
from telephony.models.config import SipSwitch, WorkspaceNetworkGroup
from telephony.models.exchanges import CarrierExchange
from telephony.models.limits import (
    CalledCountry,
    CallStop,
    DeniedPrefix,
    LimitOverride,
    LimitRequest,
    OpenedPrefix,
)
from telephony.models.prices import CallRate, DeckUpload, RateVersion, RentalRate, SipRate

__all__ = [
    "Agent",
    "AgentVersion",
    "BatchCall",
    "BatchFile",
    "BatchRow",
    "Call",
    "CallRate",
    "CallStop",
    "CalledCountry",
    "CarrierExchange",
    "CarrierSlug",
    "CarrierWebhook",
    "Country",
    "DeckUpload",
    "DeniedPrefix",
    "Direction",
    "LimitOverride",
    "LimitRequest",
    "NetworkGroup",
    "NumberKind",
    "OpenedPrefix",
    "Prefix",
    "RateVersion",
    "RentalRate",
    "SipRate",
    "SipSwitch",
    "WorkspaceNetworkGroup",
]

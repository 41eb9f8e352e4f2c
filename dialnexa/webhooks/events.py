"""What can be told. The names are part of the interface: they are added to, never changed."""

from __future__ import annotations

EVENTS = {
    "number.activated": "A number can be used: it was bought, linked or given by support.",
    "number.purchase_failed": "A purchase ended without a number. Nothing was charged.",
    "number.released": "A number was given back, and costs nothing any more.",
    "rental.renewed": "The next period of a number was paid.",
    "rental.past_due": "A number's rent could not be paid. The number goes on working for now.",
    "rental.expired": "A number stopped working because its rent was not paid.",
    "rental.restored": "An expired number works again: its rent was paid.",
    "kyc.verified": "The workspace's identity was verified.",
    "kyc.rejected": "The workspace's papers were rejected.",
    "call.completed": "A call that was answered is over.",
    "call.failed": "A call ended without having been answered.",
    "limit.reached": "A limit of the workspace was reached for the first time that day.",
}
TEST = "webhook.test"  # sent by the button on the page, to one endpoint
EVERYTHING = "*"

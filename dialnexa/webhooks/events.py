"""What can be told. The names are part of the interface: they are added to, never changed."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

EVENTS = {
    "number.activated": _("A number can be used: it was bought, linked or given by support."),
    "number.purchase_failed": _("A purchase ended without a number. Nothing was charged."),
    "number.released": _("A number was given back, and costs nothing any more."),
    "rental.renewed": _("The next period of a number was paid."),
    "rental.past_due": _("A number's rent could not be paid. The number goes on working for now."),
    "rental.expired": _("A number stopped working because its rent was not paid."),
    "rental.restored": _("An expired number works again: its rent was paid."),
    "kyc.verified": _("The workspace's identity was verified."),
    "kyc.rejected": _("The workspace's papers were rejected."),
    "call.completed": _("A call that was answered is over."),
    "call.failed": _("A call ended without having been answered."),
    "limit.reached": _("A limit of the workspace was reached for the first time that day."),
}
TEST = "webhook.test"  # sent by the button on the page, to one endpoint
EVERYTHING = "*"

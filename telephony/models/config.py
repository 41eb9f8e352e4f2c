"""A workspace's Telephony Config."""

from __future__ import annotations

from django.db import models

from dialnexa import clock
from dialnexa.models import Workspace
from telephony.models.catalogue import NetworkGroup


class WorkspaceNetworkGroup(models.Model):
    """One switch of a workspace's Telephony Config. No row means off."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="network_groups")
    network_group = models.ForeignKey(NetworkGroup, on_delete=models.CASCADE, related_name="+")
    enabled = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "network_group"], name="one_switch_per_group"),
        )

    def __str__(self) -> str:
        return f"{self.network_group} {'on' if self.enabled else 'off'}"


class SipSwitch(models.Model):
    """The workspace's SIP/BYOC switch. No row means off. On: calls leave over the customer's own carrier, and
    the network groups are not asked.
    """

    workspace = models.OneToOneField(
        Workspace, on_delete=models.CASCADE, primary_key=True, related_name="sip_switch"
    )
    enabled = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "SIP switches"

    def __str__(self) -> str:
        return f"{self.workspace_id} SIP/BYOC {'on' if self.enabled else 'off'}"

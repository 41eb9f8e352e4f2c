"""A workspace's Telephony Config."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from dialnexa.models import Workspace
from telephony.models.catalogue import NetworkGroup


class WorkspaceNetworkGroup(models.Model):
    """One switch of a workspace's Telephony Config. No row means off."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="network_groups")
    network_group = models.ForeignKey(NetworkGroup, on_delete=models.CASCADE, related_name="+")
    enabled = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["workspace", "network_group"], name="one_switch_per_group"),
        )

    def __str__(self) -> str:
        return f"{self.network_group} {'on' if self.enabled else 'off'}"

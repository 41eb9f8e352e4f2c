"""Switching something off in Telephony Config, once it was shown what that stops."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from django.utils.translation import gettext as _

from dialnexa.actors import Actor
from dialnexa.errors import Refusal
from telephony.models import NetworkGroup
from telephony.switch_effects import FINDERS, Effect, SwitchOff
from telephony.switch_findings import batches_stopped, destinations_stopped, purchases_stopped
from telephony.switches import enable_groups, set_sip_switch

OURS = (purchases_stopped, batches_stopped, destinations_stopped)


@dataclass(frozen=True)
class Effects:
    """All that would stop."""

    effects: tuple[Effect, ...]

    @cached_property
    def fingerprint(self) -> str:
        """Differs as soon as anything that is shown does; ``switch_off`` takes it as ``expected``."""
        shown = [[effect.kind, effect.sentence, effect.named, effect.more] for effect in self.effects]
        return sha256(json.dumps(shown).encode()).hexdigest()


def find_effects(off: SwitchOff, *, now: datetime) -> Effects:
    """What switching this off at ``now`` would stop. Changes nothing."""
    return Effects(tuple(effect for finder in (*FINDERS, *OURS) for effect in finder(off, now)))


def switch_off(off: SwitchOff, *, expected: str, by: Actor, now: datetime) -> list[NetworkGroup]:
    """Do it, if it stops no more than was agreed to: ``expected`` is the fingerprint that was shown.

    Returns the groups that were on. Raises Refusal ``effects_changed`` (409) when something else would stop.
    """
    if find_effects(off, now=now).fingerprint != expected:
        sentence = _("What this stops has changed since it was shown. Look at it again before you go on.")
        raise Refusal("effects_changed", sentence, status=409)
    if off.is_sip:
        set_sip_switch(off.workspace, False, by=by, now=now)
        return []
    return enable_groups(off.workspace, off.groups, enabled=False, by=by, now=now)

"""Numbers that cost far more to call than their country does, and pay whoever answers: nobody calls them.

By what the numbering plan says of a number (premium rate, shared cost, company-wide, personal, pagers), and
by a list of prefixes that staff keep. Enabling a country never opens them; staff open one prefix for one
workspace until a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from django.db.models import Q
from django.utils.translation import gettext as _

from dialnexa.models import Workspace
from telephony.e164 import dear_kind, dear_patterns
from telephony.fast_e164 import could_match
from telephony.models import DeniedPrefix, OpenedPrefix

LONGEST = 15


@dataclass(frozen=True, slots=True)
class Ranges:
    """``denied``: digits with the calling code → why; ``opened``: those the workspace may call anyway."""

    denied: Mapping[str, str] = field(default_factory=dict)
    opened: frozenset[str] = frozenset()

    def why_not(self, e164: str) -> str:
        """Why this number is too expensive to call, as part of a sentence; empty when it is not."""
        if any(e164[1:n] in self.opened for n in range(2, len(e164) + 1)):
            return ""
        for n in range(LONGEST + 1, 1, -1):
            if why := self.denied.get(e164[1:n]):
                said = _("+%(prefix)s is on the list of prefixes that are never called (%(why)s)")
                return said % {"prefix": e164[1:n], "why": why}
        kind = dear_kind(e164)
        return _("it is a %(kind)s number") % {"kind": _(kind)} if kind else ""


class Suspects(dict[str, bool]):
    """For long lists: might a number that begins with these characters (``fast_e164.HEAD``) be too dear?"""

    def __init__(self, ranges: Ranges) -> None:
        super().__init__()
        self._denied = tuple(f"+{digits}" for digits in ranges.denied)

    def __missing__(self, head: str) -> bool:
        listed = any(head.startswith(prefix) or prefix.startswith(head) for prefix in self._denied)
        self[head] = found = listed or _may_be_dear(head)
        return found


@cache
def _may_be_dear(head: str) -> bool:
    """Where six digits do not settle it the number itself has to be asked."""
    return any(
        could_match(pattern, head[1 + len(code) :])
        for code in (head[1 : 1 + size] for size in (1, 2, 3))
        for pattern in dear_patterns(int(code))
    )


def ranges_of(workspace: Workspace, *, at: datetime) -> Ranges:
    """What counts for the workspace at ``at``. Two queries."""
    here = Q(created_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at))
    denied = DeniedPrefix.objects.filter(here).values_list("digits", "reason")
    opened = OpenedPrefix.objects.filter(here, workspace=workspace, until__gt=at)
    return Ranges(dict(denied), frozenset(opened.values_list("digits", flat=True)))

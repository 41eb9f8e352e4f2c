"""What the address bar asks the history for: what, who, when, one id; and the entries that fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dialnexa.actors import Channel
from dialnexa.history import VOCABULARY
from dialnexa.ids import ID_PATTERN
from dialnexa.models import AuditEntry, User, Workspace
from dialnexa.paging import Order

NEWEST = Order("at", descending=True)
DOORS = {
    Channel.STAFF: gettext_noop("Support"),
    Channel.SYSTEM: gettext_noop("DialNexa itself"),
    Channel.API: gettext_noop("All API keys"),
}
KEYS_OFFERED = 100  # in the list to choose from, newest first
ABOUT = re.compile(r"[A-Za-z0-9_.-]{1,64}")  # ids of objects and of requests
PLACE = re.compile(r"[1-9]\d{0,17}", re.ASCII)  # an entry's own


@dataclass(frozen=True, slots=True)
class HistoryFilters:
    """``what`` is a topic, ``who`` a user's or key's id or a door; days are the reader's, both included."""

    what: str = ""
    who: str = ""
    since: date | None = None
    until: date | None = None
    about: str = ""
    after: str = ""
    before: str = ""

    @property
    def query(self) -> str:
        """For links: everything but the place in the list."""
        days = {
            name: f"{day:%Y-%m-%d}" for name, day in (("since", self.since), ("until", self.until)) if day
        }
        words = {"what": self.what, "who": self.who, **days, "about": self.about}
        return urlencode({name: value for name, value in words.items() if value})

    def choose(self, workspace: Workspace) -> QuerySet[AuditEntry]:
        entries = AuditEntry.objects.filter(workspace=workspace)
        if self.what:
            entries = entries.filter(VOCABULARY.topics[self.what].rows)
        if self.since:
            entries = entries.filter(at__gte=_midnight(self.since))
        if self.until:
            entries = entries.filter(at__lt=_midnight(self.until + timedelta(days=1)))
        if self.about:
            entries = entries.filter(Q(subject_id=self.about) | Q(request_id=self.about))
        return entries.filter(self._by) if self.who else entries

    @property
    def _by(self) -> Q:
        if self.who in DOORS:
            return Q(channel=self.who)
        return Q(api_key=self.who) if self.who.startswith("key_") else Q(actor=self.who)


def read_filters(asked: Mapping[str, str]) -> HistoryFilters:
    """What can be made of the address; nonsense counts as nothing."""
    what, who, about = (asked.get(name, "").strip() for name in ("what", "who", "about"))
    places = {name: asked.get(name, "") for name in ("after", "before")}
    return HistoryFilters(
        what=what if what in VOCABULARY.topics else "",
        who=who if who in DOORS or ID_PATTERN.fullmatch(who) else "",
        since=_day(asked.get("since", "")),
        until=_day(asked.get("until", "")),
        about=about if ABOUT.fullmatch(about) else "",
        **{name: place for name, place in places.items() if PLACE.fullmatch(place)},
    )


def people_of(workspace: Workspace, chosen: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Whom one can ask for: members, keys, doors; and whoever is chosen, if the history knows them."""
    members = [(user.pk, user.get_full_name() or user.email) for user in workspace.members.order_by("email")]
    keys = [(key.pk, str(key)) for key in workspace.api_keys.order_by("-created_at", "-pk")[:KEYS_OFFERED]]
    doors = [(str(channel), _(name)) for channel, name in DOORS.items()]
    groups = [(_("Members"), members), (_("API keys"), keys), (_("Others"), doors)]
    known = {value for title, options in groups for value, name in options}
    if chosen and chosen not in known:
        groups.append((_("Chosen"), _former(workspace, chosen)))
    return [(title, options) for title, options in groups if options]


def _former(workspace: Workspace, chosen: str) -> list[tuple[str, str]]:
    """Somebody who has left, or a key of long ago; nobody whom this history does not know."""
    if chosen.startswith("key_"):
        return [(key.pk, str(key)) for key in workspace.api_keys.filter(pk=chosen)]
    here = AuditEntry.objects.filter(workspace=workspace, actor=chosen)
    users = User.objects.filter(pk=chosen) if here.exists() else User.objects.none()
    return [(user.pk, user.get_full_name() or user.email) for user in users]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 and 1970 <= int(text[:4]) <= 2999 else None
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))

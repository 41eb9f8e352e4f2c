"""Workspaces: how one begins."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from dialnexa import audit, time_zones, wallet
from dialnexa.actors import Actor, Channel
from dialnexa.errors import Refusal
from dialnexa.ids import new_id
from dialnexa.isolation.scope import everywhere
from dialnexa.mfa.rules import has_second_step
from dialnexa.models import Membership, User, Workspace

NAME_LIMIT = 120
SLUG_LIMIT = 60


def create_workspace(
    name: str,
    owner: User,
    *,
    now: datetime,
    slug: str = "",
    country: str = "IN",
    currency: str = "INR",
    time_zone: str = "",
    is_demo: bool = False,
    by: Actor | None = None,
) -> Workspace:
    """A workspace with its owner and open ledger accounts, in one transaction.

    ``slug`` is made from the name when empty, and made unique either way it is free to choose. ``time_zone``
    is the owner's when empty. Raises Refusal for a name that is empty or too long and for an unknown zone.
    """
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        sentence = _("Give the workspace a name of 1 to %(most)d characters.")
        raise Refusal("workspace_name_invalid", sentence % {"most": NAME_LIMIT})
    time_zone = time_zone or owner.time_zone
    if time_zone not in time_zones.known():
        sentence = _("There is no time zone %(zone)s. Write it like Asia/Kolkata.")
        raise Refusal("time_zone_unknown", sentence % {"zone": time_zone})
    by = by or Actor(Channel.BROWSER, owner.get_full_name() or owner.email, owner)
    with transaction.atomic(), everywhere("It is nobody's yet, and its slug no other's."):
        workspace = Workspace(
            slug=slug or free_slug(name),
            name=name,
            country=country,
            currency=currency,
            time_zone=time_zone,
            is_demo=is_demo,
            created_at=now,
        )
        _insert(workspace, may_lengthen=not slug)
        Membership.objects.create(workspace=workspace, user=owner, role=Membership.Role.OWNER, created_at=now)
        wallet.open_accounts(workspace)
        after = {"name": name, "slug": workspace.slug, "owner": owner.email}
        audit.record(workspace, "create", after=after, by=by, now=now)
    return workspace


def require_second_step(workspace: Workspace, required: bool, *, by: Actor, now: datetime) -> None:
    """Whether members see the workspace only in sessions that took a second step. API keys go on as before.

    Raises Refusal 409 when that changes nothing, and for somebody who would shut themselves out.
    """
    if required and by.user and not has_second_step(by.user):
        sentence = _("Set up a second step for yourself first; else you would shut yourself out.")
        raise Refusal("second_step_own", sentence, status=409)
    with transaction.atomic():
        changed = Workspace.objects.filter(pk=workspace.pk).exclude(requires_mfa=required)
        if not changed.update(requires_mfa=required):
            raise Refusal("second_step_unchanged", _("That was so already."), status=409)
        before, after = {"requires_mfa": not required}, {"requires_mfa": required}
        audit.record(workspace, "require_second_step", before=before, after=after, by=by, now=now)
    workspace.requires_mfa = required


def _insert(workspace: Workspace, *, may_lengthen: bool) -> None:
    """Save it. Somebody may have taken the slug since it was found free: then it gets a longer one."""
    try:
        with transaction.atomic():
            workspace.save(force_insert=True)
    except IntegrityError:
        if not may_lengthen:
            raise
        workspace.slug = _longer(workspace.slug)
        workspace.save(force_insert=True)


def free_slug(name: str) -> str:
    """A slug that no workspace has: the name's own, or with a few characters more."""
    slug = slugify(name)[:SLUG_LIMIT].strip("-") or "workspace"
    if not Workspace.objects.filter(slug=slug).exists():
        return slug
    return _longer(slug)


def _longer(slug: str) -> str:
    return f"{slug[: SLUG_LIMIT - 7]}-{new_id('ws')[-6:]}"

"""Second steps under the first sealing key (see ``dialnexa.sealing`` for the whole rotation)."""

from __future__ import annotations

import base64

from allauth.mfa.models import Authenticator
from django.db import transaction

from dialnexa.mfa.adapter import seal_for, unseal_for
from dialnexa.sealing import SealBroken, needs_resealing

SEALED = ("secret", "seed")  # of codes, and of recovery codes; passkeys hold public keys


def reseal_second_steps() -> tuple[int, list[str]]:
    """How many were sealed anew, and the ids of those that don't open with any key. Safe to repeat."""
    done, broken = 0, []
    for pk in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update(of=("self",)).select_related("user").get(pk=pk)
            try:
                done += _reseal(row)
            except SealBroken:
                broken.append(str(pk))
    return done, broken


def _reseal(row: Authenticator) -> bool:
    name = next(name for name in SEALED if name in row.data)
    if not needs_resealing(base64.b64decode(row.data[name])):
        return False
    row.data[name] = seal_for(row.user, unseal_for(row.user, row.data[name]))
    row.save(update_fields=["data"])
    return True

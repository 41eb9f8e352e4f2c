"""A code counts once, in whatever process: the last one spent stands in the authenticator's row."""

from __future__ import annotations

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction

from dialnexa.mfa.adapter import unseal_for

SPENT = "spent"  # in ``data``: the counter of the last code that was accepted


def spend(authenticator: Authenticator, code: str) -> bool:
    """Whether ``code`` is right now and newer than every code before it; from then on it is old."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().select_related("user").get(pk=authenticator.pk)
        counter = _counter_of(unseal_for(row.user, row.data["secret"]), code)
        if counter <= row.data.get(SPENT, 0):
            return False
        row.data[SPENT] = counter
        row.save(update_fields=["data"])
    authenticator.data = row.data
    return True


def _counter_of(secret: str, code: str) -> int:
    """Which period's code it is; 0 for none of those that are accepted now."""
    for counter in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            return counter
    return 0

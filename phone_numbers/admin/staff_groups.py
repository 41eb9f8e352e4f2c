"""What support staff may do, by the desk they sit at. Everybody looks; nobody needs to be a superuser.

Whoever is in several groups may do what each of them may. Papers of customers are for the KYC desk alone, and
who looks there, too.
"""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

GROUPS: dict[str, tuple[str, ...]] = {
    "Support": (
        *("dialnexa.change_user", "dialnexa.change_workspace", "dialnexa.change_apikey"),
        *("dialnexa.add_membership", "dialnexa.change_membership", "dialnexa.delete_membership"),
        *("mfa.delete_authenticator", "telephony.add_callstop"),
        *("numbers.change_numberorder", "numbers.change_phonenumber", "numbers.change_siptrunk"),
        "dialnexa.change_approvalrequest",
    ),
    "KYC desk": ("kyc.change_kyccase", "kyc.view_kycdocument", "dialnexa.change_approvalrequest"),
    "Billing": (
        *("dialnexa.add_ledgerentry", "numbers.change_ledgerproof", "numbers.change_rental"),
        *("telephony.add_callrate", "telephony.add_rentalrate", "telephony.add_siprate"),
        "telephony.add_limitoverride",
        "dialnexa.change_approvalrequest",
    ),
    "Operators": (
        *("numbers.change_carriersweep", "numbers.change_drift", "numbers.change_straynumber"),
        *("numbers.change_reassignablenumber", "telephony.change_country", "telephony.add_callstop"),
        *("telephony.add_deniedprefix", "telephony.add_openedprefix"),
    ),
}
NOT_FOR_ALL = ("view_kycdocument", "view_kycfile", "view_session", "view_batchfile")


def make_staff_groups() -> dict[str, int]:
    """Make the groups, or set them right again: how many permissions each has. Safe to repeat.

    Groups of other names stay as they are, and so does who is in which.
    """
    looking = list(Permission.objects.filter(codename__startswith="view_").exclude(codename__in=NOT_FOR_ALL))
    with transaction.atomic():
        return {name: _set_right(name, looking) for name in GROUPS}


def _set_right(name: str, looking: list[Permission]) -> int:
    group, _ = Group.objects.get_or_create(name=name)
    wanted = Q(pk__in=[])
    for permission in GROUPS[name]:
        app, codename = permission.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    group.permissions.set([*looking, *Permission.objects.filter(wanted)])
    return group.permissions.count()

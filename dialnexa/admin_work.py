"""What staff do to customers and their money: the forms, and the one verb behind each."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django import forms

from dialnexa import wallet
from dialnexa.actors import Actor
from dialnexa.admin_actions import ReasonForm, StaffAction
from dialnexa.admin_looks import exact_money
from dialnexa.admin_pieces import ReasonedModelForm
from dialnexa.api_keys import revoke_api_key
from dialnexa.approvals import credit_or_ask
from dialnexa.errors import Refusal
from dialnexa.ids import ID_PATTERN, new_id
from dialnexa.memberships import add_member, change_role, remove_member
from dialnexa.models import ApiKey, ApprovalRequest, Membership, User, Workspace
from dialnexa.money import read_money


class ZonedForm(ReasonedModelForm):
    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"]
        if zone not in zoneinfo.available_timezones():
            raise forms.ValidationError("Enter a time zone by its name, like Asia/Kolkata.")
        return zone


def is_customer(workspace: Workspace) -> bool:
    """Whether anybody may be in it: not in the one that holds numbers without an owner."""
    return not workspace.is_pool


# --- money ------------------------------------------------------------------------------------------


class CreditForm(ReasonForm):
    """``reference`` is made with the form, so that sending it twice credits once."""

    item: Workspace
    amount = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "autofocus": True}),
        help_text="In the wallet's currency, like 2500 or 2500.50. You see it once more before it is booked.",
    )
    reason = forms.CharField(
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        help_text="The customer reads it among the wallet's transactions. Kept in the history for good.",
        error_messages={"required": "Say why: the customer and the history need a reason."},
    )
    reference = forms.RegexField(ID_PATTERN, widget=forms.HiddenInput, initial=lambda: new_id("crd"))
    field_order = ("amount", "reason", "reference")

    def clean_amount(self) -> Decimal:
        try:
            amount = read_money(self.cleaned_data["amount"], self.item.currency)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal
        if not amount:
            raise forms.ValidationError("A credit must be more than zero.")
        return amount


def _credit(workspace: Workspace, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    reference = f"staff:{data['reference']}:{workspace.pk}"
    amount, reason = data["amount"], data["reason"]
    done = credit_or_ask(workspace, amount, reference=reference, reason=reason, by=by, now=now)
    if isinstance(done, ApprovalRequest):
        return f"nothing is booked yet: somebody else has to approve {done} ({done.pk})."
    return f"credited {exact_money(done.amount, done.currency)} ({done.pk})."


def _credit_told(workspace: Workspace, data: dict[str, Any]) -> str:
    return f"Add {exact_money(data['amount'], workspace.currency)} to {workspace}"


def _wallet_now(workspace: Workspace) -> str:
    return f"The wallet holds {exact_money(wallet.balance(workspace), workspace.currency)} now."


CREDIT_WALLET = StaffAction(
    name="credit-wallet",
    label="Credit the wallet",
    explains=(
        "The money is the customer's at once and can be spent. It is booked from outside. A large credit, or "
        "one too many of yours in a day, waits until a second person approves it."
    ),
    run=_credit,
    permission="dialnexa.add_ledgerentry",
    form=CreditForm,
    fits=is_customer,
    says=_wallet_now,
    echo=_credit_told,
    single=True,
    final=True,
)

# --- members ----------------------------------------------------------------------------------------


class RoleForm(ReasonForm):
    role = forms.ChoiceField(choices=Membership.Role.choices)
    field_order = ("role", "reason")


class MemberForm(ReasonForm):
    email = forms.EmailField(label="E-mail", help_text="Of somebody who has an account.")
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.MEMBER)
    field_order = ("email", "role", "reason")


def _add_member(workspace: Workspace, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    user = User.objects.filter(email__iexact=data["email"]).first()
    if user is None:
        raise Refusal("no_such_user", f"Nobody signed up as {data['email']}. Ask them to, then add them.")
    if not EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists():
        sentence = f"{user} has not confirmed that address yet. Ask them to, then add them."
        raise Refusal("email_not_confirmed", sentence, status=409)
    member = add_member(workspace, user, data["role"], by=by, now=now, reason=data["reason"])
    return f"{user} is {member.get_role_display().lower()} now."


def _change_role(membership: Membership, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    change_role(membership, data["role"], by=by, now=now, reason=data["reason"])
    return f"is now {membership.get_role_display().lower()}."


def _remove(membership: Membership, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    remove_member(membership, by=by, now=now, reason=data["reason"])
    return "removed from the workspace."


def _role_now(membership: Membership) -> str:
    return f"{membership.get_role_display()} of {membership.workspace}."


ADD_MEMBER = StaffAction(
    name="add-member",
    label="Add a member",
    explains="The person sees the workspace at once, with the rights of the role.",
    run=_add_member,
    permission="dialnexa.add_membership",
    form=MemberForm,
    fits=is_customer,
    single=True,
)
CHANGE_ROLE = StaffAction(
    name="change-role",
    label="Change the role",
    explains="What the person may do in the workspace changes at once.",
    run=_change_role,
    permission="dialnexa.change_membership",
    form=RoleForm,
    says=_role_now,
)
REMOVE_MEMBER = StaffAction(
    name="remove-member",
    label="Remove from the workspace",
    explains="The person loses access to the workspace at once. Their account stays.",
    run=_remove,
    permission="dialnexa.delete_membership",
    says=_role_now,
    final=True,
    danger=True,
)

# --- keys -------------------------------------------------------------------------------------------


def _revoke(key: ApiKey, data: dict[str, Any], *, by: Actor, now: datetime) -> str:
    revoke_api_key(key, by=by, now=now, reason=data["reason"])
    return "revoked. Requests with it are refused from now on."


REVOKE_KEY = StaffAction(
    name="revoke-key",
    label="Revoke the key",
    explains="Programs that use the key are refused at once. A revoked key can't be brought back.",
    run=_revoke,
    permission="dialnexa.change_apikey",
    fits=lambda key: key.revoked_at is None,
    says=lambda key: (
        "Revoked already." if key.revoked_at else f"Key of {key.workspace}, ends in …{key.hint}."
    ),
    final=True,
    danger=True,
)

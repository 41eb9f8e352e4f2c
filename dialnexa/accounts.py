"""How people sign in and sign up."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from dialnexa import clock
from dialnexa.models import User
from dialnexa.workspaces import create_workspace


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up gives a new user a workspace of their own."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        with transaction.atomic():
            user = super().save_user(request, user, form, commit=commit)
            if commit:
                create_workspace(workspace_name(user), user, now=clock.now())
        return user


def workspace_name(user: User) -> str:
    """What a workspace is called until somebody renames it: ``Asha's workspace``."""
    first = user.first_name or user.email.partition("@")[0].replace(".", " ").replace("_", " ")
    return f"{first.title()[:60]}\N{RIGHT SINGLE QUOTATION MARK}s workspace"

"""How people sign in and sign up."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up gives a new user a workspace of their own."""

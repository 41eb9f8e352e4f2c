"""What other apps may want to know about money, in the transaction in which it happens."""

from django.dispatch import Signal

wallet_credited = Signal()
"""Sent with ``workspace`` and ``now`` when money has come into a wallet from outside."""

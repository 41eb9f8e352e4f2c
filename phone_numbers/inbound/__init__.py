"""Calls that come in: who takes them, what the carrier is answered, and what is kept of them."""

"""The catalogue, rate decks, calls, batches and carriers' accounts, for support staff."""

from telephony.admin import batches, calls, carriers, catalogue, decks, limits

__all__ = ["batches", "calls", "carriers", "catalogue", "decks", "limits"]

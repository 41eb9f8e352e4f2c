from telephony.management.deck_command import DeckCommand
from telephony.rental_decks import import_rental_rates


class Command(DeckCommand):
    help = "Import what numbers cost, from a CSV deck (columns: see telephony/rental_decks.py)."
    verb = staticmethod(import_rental_rates)

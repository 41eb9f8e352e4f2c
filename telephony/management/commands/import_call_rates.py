from telephony.call_decks import import_call_rates
from telephony.management.deck_command import DeckCommand


class Command(DeckCommand):
    help = "Import what calls cost, from a CSV deck (columns: see telephony/call_decks.py)."
    verb = staticmethod(import_call_rates)

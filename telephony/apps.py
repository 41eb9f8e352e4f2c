from django.apps import AppConfig
from django.core.checks import register


class TelephonyConfig(AppConfig):
    name = "telephony"
    verbose_name = "Telephony"

    def ready(self) -> None:
        """Refuse to start with a carrier account whose credentials can't be right."""
        from telephony import history_words
        from telephony.carrier_accounts import refuse_wrong_accounts
        from telephony.checks import warn_of_none, warn_of_unused

        history_words.teach()
        register(warn_of_unused)
        register(warn_of_none, deploy=True)
        refuse_wrong_accounts()

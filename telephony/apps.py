from django.apps import AppConfig


class TelephonyConfig(AppConfig):
    name = "telephony"
    verbose_name = "Telephony"

    def ready(self) -> None:
        """Refuse to start with a carrier account whose credentials can't be right."""
        from telephony.carriers import carrier_slugs, get_carrier

        for slug in carrier_slugs():
            get_carrier(slug)

from django.apps import AppConfig


class KycConfig(AppConfig):
    name = "kyc"
    verbose_name = "KYC"

    def ready(self) -> None:
        from kyc import checks, history_words, overriding

        checks.learn()
        history_words.teach()
        overriding.learn()

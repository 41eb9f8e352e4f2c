from django.apps import AppConfig


class DialNexaConfig(AppConfig):
    name = "dialnexa"
    verbose_name = "Workspaces and money"

    def ready(self) -> None:
        from dialnexa import history_words

        history_words.teach()

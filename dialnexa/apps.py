from django.apps import AppConfig


class DialNexaConfig(AppConfig):
    name = "dialnexa"
    verbose_name = "Workspaces and money"

    def ready(self) -> None:
        from dialnexa import history_words, reporting
        from dialnexa.logs import carrying
        from dialnexa.metrics import counting

        history_words.teach()
        carrying.listen()
        counting.listen()
        reporting.report_errors()

from django.apps import AppConfig


class DialNexaConfig(AppConfig):
    name = "dialnexa"
    verbose_name = "Workspaces and money"

    def ready(self) -> None:
        from django.contrib.auth import user_logged_in

        from dialnexa import history_words, reporting
        from dialnexa.isolation import role_check  # noqa: F401  a check of Django's
        from dialnexa.logs import carrying
        from dialnexa.metrics import counting
        from dialnexa.mfa import following
        from dialnexa.sessions.limits import begin

        history_words.teach()
        carrying.listen()
        counting.listen()
        reporting.report_errors()
        user_logged_in.connect(begin)
        following.follow()

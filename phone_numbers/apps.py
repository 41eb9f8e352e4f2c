from django.apps import AppConfig


class NumbersConfig(AppConfig):
    """The numbers app. Its package can't be called ``numbers``: Python's standard library owns that name."""

    name = "phone_numbers"
    label = "numbers"
    verbose_name = "Numbers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from phone_numbers import history_words, staff_releasing
        from phone_numbers.renting import topping_up
        from phone_numbers.routes import switch_findings

        history_words.teach()
        staff_releasing.learn()
        switch_findings.teach()
        topping_up.listen()

from django.apps import AppConfig


class DialNexaConfig(AppConfig):
    name = "dialnexa"
    verbose_name = "Workspaces and money"

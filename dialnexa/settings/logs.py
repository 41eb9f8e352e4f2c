"""What is logged, and how: JSON in production, lines for people in development (see dialnexa.logs.lines)."""

from dialnexa.settings.environment import DEBUG, one_of

LOG_FORMAT = one_of("DIALNEXA_LOG_FORMAT", "json", "text", default="text" if DEBUG else "json")
LOG_LEVEL = one_of("DIALNEXA_LOG_LEVEL", "DEBUG", "INFO", "WARNING", "ERROR", default="INFO")
LOGGING_CONFIG = "dialnexa.logs.lines.configure"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "dialnexa.logs.lines.formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "celery": {"level": "WARNING"},  # a line for each task is ours to write: dialnexa.work
        "_granian": {"level": "WARNING", "handlers": [], "propagate": True},
        # Django's own, for development, would write every warning a second time, with what we take out
        "django": {"level": "INFO", "handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # one line for each request and task: for machines that search them, too many for a terminal
        "dialnexa.work": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
    },
}

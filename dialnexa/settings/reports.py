"""Where errors are reported (see dialnexa.reporting)."""

from dialnexa.settings.environment import env

SENTRY_DSN = env.str("DIALNEXA_SENTRY_DSN", "")
SENTRY_ENVIRONMENT = env.str("DIALNEXA_SENTRY_ENVIRONMENT", "production")

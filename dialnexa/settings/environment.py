"""How settings are read: every name begins with DIALNEXA_, beside DATABASE_URL and REDIS_URL."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(env.str("DIALNEXA_DATA_DIR", str(BASE_DIR / ".data"))).absolute()
DEBUG = env.bool("DIALNEXA_DEBUG", False)


def secret(name: str, *, in_debug: str) -> str:
    """A value production can't do without; development gets one that says what it is."""
    value = env.str(name, "")
    if not value and not DEBUG:
        raise ImproperlyConfigured(
            f"{name} is not set. Production needs it; set DIALNEXA_DEBUG=1 to run on this machine only."
        )
    return value or in_debug


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    texts: list[str] = env.list(name, [])
    try:
        return [ip_network(text.strip()) for text in texts]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be networks like 10.20.0.0/16 or fd00:20::/32, separated by commas: {error}."
        ) from error

"""How settings are read: every name begins with DIALNEXA_, beside DATABASE_URL and REDIS_URL.

What can't be right is collected, and told all at once when everything has been read: one sentence each.
"""

import builtins
import math
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, TypeVar

import limits as rates
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

_T = TypeVar("_T")
BASE_DIR = Path(__file__).resolve().parent.parent.parent
problems: list[str] = []


def refuse(sentence: str) -> None:
    """Production and development alike do not start with this; reading goes on, to say the rest, too."""
    problems.append(sentence)


def refuse_to_start() -> None:
    """Once all has been read. Raises ImproperlyConfigured with every sentence on a line of its own."""
    if problems:
        told = problems.copy()
        problems.clear()
        raise ImproperlyConfigured("\n".join(["The settings can't be right:", *told]))


def checked(read: Callable[[], _T], otherwise: _T) -> _T:
    """What ``read`` returns; where it raises ImproperlyConfigured, its sentence is kept for later."""
    try:
        return read()
    except ImproperlyConfigured as error:
        refuse(str(error))
        return otherwise


class Environment:
    """What environs reads, except that a value it can't read is refused with the others; none is negative."""

    def __init__(self) -> None:
        self._env = Env()

    def str(self, name: builtins.str, default: builtins.str = "") -> builtins.str:
        return self._read(name, default, self._env.str, "text")

    def int(self, name: builtins.str, default: builtins.int = 0) -> builtins.int:
        return self._not_negative(name, default, self._env.int, "a whole number")

    def float(self, name: builtins.str, default: builtins.float = 0.0) -> builtins.float:
        return self._not_negative(name, default, self._env.float, "a number")

    def bool(self, name: builtins.str, default: builtins.bool = False) -> builtins.bool:
        return self._read(name, default, self._env.bool, "1 or 0")

    def list(self, name: builtins.str, default: Any, **how: Any) -> Any:
        return self._read(name, default, partial(self._env.list, **how), "values separated by commas")

    def dict(self, name: builtins.str, default: Any, **how: Any) -> Any:
        return self._read(name, default, partial(self._env.dict, **how), "pairs like INR=5000,USD=60")

    def _not_negative(
        self, name: builtins.str, default: _T, read: Callable[..., Any], kind: builtins.str
    ) -> _T:
        value = self._read(name, default, read, kind)
        if math.isfinite(value) and value >= 0:
            return value
        refuse(f"{name} is {value}. Set {kind} from 0 on, or leave it out ({default}).")
        return default

    def _read(self, name: builtins.str, default: _T, read: Callable[..., Any], kind: builtins.str) -> Any:
        try:
            return read(name, default)
        except (EnvError, ArithmeticError):
            refuse(f"{name} can't be read. Set {kind}, or leave it out ({default}).")
            return default


env = Environment()
DATA_DIR = Path(env.str("DIALNEXA_DATA_DIR", str(BASE_DIR / ".data"))).absolute()
DEBUG = env.bool("DIALNEXA_DEBUG", False)


def secret(name: str, *, in_debug: str) -> str:
    """A value production can't do without; development gets one that says what it is."""
    value = env.str(name, "")
    if not value and not DEBUG:
        refuse(f"{name} is not set. Production needs it; set DIALNEXA_DEBUG=1 to run on this machine only.")
    return value or in_debug


def one_of(name: str, *words: str, default: str) -> str:
    value = env.str(name, default)
    if value not in words:
        refuse(f"{name} is {value}. Set {', '.join(words[:-1])} or {words[-1]}, or leave it out ({default}).")
    return value


def rate(name: str, default: str) -> str:
    """So many in a while: ``30/minute``."""
    value = env.str(name, default)
    try:
        rates.parse(value)
    except ValueError:
        refuse(f"{name} is {value}, which is no rate. Set one like {default}, or leave it out.")
        return default
    return value


def networks(name: str, default: str = "") -> list[IPv4Network | IPv6Network]:
    texts = [text.strip() for text in env.str(name, default).split(",")]
    try:
        return [ip_network(text) for text in texts if text]
    except ValueError as error:
        refuse(f"{name} must be networks like 10.20.0.0/16 or fd00:20::/32, separated by commas: {error}.")
        return []

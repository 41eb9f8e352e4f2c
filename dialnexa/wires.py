"""The wires to PostgreSQL and Redis: what leaves the machine is encrypted, and reaches who is meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, urlencode, urlsplit

STRICT = {"ssl_cert_reqs": "required", "ssl_check_hostname": "true"}


def strict_redis(url: str) -> str:
    """The same address, with the certificate checked over TLS: Celery would take any unless it is told."""
    parts = urlsplit(url)
    if parts.scheme != "rediss":
        return url
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode(STRICT | asked)).geturl()


def open_wires(database: str, redis: str, *, plain: Collection[str]) -> Iterator[str]:
    """A sentence for each address that leads off this machine without a checked certificate.

    ``plain``: hosts for which that is known and meant.
    """
    if _leave_machine(_database_hosts(database), plain) and _asked(database, "sslmode") != "verify-full":
        yield _sentence("DATABASE_URL", "?sslmode=verify-full&sslrootcert=system (or your authority's file)")
    if _leave_machine([urlsplit(redis).hostname or ""], plain) and not _is_strict(redis):
        yield _sentence("REDIS_URL", "rediss:// instead of redis://, and check its certificate")


def _sentence(name: str, instead: str) -> str:
    return (
        f"{name} leads to another machine, and anybody between could read it or answer in its place. Use "
        f"{instead}, or name the host in DIALNEXA_PLAIN_HOSTS if nobody else is on that network."
    )


def _is_strict(redis: str) -> bool:
    asked = urlsplit(strict_redis(redis))
    return asked.scheme == "rediss" and all(_asked(asked.geturl(), name) == STRICT[name] for name in STRICT)


def _database_hosts(url: str) -> list[str]:
    """All of them: PostgreSQL's addresses may name several, before the path or in ``host``."""
    place = urlsplit(url).netloc.rpartition("@")[2].split(",")
    named = [each.rpartition(":")[0] if each.rpartition(":")[2].isdigit() else each for each in place]
    return [*named, *_asked(url, "host").split(","), *_asked(url, "hostaddr").split(",")]


def _asked(url: str, name: str) -> str:
    return parse_qs(urlsplit(url).query).get(name, [""])[-1]


def _leave_machine(hosts: Collection[str], plain: Collection[str]) -> bool:
    return any(not _is_here(host.strip("[]")) and host not in plain for host in hosts)


def _is_here(host: str) -> bool:
    """A socket's folder (``%2Frun``), nothing at all, or this machine's own address."""
    if not host or host == "localhost" or host.startswith(("/", "%2F", "%2f")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

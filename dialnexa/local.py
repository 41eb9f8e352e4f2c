"""The installation on one machine: what ``manage.py up`` decides before settings are read, and how other
``manage.py`` commands join it while it runs.

``up`` keeps its environment in ``up.json`` in the data folder and holds the lock ``up`` there. A command
without an environment of its own takes that one, so ``manage.py create_api_key demo`` in another shell works
on the same database, with the same secret key.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from dialnexa import keeper
from dialnexa.data_folder import DEFAULT_DATA_DIR, EmbeddedError, make, place

SHARED = "up.json"
SANDBOX_TOKEN = "sandbox-token"  # noqa: S105  the sandbox's own, known to everybody
ACCOUNTS = ("DIALNEXA_PLIVO_AUTH_ID", "DIALNEXA_TWILIO_ACCOUNT_SID", "DIALNEXA_SIGNALWIRE_PROJECT_ID")
DEMO_TIMES = {  # seconds: a demo shows in half a minute what takes a carrier a quarter of an hour
    "DIALNEXA_CARRIER_DEADLINE": "8",
    "DIALNEXA_PURCHASE_LEASE": "20",
    "DIALNEXA_SETTLE_WINDOW": "30",
    "DIALNEXA_SETTLE_SPACING": "5",
    "DIALNEXA_LOOK_UP_SOONEST": "2",
    "DIALNEXA_LOOK_UP_LATEST": "10",
    "DIALNEXA_PAPERS_CHECK_EVERY": "5",
    "DIALNEXA_PAPERS_GRACE": "60",
    "DIALNEXA_RING_AGAIN": "3",
    "DIALNEXA_DRIFT_APART": "20",
    "DIALNEXA_DRIFT_MARGIN": "20",
    "DIALNEXA_DRIFT_RECENT_EVERY": "60",
}
DEMO_SIP = {  # the sandbox's trunk is on this machine; in production nothing private is called
    "DIALNEXA_SIP_ALLOWED_NETWORKS": "127.0.0.0/8",
    "DIALNEXA_SIP_SIGNALLING_ADDRESSES": "127.0.0.1",
    "DIALNEXA_SIP_INBOUND_DOMAIN": "sip.dialnexa.example",
}
DEMO_WEBHOOKS = {"DIALNEXA_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}  # receivers on this machine

_held: list[int] = []  # locks this process holds until it ends


def settle(arguments: Sequence[str]) -> None:
    """Complete the environment for this command line. Exits with a sentence when ``up`` can't run."""
    if arguments[1:2] != ["up"]:
        join()
        return
    try:
        prepare(parser().parse_known_args(arguments[2:])[0])
    except (EmbeddedError, OSError) as error:
        sys.exit(str(error))


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("manage.py up", description="Run everything on this machine.")
    add_arguments(parser)
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, help="of the web server on 127.0.0.1; 0: any")
    parser.add_argument("--data-dir", type=Path, help="where everything is kept (DIALNEXA_DATA_DIR, .data)")
    parser.add_argument("--no-demo", action="store_true", help="don't make the demo workspace")


def join() -> None:
    """Take the environment of a running ``up``, unless this command has been given one."""
    given = {"DATABASE_URL", "DIALNEXA_SECRET_KEY"} & os.environ.keys()
    shared = data_dir() / SHARED
    if given or os.environ.get("DIALNEXA_DEBUG", "1") != "1" or not os.access(shared, os.R_OK):
        return
    if keeper.is_locked(shared.with_name("up")):
        for name, value in json.loads(shared.read_text()).items():
            os.environ.setdefault(name, value)


def share(environment: dict[str, str]) -> None:
    """Let other commands join. Readable to this user only: it holds the secret key."""
    keeper.write_once(data_dir() / SHARED, json.dumps(environment), replace=True)


def data_dir() -> Path:
    return Path(os.environ.get("DIALNEXA_DATA_DIR") or DEFAULT_DATA_DIR).absolute()


# --- up -------------------------------------------------------------------------------------------------


def prepare(options: argparse.Namespace) -> None:
    """Refuse what can't work before anything starts, and complete the environment."""
    if options.data_dir:
        os.environ["DIALNEXA_DATA_DIR"] = str(options.data_dir.absolute())
    folder = data_dir()
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        make(folder)
    else:
        place(folder)
    claim(folder)
    shutil.rmtree(folder / "metrics", ignore_errors=True)  # counted by processes that are gone
    port = choose_port(options.port)
    os.umask(0o077)  # what the processes write is nobody else's business
    os.environ["DIALNEXA_PORT"] = str(port)
    os.environ.setdefault("DIALNEXA_DEBUG", "1")
    if os.environ["DIALNEXA_DEBUG"] == "1":
        complete(folder, port)


def claim(folder: Path) -> None:
    """One ``up`` for each data folder."""
    lock = keeper.try_lock(folder / "up")
    if lock is None:
        sys.exit(
            f"manage.py up is already running with the data in {folder}. Stop it first, or use --data-dir."
        )
    _held.append(lock)


def choose_port(port: int) -> int:
    if not 0 <= port <= 65535:
        sys.exit(f"{port} is not a port: choose one between 1 and 65535.")
    if port and not keeper.is_free(port):
        sys.exit(
            f"Port {port} is used by another program. Stop that, or choose another port: make run "
            f"PORT={port + 1} (manage.py up --port {port + 1}). Nothing was started."
        )
    return port or keeper.free_port()


def complete(folder: Path, port: int) -> None:
    """Development's own values for what production has to be told. What is set already stays."""
    keeper.write_once(folder / "secret_key", secrets.token_urlsafe(48))
    keeper.write_once(folder / "sealing_keys", f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}")
    defaults = {
        "DIALNEXA_SECRET_KEY": keeper.read(folder / "secret_key"),
        "DIALNEXA_SEALING_KEYS": keeper.read(folder / "sealing_keys"),
        "DIALNEXA_PUBLIC_BASE_URL": f"http://localhost:{port}",
        **DEMO_TIMES,
        **DEMO_SIP,
        **DEMO_WEBHOOKS,
    }
    if not any(os.environ.get(account) for account in ACCOUNTS):
        defaults |= sandbox_accounts(f"http://127.0.0.1:{choose_sandbox_port(port)}")
        keeper.write_once(folder / "engine_secret", secrets.token_urlsafe(48))
        defaults["DIALNEXA_SIP_ENGINES"] = f"sandbox={keeper.read(folder / 'engine_secret')}"
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def sandbox_accounts(url: str) -> dict[str, str]:
    """An account with every carrier, all of them the sandbox at ``url``. A real account leaves it out."""
    return {
        "DIALNEXA_SANDBOX_URL": url,
        "DIALNEXA_MOVABLE_CLOCK": "1",
        "DIALNEXA_STAFF_MFA": "0",
        "DIALNEXA_PLIVO_BASE_URL": url,
        "DIALNEXA_PLIVO_AUTH_ID": "MADEMO00000000000000",
        "DIALNEXA_PLIVO_AUTH_TOKEN": SANDBOX_TOKEN,
        "DIALNEXA_TWILIO_BASE_URL": url,
        "DIALNEXA_TWILIO_PRICING_URL": url,
        "DIALNEXA_TWILIO_ACCOUNT_SID": "AC" + "de" * 16,
        "DIALNEXA_TWILIO_AUTH_TOKEN": SANDBOX_TOKEN,
        "DIALNEXA_SIGNALWIRE_BASE_URL": url,
        "DIALNEXA_SIGNALWIRE_PROJECT_ID": "dededede-dede-dede-dede-dededededede",
        "DIALNEXA_SIGNALWIRE_API_TOKEN": SANDBOX_TOKEN,
        "DIALNEXA_SIGNALWIRE_SIGNING_KEY": SANDBOX_TOKEN,
        "DIALNEXA_SIGNALWIRE_LOCAL_RATE": "0.50",
        "DIALNEXA_SIGNALWIRE_TOLL_FREE_RATE": "0.80",
        "DIALNEXA_SANDBOX_ENGINE_TOKEN": SANDBOX_TOKEN,
        "DIALNEXA_VERIFICATION_CARRIER": "plivo",
        "DIALNEXA_VERIFICATION_CALLER_ID": "+918035340000",
    }


def choose_sandbox_port(port: int) -> int:
    """The next one, so that its address stays the same from day to day; any other if that is taken."""
    following = port + 1
    return following if following <= 65535 and keeper.is_free(following) else keeper.free_port()

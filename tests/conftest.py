"""Alice, Bob and Charlie, their workspaces, a small catalogue and a carrier that can be broken."""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker

from dialnexa import clock
from tests.databases import drop_database, empty_database, make_database
from tests.telephony.sip.software import missing

if TYPE_CHECKING:
    from dialnexa.models import ApiKey, User, Workspace
    from tests.pbx import Pbx

PASSWORD = "correct horse battery staple"
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
COUNTRIES = (
    ("IN", "India", 91, 10),
    ("US", "United States", 1, 10),
    ("GB", "United Kingdom", 44, 10),
    ("DE", "Germany", 49, 11),
)
RENTS = (  # country, type, setup and month in rupees
    ("IN", "local", "0", "250"),
    ("IN", "mobile", "0", "400"),
    ("IN", "toll_free", "500", "1200"),
    ("US", "local", "0", "92"),
    ("US", "toll_free", "0", "184"),
    ("GB", "local", "0", "110"),
    ("GB", "mobile", "0", "160"),
    ("DE", "local", "100", "150"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium, or real SIP software, what needs it is skipped, and the summary says so loudly."""
    for mark in absent():
        for item in items:
            if item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(f"what {mark} tests need is not installed"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests and everything imported stay to the end: no collector need visit them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in absent().values():
        terminalreporter.write_line(f"!!! {line} !!!", red=True, bold=True)


def absent() -> dict[str, str]:
    """The marks of tests that can't run on this machine, each with what to say about it."""
    lines = {}
    if not chromium():
        lines["browser"] = (
            "NO CHROMIUM FOUND: THE BROWSER TESTS WERE SKIPPED (Debian: apt-get install chromium)"
        )
    if packages := missing():
        lines["sip"] = (
            "NO SIP SOFTWARE FOUND: THE TESTS AGAINST REAL SIP SERVERS WERE SKIPPED "
            f"(Debian: apt-get install {packages})"
        )
    if not pgbouncer():
        lines["pgbouncer"] = (
            "NO PGBOUNCER FOUND: THE TESTS THROUGH IT WERE SKIPPED (Debian: apt-get install pgbouncer)"
        )
    return lines


def pgbouncer() -> str:
    """The pooler's program, or nothing."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


def chromium() -> str:
    """The browser's program, or nothing."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), "")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Every worker's database is a copy of one; transactional tests leave it empty."""
    patch = pytest.MonkeyPatch()
    patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty_database())
    own = connection.settings_dict
    name = own["TEST"].get("NAME") or f"test_{own['NAME']}"
    with django_db_blocker.unblock():
        make_database(name)
    yield
    with django_db_blocker.unblock():
        drop_database(name)
    patch.undo()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def movable_clock(settings: LazySettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demo's, whose clock can be moved: its data folder. This process has its own time back afterwards."""
    settings.MOVABLE_CLOCK, settings.SANDBOX_URL = True, "http://127.0.0.1:9"
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(clock, "_ahead", timedelta(0))
    monkeypatch.setattr(clock, "_looked", float("-inf"))
    return tmp_path


# --- the catalogue ------------------------------------------------------------------------------------


def make_catalogue() -> None:
    """India, the US, the UK and Germany at Plivo, each with one network group and rents in rupees."""
    from telephony.models import CallRate, Country, NetworkGroup, RentalRate

    Country.objects.bulk_create(
        Country(iso=iso, name=name, calling_code=code, max_length=length)
        for iso, name, code, length in COUNTRIES
    )
    groups = NetworkGroup.objects.bulk_create(
        NetworkGroup(carrier="plivo", country_id=iso, name=f"{name} all") for iso, name, *_ in COUNTRIES
    )
    CallRate.objects.bulk_create(
        CallRate(network_group=group, currency="INR", per_minute=Decimal("1.25"), valid_from=LONG_AGO)
        for group in groups
    )
    RentalRate.objects.bulk_create(
        RentalRate(
            carrier="plivo",
            country_id=iso,
            type=kind,
            currency="INR",
            setup=Decimal(setup),
            monthly=Decimal(month),
            valid_from=LONG_AGO,
        )
        for iso, kind, setup, month in RENTS
    )


@pytest.fixture
def catalogue(db: None) -> None:
    make_catalogue()


# --- people and workspaces ----------------------------------------------------------------------------


def make_user(name: str, **extra: Any) -> User:
    from dialnexa.models import User

    return User.objects.create_user(f"{name.lower()}@example.com", PASSWORD, first_name=name, **extra)


def make_workspace(owner: User, slug: str, name: str, now: datetime) -> Workspace:
    """A workspace with ₹10,000.00 that may buy in every country of the catalogue but Germany."""
    from dialnexa import wallet
    from dialnexa.actors import SYSTEM
    from dialnexa.models import Workspace
    from telephony.models import NetworkGroup, WorkspaceNetworkGroup

    workspace = Workspace.objects.create(slug=slug, name=name)
    workspace.memberships.create(user=owner, role="owner")
    wallet.open_accounts(workspace)
    wallet.credit(
        workspace, Decimal(10_000), reference=f"opening {slug}", memo="Opening credit", by=SYSTEM, now=now
    )
    WorkspaceNetworkGroup.objects.bulk_create(
        WorkspaceNetworkGroup(workspace=workspace, network_group=group, enabled=True)
        for group in NetworkGroup.objects.exclude(country="DE")
    )
    return workspace


@pytest.fixture
def alice(db: None) -> User:
    """Owner of Acme."""
    return make_user("Alice")


def furnish_acme(alice: User, now: datetime) -> Workspace:
    """Acme: ₹10,000.00; India, the US and the UK on, Germany off; papers verified for India only."""
    from dialnexa.actors import SYSTEM
    from kyc import reviews

    workspace = make_workspace(alice, "acme", "Acme", now)
    case = reviews.open_case(workspace, "IN")
    reviews.submit(case, by=SYSTEM, now=now, without_papers=True)
    reviews.verify(case, by=SYSTEM, now=now, reason="The papers are in order.")
    return workspace


@pytest.fixture
def workspace(alice: User, catalogue: None, now: datetime) -> Workspace:
    return furnish_acme(alice, now)


@pytest.fixture
def bob(workspace: Workspace) -> User:
    """A member of Acme."""
    bob = make_user("Bob")
    workspace.memberships.create(user=bob, role="member")
    return bob


@pytest.fixture
def charlie(db: None) -> User:
    """A stranger to Acme: owner of a workspace of his own."""
    return make_user("Charlie")


@pytest.fixture
def charlie_workspace(charlie: User, catalogue: None, now: datetime) -> Workspace:
    return make_workspace(charlie, "chocolate", "Chocolate Factory", now)


@pytest.fixture
def staff(db: None) -> User:
    return make_user("Sam", is_staff=True, is_superuser=True)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def alice_client(alice: User, workspace: Workspace) -> Client:
    return client_of(alice)


@pytest.fixture
def bob_client(bob: User) -> Client:
    return client_of(bob)


@pytest.fixture
def charlie_client(charlie: User, charlie_workspace: Workspace) -> Client:
    return client_of(charlie)


@pytest.fixture
def staff_client(staff: User) -> Client:
    return client_of(staff)


# --- programs -------------------------------------------------------------------------------------------


class Program:
    """A client of the REST API with a key of ``workspace``. ``headers`` go with every request."""

    def __init__(self, key: ApiKey, secret: str) -> None:
        self.key = key
        self.secret = secret
        self.http = Client(headers={"authorization": f"Bearer {secret}"})

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, query)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """``headers`` in Python's spelling: ``idempotency_key="…"``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.generic(
            method, path, json.dumps({} if body is None else body), "application/json", headers=named
        )

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.send("DELETE", path, **headers)


def make_program(workspace: Workspace, now: datetime, *scopes: str, **options: Any) -> Program:
    """A client with these scopes, or with all."""
    from dialnexa.actors import SYSTEM
    from dialnexa.api_keys import SCOPES, create_api_key

    return Program(*create_api_key(workspace, "test", scopes or SCOPES, by=SYSTEM, now=now, **options))


@pytest.fixture
def program(workspace: Workspace, now: datetime) -> Program:
    """A client that may do everything in Acme."""
    return make_program(workspace, now)


@pytest.fixture
def charlie_program(charlie_workspace: Workspace, now: datetime) -> Program:
    """The same in Charlie's workspace."""
    return make_program(charlie_workspace, now)


# --- the carrier --------------------------------------------------------------------------------------

AUTH_ID = "MATESTS0000000000000"
ACCOUNTS = {"plivo": AUTH_ID, "twilio": "AC" + "7" * 32, "signalwire": "77777777-7777-7777-7777-777777777777"}
OTHER_RENTS = (  # where they sell beside Plivo
    ("twilio", "US", "local", "101"),
    ("twilio", "IN", "local", "260"),
    ("twilio", "GB", "local", "120"),
    ("signalwire", "US", "local", "88"),
    ("signalwire", "US", "toll_free", "140"),
)


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Any]:
    from telephony.carriers.sandbox import server

    running = server.start()
    yield running
    running.stop()


@pytest.fixture
def sandbox(sandbox_server: Any, settings: LazySettings) -> Any:
    """The sandbox carrier, as new, in the place of Plivo."""
    sandbox_server.state.reset()
    settings.SANDBOX_URL = sandbox_server.url
    settings.CARRIERS = {"plivo": accounts_at(sandbox_server.url)["plivo"]}
    return sandbox_server


def accounts_at(url: str) -> dict[str, dict[str, Any]]:
    """The settings of every carrier, with the sandbox in its place."""
    classes = {"plivo": "PlivoCarrier", "twilio": "TwilioCarrier", "signalwire": "SignalWireCarrier"}
    options: dict[str, dict[str, Any]] = {
        "plivo": {"auth_id": AUTH_ID, "auth_token": "sandbox-token"},
        "twilio": {
            "account_sid": ACCOUNTS["twilio"],
            "auth_token": "sandbox-token",
            "pricing_url": url,
        },
        "signalwire": {
            "project_id": ACCOUNTS["signalwire"],
            "api_token": "sandbox-token",
            "signing_key": "sandbox-token",
            "local_rate": "0.50",
            "toll_free_rate": "0.80",
        },
    }
    return {
        slug: {
            "class": f"telephony.carriers.{slug}.{name}",
            "base_url": url,
            "deadline": 2.0,
            **options[slug],
        }
        for slug, name in classes.items()
    }


@pytest.fixture
def every_carrier(sandbox: Any, workspace: Workspace, settings: LazySettings) -> Any:
    """The sandbox in the place of Plivo, Twilio and SignalWire, each with rents in rupees.

    Acme may buy from all where it may from Plivo (SignalWire: the US). SignalWire takes numbers back at once.
    """
    from telephony.models import NetworkGroup, RentalRate, WorkspaceNetworkGroup

    settings.CARRIERS = accounts_at(sandbox.url)
    sandbox.state.set_mode(signalwire_hold=0)
    for slug, countries in (("twilio", ("IN", "US", "GB", "DE")), ("signalwire", ("US",))):
        for iso in countries:
            group = NetworkGroup.objects.create(carrier=slug, country_id=iso, name=f"{iso} {slug}")
            WorkspaceNetworkGroup.objects.create(
                workspace=workspace, network_group=group, enabled=iso != "DE"
            )
    RentalRate.objects.bulk_create(
        RentalRate(
            carrier=slug,
            country_id=iso,
            type=kind,
            currency="INR",
            setup=Decimal(0),
            monthly=Decimal(month),
            valid_from=LONG_AGO,
        )
        for slug, iso, kind, month in OTHER_RENTS
    )
    return sandbox


@pytest.fixture
def loopback(settings: LazySettings) -> None:
    """SIP trunks may lead to this machine."""
    from ipaddress import ip_network

    settings.SIP_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]


@pytest.fixture
def pbx(loopback: None) -> Iterator[Pbx]:
    """Somebody's telephone exchange on this machine: answers OPTIONS over UDP."""
    from tests.pbx import Pbx

    running = Pbx()
    yield running
    running.stop()


# --- real processes -----------------------------------------------------------------------------------


@pytest.fixture
def process_env(transactional_db: None, settings: LazySettings) -> dict[str, str]:
    """The environment of a process of its own that works on this test's database and Redis."""
    name = connection.settings_dict["NAME"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "dialnexa.settings",
        "DATABASE_URL": f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}",
        "REDIS_URL": settings.REDIS_URL,
        "DIALNEXA_SECRET_KEY": settings.SECRET_KEY,
    }


@pytest.fixture(autouse=bool(os.environ.get("DIALNEXA_TEST_WALLED")))
def served_by_web(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every request is served by the web processes' role, behind the policies (see docs/isolation.md)."""
    from tests.isolation.wall import requests_as_web

    if "db" not in request.fixturenames and not request.node.get_closest_marker("django_db"):
        yield
        return
    request.getfixturevalue("db")
    with requests_as_web():
        yield

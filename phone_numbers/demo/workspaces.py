"""A demo workspace to try things in: people, agents, credit, papers for one country, some countries on.

A second one has begun its papers, for whoever wants to complete them. They hold no numbers: those are bought,
from the sandbox carrier, like anybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

import kyc
import telephony
from dialnexa import wallet
from dialnexa.actors import system
from dialnexa.errors import Refusal
from dialnexa.models import Membership, User, Workspace
from dialnexa.workspaces import create_workspace
from kyc import reviews
from kyc.documents import add_document, describe
from kyc.inspecting import Inspected
from kyc.models import KycCase
from telephony.agents import create_agent, edit_draft, newest_version, publish
from telephony.call_decks import import_call_rates
from telephony.catalogue import MARKETS, load_catalogue
from telephony.decks import Deck, Report
from telephony.models import NetworkGroup, SipRate
from telephony.rental_decks import import_rental_rates
from telephony.switches import enable_group

PASSWORD = "try-dialnexa-numbers"  # noqa: S105  everybody knows it: refused outside DEBUG
SLUG, NAME = "demo", "Sunrise Dental Care"
SECOND_SLUG, SECOND_NAME = "demo-labs", "Sunrise Dental Labs"
BY = system("Demo set-up")
DECKS = Path(telephony.__file__).parent / "demo"
RATES_FROM = datetime(2024, 1, 1, tzinfo=UTC)
SIP_RATE = Decimal("0.35")  # rupees a minute over a customer's own carrier
CREDIT, SMALL_CREDIT = Decimal("5000.00"), Decimal("40.00")  # rupees; the second buys no number
VERIFIED = "IN"
PAPER = Path(kyc.__file__).parent / "demo" / "incorporation.pdf"  # one page
CALLABLE = ("IN", "US", "GB")  # the UK is on but unverified, Germany has prices but is off

Role = Membership.Role
PEOPLE = (  # e-mail, given name, family name, role in the demo workspace
    ("demo@dialnexa.example", "Asha", "Rao", Role.OWNER),
    ("admin@dialnexa.example", "Vikram", "Iyer", Role.ADMIN),
    ("member@dialnexa.example", "Neha", "Kulkarni", Role.MEMBER),
    ("viewer@dialnexa.example", "Imran", "Shaikh", Role.VIEWER),
)
STAFF = ("staff@dialnexa.example", "Meera", "Nair")
RUNTIME = "wss://agents.sunrise-dental.example"
AGENTS = {  # title: where each version runs; the last one is a draft
    "Front desk": (f"{RUNTIME}/front-desk/1", f"{RUNTIME}/front-desk/2", f"{RUNTIME}/front-desk/3"),
    "Appointment reminders": (
        "sip:reminders@voice.sunrise-dental.example;transport=tls",
        f"{RUNTIME}/reminders/2",
    ),
    "After-hours line": ("sip:after-hours@voice.sunrise-dental.example",),
}


@dataclass(frozen=True, slots=True)
class Login:
    """``password`` is empty where the person has changed it since."""

    email: str
    role: str
    password: str


def make_demo(*, password: str = PASSWORD, now: datetime) -> list[Login]:
    """Make the demo once; a second run changes nothing, whatever was done to it since. Returns the logins.

    Raises Refusal: a weak password, the well-known one outside DEBUG, a slug that a real workspace has taken.
    """
    _refuse_weak(password)
    with transaction.atomic():
        if not _exists():
            _make(password, now)
    return _logins(password)


def _refuse_weak(password: str) -> None:
    if password == PASSWORD and not settings.DEBUG:
        raise Refusal("demo_password_known", "Everybody knows the demo's password. Give it another one.")
    try:
        validate_password(password)
    except ValidationError as error:
        raise Refusal("demo_password_weak", " ".join(error.messages)) from error


def _exists() -> bool:
    taken = Workspace.objects.filter(slug__in=(SLUG, SECOND_SLUG))
    if strangers := [workspace.slug for workspace in taken if not workspace.is_demo]:
        sentence = (
            f"A real workspace is called {strangers[0]} already. The demo is made in an empty installation."
        )
        raise Refusal("demo_slug_taken", sentence, status=409)
    return taken.filter(slug=SLUG).exists()


def _make(password: str, now: datetime) -> None:
    load_catalogue()
    for carrier in MARKETS:
        _import_deck(import_rental_rates, f"{carrier}_rental_rates_inr.csv", carrier, now)
        _import_deck(import_call_rates, f"{carrier}_call_rates_inr.csv", carrier, now)
    SipRate.objects.get_or_create(currency="INR", valid_from=RATES_FROM, defaults={"per_minute": SIP_RATE})
    people = {email: _make_user(email, given, family, password) for email, given, family, _ in PEOPLE}
    _make_user(*STAFF, password, is_staff=True, is_superuser=True)
    owner = people[PEOPLE[0][0]]
    workspace = _make_workspace(NAME, SLUG, owner, CREDIT, now)
    for email, _, _, role in PEOPLE[1:]:
        workspace.memberships.create(user=people[email], role=role, created_at=now)
    _make_agents(workspace, now)
    _verify(workspace, VERIFIED, now)
    _begin_papers(_make_workspace(SECOND_NAME, SECOND_SLUG, owner, SMALL_CREDIT, now), now)


def _import_deck(verb: Callable[..., Report], name: str, carrier: str, now: datetime) -> None:
    """Prices that are in force already win: the deck is then left out."""
    with (DECKS / name).open("rb") as file:
        verb(file, Deck(carrier, "INR", RATES_FROM, now))


def _make_user(email: str, given: str, family: str, password: str, **extra: bool) -> User:
    known = User.objects.filter(email=email).first()
    names = {"first_name": given, "last_name": family}
    user = known or User.objects.create_user(email, password, **names, **extra)
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def _make_workspace(name: str, slug: str, owner: User, credit: Decimal, now: datetime) -> Workspace:
    workspace = create_workspace(name, owner, slug=slug, is_demo=True, by=BY, now=now)
    wallet.credit(workspace, credit, reference=f"demo:{slug}", memo="Demo credit", by=BY, now=now)
    for group in _groups(CALLABLE):
        enable_group(workspace, group, enabled=True, by=BY, now=now)
    return workspace


def _groups(countries: Iterable[str]) -> Iterable[NetworkGroup]:
    return NetworkGroup.objects.filter(country__in=countries).select_related("country")


def _make_agents(workspace: Workspace, now: datetime) -> None:
    for title, (first, *others) in AGENTS.items():
        agent = create_agent(workspace, title, first, by=BY, now=now)
        for endpoint in others:
            publish(newest_version(agent), by=BY, now=now)
            edit_draft(agent, runtime_url=endpoint, by=BY, now=now)


def _verify(workspace: Workspace, country: str, now: datetime) -> None:
    case = _describe(workspace, country, now)
    _add_paper(case, "gst", now)
    reviews.submit(case, by=BY, now=now)
    reviews.verify(case, by=BY, now=now, reason="Demo papers")


def _begin_papers(workspace: Workspace, now: datetime) -> None:
    """A dossier of its home country that lacks one of its two papers."""
    _describe(workspace, workspace.country, now)


def _describe(workspace: Workspace, country: str, now: datetime) -> KycCase:
    """A private limited company's dossier with the first of its papers."""
    case = reviews.open_case(workspace, country)
    describe(case, "private_limited", f"{workspace.name} Private Limited", by=BY, now=now)
    _add_paper(case, "incorporation", now)
    return case


def _add_paper(case: KycCase, kind: str, now: datetime) -> None:
    paper = Inspected(f"{kind}.pdf", "application/pdf", 1, PAPER.read_bytes())
    add_document(case, kind, paper, by=BY, now=now)


def _logins(password: str) -> list[Login]:
    """Everybody who can sign in, the owner first."""
    roles = [(email, str(role.label)) for email, _, _, role in PEOPLE] + [(STAFF[0], "Support staff")]
    users = User.objects.in_bulk([email for email, _ in roles], field_name="email")
    return [
        Login(email, role, password if users[email].check_password(password) else "")
        for email, role in roles
        if email in users
    ]

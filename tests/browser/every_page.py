"""A filled world, and the address of every page a person can reach in it.

A new page of a workspace or of the support desk is in it without anybody remembering to.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.test import Client
from django.urls import reverse

from dialnexa import wallet
from dialnexa.access import RIGHTS
from dialnexa.actors import SYSTEM
from dialnexa.invitations import invite
from dialnexa.models import User, Workspace
from telephony.batches.drafts import upload_batch
from telephony.models import CarrierExchange
from tests.conftest import client_of, make_user
from tests.dialnexa.second_step import give_totp, sign_in, sign_in_with_code
from tests.matrix.routes import pages
from tests.matrix.test_pages import POLICY
from tests.matrix.world import make_world
from tests.numbers.everything import desk_pages, make_everything
from tests.numbers.rows import make_call, make_number, make_order, make_rental

# Files, and pieces that a page asks for and puts into itself.
NO_PAGES = {
    *("numbers:export", "numbers:row", "calls:export", "calls:row", "calls:live", "calls:verdict"),
    *("batches:corrected", "batches:rejected", "batches:results", "notices:bell", "wallet_export"),
    *("settings:history-export", "kyc:document", "workspace", "numbers:bulk-changes"),
}
LONG = "Reception of the branch behind the old railway station, evenings and weekends only"


def fill(workspace: Workspace, now: datetime) -> dict[str, Any]:
    """One of everything in ``workspace``, and what is long, old, big or empty; values of addresses."""
    values = make_world(workspace, now)
    wallet.credit(workspace, Decimal("98765432.10"), reference="big", memo=LONG, by=SYSTEM, now=now)
    long = make_number(workspace, "+919876543210", country="IN", calling_code="91", nickname=LONG)
    make_rental(long, now - timedelta(days=9), price="1234567.89", status="expired")
    make_number(workspace, status="pending", nickname="Asked for just now")
    make_call(long, now, direction="inbound", from_text="+442079460018", to_text=long.e164)
    guest = make_user("Maximiliane-Konstantina", last_name="von und zu Hohenlohe-Waldenburg")
    workspace.memberships.create(user=guest, role="admin")
    far = "somebody.with.a.long.address@a-company-with-a-long-name.example.com"
    invite(workspace, far, "admin", by=SYSTEM, now=now)
    rows = b"phone_number\n" + b"".join(b"+9198765%05d\nnonsense %d\n" % (n, n) for n in range(40))
    upload_batch(workspace, rows, title="Reminders before the holidays", name="b.csv", by=SYSTEM, now=now)
    return values


def of_product(values: dict[str, Any]) -> list[str]:
    """What the owner of the workspace sees."""
    seen = [
        route.url(values)
        for route in pages()
        if route.name not in NO_PAGES and POLICY[route.name][0] in RIGHTS["owner"]
    ]
    return [*seen, f"/w/{values['slug']}/nothing-here/", *OF_ACCOUNT]


OF_ACCOUNT = [
    *("/accounts/security/", "/accounts/security/totp/activate/", "/accounts/security/webauthn/"),
    *("/accounts/security/webauthn/add/", "/accounts/email/", "/accounts/password/change/"),
    *("/accounts/logout/", "/accounts/reauthenticate/"),
]
OF_SECOND_STEP = [
    *("/accounts/security/", "/accounts/security/totp/deactivate/", "/accounts/security/recovery-codes/"),
    *("/accounts/security/recovery-codes/generate/", "/accounts/security/reauthenticate/"),
]
OF_NOBODY = [
    *("/accounts/login/", "/accounts/signup/", "/accounts/inactive/", "/accounts/confirm-email/"),
    *("/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/password/reset/key/done/"),
    *("/accounts/confirm-email/nonsense/", "/accounts/password/reset/key/1-nonsense/", "/nothing-here/"),
    "/invitations/nonsense/",
]


def of_strangers(workspace: Workspace, user: User, now: datetime) -> list[str]:
    """What somebody who has not signed in sees, links of mails to ``user`` and others among it."""
    address = EmailAddress.objects.create(user=user, email=f"new.{user.email}")
    confirm = reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key])
    token = default_token_generator.make_token(user)
    reset = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), token])
    _, asked = invite(workspace, "erin@example.com", "member", by=SYSTEM, now=now)
    return [*OF_NOBODY, confirm, reset, f"/invitations/{asked}/"]


def of_desk(workspace: Workspace, now: datetime) -> list[str]:
    """What staff see, with a row of everything; of each kind of row one action."""
    order = make_order(make_number(workspace, nickname=LONG), "fulfilled")
    order.attempts.create(workspace=workspace, n=1, sent_at=now, ended_at=now, outcome="sold")
    rental = make_rental(order.number, now)
    month = {"starts_at": now - timedelta(days=30), "ends_at": now, "amount": 0, "currency": "INR"}
    rental.charges.create(workspace=workspace, k=0, **month)
    CarrierExchange.objects.create(
        workspace=workspace, about=order.pk, carrier="plivo", method="POST", url="/Number/", duration_ms=90
    )
    own = ["/admin/", "/admin/find/?q=acme", "/admin/find/?q=nothing", "/admin/carriers/", "/admin/drift/"]
    own += ["/admin/import-call-rates/", "/admin/password_change/", "/admin/numbers/"]
    rest = desk_pages(make_everything(order, workspace, now))
    actions = {page.partition("/do/")[0]: page for page in reversed(rest) if "/do/" in page}
    return [*own, *(page for page in rest if "/do/" not in page), *actions.values()]


def entered(user: User) -> Client:
    """Signed in a moment ago, by the password."""
    client = Client()
    sign_in(client, user)
    return client


def entered_twice(user: User) -> Client:
    """Signed in by password and code."""
    give_totp(user)
    client = Client()
    sign_in_with_code(client, user)
    return client


def at_the_second_step(user: User) -> Client:
    """The password given, the code not yet; for a user who has one."""
    client = Client()
    sign_in(client, user)
    return client


def staff_client() -> Client:
    return client_of(make_user("Sam", is_staff=True, is_superuser=True))

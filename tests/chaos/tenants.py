"""People who rent: they pay ahead, press twice, top up, release, take what others gave back, and remember."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import httpx
from django.db import Error, IntegrityError, connection, transaction

from dialnexa import clock, wallet
from dialnexa.actors import SYSTEM
from dialnexa.errors import IllegalTransition, Refusal
from dialnexa.models import Workspace
from phone_numbers.models import PhoneNumber, ReassignableNumber, Rental
from phone_numbers.renting.assigning import assign
from phone_numbers.renting.charging import Payment, charge_rent
from phone_numbers.renting.pool import COPIED
from phone_numbers.renting.schedule import coming_periods
from telephony.carriers import get_carrier
from tests.chaos.buyers import Buyer, Memory
from tests.chaos.shop import RATES, pick_offers
from tests.chaos.verdict import our_accounts

ZONES = ("Asia/Kolkata", "Europe/London", "America/New_York", "Pacific/Auckland")
ACTS = {"pay": 8, "switch": 3, "release": 5, "take": 10, "assign": 2, "top_up": 4}
EARLY = 0.3  # of those who wait for a number try before its carrier has it
CONTROL = httpx.Client(timeout=10)
T = TypeVar("T")
Paid = tuple[str, datetime]  # a rental, and until when it was paid when somebody paid more


@dataclass
class Book:
    """What the tenants remember: what they paid in, by workspace, and which payments were accepted."""

    paid_in: Counter[str] = field(default_factory=Counter)
    paid: Counter[Paid] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def top_up(self, workspace: Workspace, amount: Decimal) -> None:
        """Once, however often the database goes away meanwhile."""
        with self.lock:
            self.paid_in[workspace.slug] += amount  # type: ignore[assignment]
            self.done["top_up"] += 1
            reference = f"chaos-{self.done['top_up']}"
        memo = {"memo": "Chaos", "by": SYSTEM}
        with suppress(wallet.AlreadyBooked):
            patiently(
                lambda: wallet.credit(workspace, amount, reference=reference, now=clock.now(), **memo)  # type: ignore[arg-type]
            )


def patiently(act: Callable[[], T]) -> T:
    """Do it, again and again while the database or the carrier is away."""
    while True:
        try:
            return act()
        except IntegrityError:
            raise
        except (Error, httpx.HTTPError):
            connection.close()
            time.sleep(0.3)


def rent_out(
    n: int, carriers: Sequence[str], url: str, book: Book, dice: random.Random, begins: datetime
) -> None:
    """N numbers the carriers hold for us, rented by all workspaces in turn during the month before."""
    shops = list(Workspace.objects.filter(is_pool=False).order_by("slug"))
    for k, (carrier, offer) in enumerate(pick_offers(n, carriers, dice)):
        number = PhoneNumber.objects.create(
            workspace=shops[k % len(shops)],
            e164=offer.e164,
            country=offer.country,
            calling_code=offer.e164[1:2],
            national_number=offer.e164[2:],
            type=offer.type,
            carrier=carrier,
            capabilities=["voice"],
        )
        begin(number, url, book, begins - timedelta(minutes=dice.randrange(28 * 24 * 60)), dice)


def begin(number: PhoneNumber, url: str, book: Book, at: datetime, dice: random.Random) -> None:
    """The carrier gives it to us, and its first month is paid."""
    body = {"account": our_accounts()[number.carrier], "number": number.e164}
    patiently(lambda: CONTROL.post(f"{url}/control/own", json=body).raise_for_status())
    owned = get_carrier(number.carrier).find_owned(number.e164)
    assert owned is not None
    price = Decimal(RATES[number.carrier, number.country, number.type])
    book.top_up(number.workspace, price)
    with suppress(IllegalTransition):  # done before the database went away
        patiently(lambda: _begin(PhoneNumber.objects.get(pk=number.pk), owned.number_id, price, at, dice))


def _begin(number: PhoneNumber, carrier_id: str, price: Decimal, at: datetime, dice: random.Random) -> None:
    with transaction.atomic():
        number.transition("activate", by=SYSTEM, now=at, activated_at=at, carrier_number_id=carrier_id)
        rental = Rental.objects.create(
            number=number,
            workspace=number.workspace,
            monthly_price=price,
            currency=number.workspace.currency,
            anchor=at,
            time_zone=dice.choice(ZONES),
            paid_periods=0,
            paid_through=at,
        )
        charge_rent([Payment(rental, [next(coming_periods(rental))])], by=SYSTEM, now=at)


class Tenant(Buyer):
    """Does something with a number now and then, until it is over."""

    def __init__(self, url: str, sandbox_url: str, book: Book, seed: int) -> None:
        super().__init__(url, None, Memory(), seed)  # type: ignore[arg-type]
        self.sandbox_url, self.book, self.over = sandbox_url, book, threading.Event()

    def run(self) -> None:
        while not self.over.wait(self.random.uniform(0.05, 0.3)):
            what = self.random.choices(list(ACTS), list(ACTS.values()))[0]
            with suppress(httpx.HTTPError, KeyError, Refusal, IllegalTransition):
                try:
                    getattr(self, f"_{what}")()
                except Error:
                    connection.close()

    def rest(self) -> None:
        self.over.set()
        self.join()

    def _post(self, number: PhoneNumber, what: str, form: dict[str, Any]) -> httpx.Response:
        slug = number.workspace.slug
        client = self._client(f"owner-{slug[-1]}@chaos.example")
        headers = {"X-CSRFToken": client.cookies["csrftoken"], "HX-Request": "true"}
        return client.post(f"/w/{slug}/numbers/{number.pk}/{what}/", data=form, headers=headers)

    def _some_rental(self) -> Rental:
        rows = Rental.objects.filter(ended_at=None).select_related("number__workspace", "workspace")
        found = rows.order_by("?").first()
        if found is None:
            raise KeyError("nothing is rented")
        return found

    def _pay(self) -> None:
        """One to three months; every third press is a double click."""
        rental = self._some_rental()
        form = {"months": str(self.random.randint(1, 3)), "paid_through": rental.paid_through.isoformat()}
        presses = self.random.choice((1, 1, 2))
        with ThreadPoolExecutor(presses) as fingers:
            pressed = [fingers.submit(self._post, rental.number, "renew", form) for _ in range(presses)]
        for press in pressed:
            with suppress(httpx.HTTPError):
                if press.result().headers.get("HX-Redirect"):
                    self._note("pay")
                    self.book.paid[rental.pk, rental.paid_through] += 1

    def _switch(self) -> None:
        on = self.random.random() < 0.8
        self._post(self._some_rental().number, "auto-renew", {"auto_renew": "01"[on]})

    def _release(self) -> None:
        number = self._some_rental().number
        if self._post(number, "release", {"confirm": number.e164[-4:]}).status_code == 302:
            self._note("release")

    def _top_up(self) -> None:
        workspace = self._some_rental().workspace
        prices = Rental.objects.filter(workspace=workspace, ended_at=None)
        rent = sum(prices.values_list("monthly_price", flat=True), Decimal(0))
        self.book.top_up(workspace, round(rent * self.random.randint(1, 60) / 100, 2))

    def _assign(self) -> None:
        pooled = ReassignableNumber.objects.filter(closed_at=None).order_by("?").first()
        if pooled:
            assign(pooled, self._some_rental().workspace, by=SYSTEM, now=clock.now())
            self._note("assign")

    def _take(self) -> None:
        """Rent what somebody gave back, as soon as the rules let us: the database knows what is free."""
        gone = self._wanted()
        if gone is None:
            return
        row = {name: getattr(gone, name) for name in COPIED} | {"carrier_number_id": ""}
        try:
            number = PhoneNumber.objects.create(workspace=self._some_rental().workspace, **row)
        except IntegrityError:  # not free yet, or taken
            self._note(f"not take what is {gone.status}")
            return
        begin(number, self.sandbox_url, self.book, clock.now(), self.random)
        self._note("take")

    def _wanted(self) -> PhoneNumber | None:
        """What is on its way back, or went back last and nobody has: who waits for a number is quick."""
        if self.random.random() < EARLY:
            return PhoneNumber.objects.filter(status="releasing").order_by("?").first()
        live = PhoneNumber.objects.filter(status__in=PhoneNumber.LIVE).values("e164")
        free = PhoneNumber.objects.filter(status="released").exclude(e164__in=live)
        return free.order_by("-released_at").first()

    def _note(self, what: str) -> None:
        with self.book.lock:
            self.book.done[what] += 1

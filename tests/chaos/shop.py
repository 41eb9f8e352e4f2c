"""What there is to buy and who buys it: workspaces with money, and the sandbox's offers made into errands."""

from __future__ import annotations

import os
import queue
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import httpx

from dialnexa.local import sandbox_accounts
from telephony.carriers.base import NumberQuery, Offer
from tests.chaos.buyers import Errand

CREDIT = Decimal(1_000_000)
CARRIERS = ("plivo", "twilio", "signalwire")
RATES = {  # rupees a month
    ("plivo", "US", "local"): "95.50",
    ("plivo", "IN", "local"): "92.00",
    ("plivo", "GB", "mobile"): "130.25",
    ("twilio", "US", "local"): "101.75",
    ("twilio", "IN", "local"): "98.00",
    ("twilio", "GB", "mobile"): "141.50",
    ("signalwire", "US", "local"): "58.25",
}
CONTESTED = 0.12  # of the numbers are wanted by two workspaces at once


def open_shop(workspaces: int, credit: Decimal = CREDIT) -> None:
    """Workspaces with an owner, credit, papers and switches; the catalogue they buy from."""
    from dialnexa import wallet
    from dialnexa.actors import SYSTEM
    from dialnexa.models import Membership, User, Workspace
    from kyc.models import KycCase
    from telephony.models import Country, NetworkGroup, RentalRate, WorkspaceNetworkGroup

    now = datetime.now(UTC)
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    for (carrier, country, number_type), monthly in RATES.items():
        RentalRate.objects.create(
            carrier=carrier,
            country=Country.objects.get(pk=country),
            type=number_type,
            currency="INR",
            setup=Decimal("10.00"),
            monthly=Decimal(monthly),
            valid_from=begun,
        )
    for n in range(workspaces):
        workspace = Workspace.objects.create(slug=f"shop-{n}", name=f"Shop {n}")
        wallet.open_accounts(workspace)
        wallet.credit(workspace, credit, reference=workspace.id, memo="Chaos", by=SYSTEM, now=now)
        owner = User.objects.create_user(f"owner-{n}@chaos.example")
        Membership.objects.create(workspace=workspace, user=owner, role="owner")
        for country in ("IN", "GB"):
            KycCase.objects.create(workspace=workspace, country=country, status="verified")
        for group in NetworkGroup.objects.filter(country__in=("US", "IN", "GB")):
            WorkspaceNetworkGroup.objects.create(workspace=workspace, network_group=group, enabled=True)


def errands(
    n: int, workspaces: int, dice: random.Random, carriers: Sequence[str] = CARRIERS
) -> queue.Queue[Errand]:
    """N purchases of N numbers, from these carriers in turn; two workspaces want the contested ones."""
    from phone_numbers.buying.quoting import sign_offer

    wanted: queue.Queue[Errand] = queue.Queue()
    for k, (carrier, offer) in enumerate(pick_offers(n, carriers, dice)):
        shops = dice.sample(range(workspaces), 2 if dice.random() < CONTESTED else 1)
        total = Decimal(RATES[carrier, offer.country, offer.type]) + 10
        for shop in shops:
            wanted.put(
                Errand(
                    f"shop-{shop}",
                    f"owner-{shop}@chaos.example",
                    offer,
                    sign_offer(offer, carrier),
                    total,
                    f"chaos-{k}-{shop}",
                )
            )
    return wanted


def pick_offers(n: int, carriers: Sequence[str], dice: random.Random) -> list[tuple[str, Offer]]:
    """N numbers, each once, from every carrier the same share while it has some: they sell from one stock."""
    left = {carrier: _offers(carrier, n) for carrier in carriers}
    for offers in left.values():
        dice.shuffle(offers)
    picked: dict[str, tuple[str, Offer]] = {}
    while len(picked) < n and any(left.values()):
        for carrier, offers in left.items():
            while offers and len(picked) < n:
                if (offer := offers.pop()).e164 not in picked:
                    picked[offer.e164] = (carrier, offer)
                    break
    if len(picked) < n:
        raise SystemExit(f"The sandbox offers {len(picked)} numbers, {n} are needed.")
    return list(picked.values())


def _offers(carrier: str, n: int) -> list[Offer]:
    """Up to N numbers of each kind we have a price for, without those that break by themselves."""
    from telephony.carriers.base import NumberType

    queries = [NumberQuery(iso, NumberType(kind)) for slug, iso, kind in RATES if slug == carrier]
    found = [offer for query in queries for offer in _search(carrier, query, n)]
    return [offer for offer in found if not offer.e164[-4:].startswith("90")]


def _search(carrier: str, query: NumberQuery, n: int) -> list[Offer]:
    """The sandbox makes a country's numbers when it is first asked, which may take longer than we wait."""
    from telephony.carriers import get_carrier
    from telephony.carriers.base import TransportError

    for _ in range(100):
        with suppress(TransportError):
            return list(get_carrier(carrier).search(query, limit=n))
    raise SystemExit("The sandbox does not answer.")


def break_carrier(url: str, seed: int, rules: tuple[dict[str, object], ...], repeat_purchase: str) -> None:
    """Set the carrier's fault schedule, and what it does when we buy a number we have."""
    with httpx.Client(base_url=url, timeout=5) as control:
        control.put("/control/mode", json={"repeat_purchase": repeat_purchase}).raise_for_status()
        control.put("/control/faults", json={"seed": seed, "rules": list(rules)}).raise_for_status()


def ring_again(dice: random.Random) -> str:
    """Deliver messages twice: ring for orders somebody is at work on (for others it would be a help)."""
    from phone_numbers.models import NumberOrder
    from phone_numbers.tasks import fulfil_order

    busy = NumberOrder.objects.filter(status__in=NumberOrder.OPEN, next_run_at__gt=datetime.now(UTC))
    ids = list(busy.values_list("id", flat=True)[:50])
    for order_id in dice.sample(ids, min(8, len(ids))):
        for _ in range(2):
            fulfil_order.apply_async(kwargs={"order_id": order_id})
    return "deliver messages twice"


def configure(
    base: str, sandbox_url: str, timings: dict[str, str], carriers: Sequence[str] = CARRIERS
) -> dict[str, str]:
    """The environment of every process of the run, this one included."""
    names = ("DIALNEXA_SANDBOX_URL", *(f"DIALNEXA_{carrier.upper()}_" for carrier in carriers))
    accounts = sandbox_accounts(sandbox_url)
    env = {
        **os.environ,
        **timings,
        "DIALNEXA_DEBUG": "1",
        "DIALNEXA_DATA_DIR": base,
        "DIALNEXA_SECRET_KEY": "chaos" * 12,
        **{name: value for name, value in accounts.items() if name.startswith(names)},
        "DJANGO_SETTINGS_MODULE": "dialnexa.settings",
    }
    os.environ.update(env)
    return env

"""How money is written for people, and read from them."""

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from dialnexa.errors import Refusal

SYMBOLS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£"}
CENT = Decimal("0.01")
# Plain digits, or grouped as we write them: 250000, 2,50,000 and 250,000; then at most two places.
AMOUNT = re.compile(r"(\d{1,10}|\d{1,3}(?:,\d{2,3})*,\d{3})(\.\d{1,2})?", re.ASCII)
HIGHEST = Decimal(10) ** 10


def round_money(amount: Decimal) -> Decimal:
    """Half up, to two places."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def format_money(amount: Decimal, currency: str) -> str:
    """``₹1,18,000.00``: rupees grouped the Indian way, other currencies by thousands."""
    sign = "−" if amount < 0 else ""
    whole, cents = f"{abs(round_money(amount)):f}".split(".")
    grouped = _group_indian(whole) if currency == "INR" else f"{int(whole):,}"
    symbol = SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{sign}{symbol}{grouped}.{cents}"


def format_exactly(amount: Decimal, currency: str) -> str:
    """As ``format_money``, but with every digit there is: ``$1.20``, ``$0.0085``."""
    cut = amount.quantize(CENT, rounding=ROUND_DOWN)
    beyond = f"{abs(amount - cut).normalize():f}"[len("0.00") :] if amount != cut else ""
    sign = "−" if amount < 0 and not cut else ""
    return f"{sign}{format_money(cut, currency)}{beyond}"


def read_money(text: str, currency: str) -> Decimal:
    """The exact amount somebody typed, with the currency's symbol or without: ``₹2,500.50``.

    Raises Refusal ``amount_invalid`` for anything that is not plain digits with at most two places: words,
    exponents, signs, other digits than 0 to 9, a comma for the point.
    """
    plain = text.strip().removeprefix(SYMBOLS.get(currency, currency)).removeprefix(currency).strip()
    amount = Decimal(plain.replace(",", "")) if AMOUNT.fullmatch(plain) else None
    if amount is None or amount >= HIGHEST:
        raise Refusal("amount_invalid", _advice(plain, currency))
    return amount


def _advice(text: str, currency: str) -> str:
    if text.startswith(("-", "−")):
        return _("An amount can't be less than zero.")
    if re.fullmatch(r"[\d,]*\.\d{3,}", text, re.ASCII):
        sentence = _("Write at most two places after the point: %(currency)s has no smaller coin.")
        return sentence % {"currency": currency}
    if re.fullmatch(r"[\d,]{11,}(\.\d*)?", text, re.ASCII):
        return _("That is more than we can count. Write a smaller amount.")
    return _(
        "Write the amount in plain digits, with a point before the last two, for example 2500 or 2500.50."
    )


def _group_indian(whole: str) -> str:
    head, tail = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])

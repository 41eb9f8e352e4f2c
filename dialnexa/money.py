"""How money is written for people."""

from decimal import ROUND_HALF_UP, Decimal

SYMBOLS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£"}
CENT = Decimal("0.01")


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


def _group_indian(whole: str) -> str:
    head, tail = whole[:-3], whole[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])

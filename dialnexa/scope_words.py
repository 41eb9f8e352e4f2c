"""What API keys may do, in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dialnexa.api_keys import SCOPES


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """``verb`` stands in a list (“Numbers: see, buy”), ``label`` alone, ``explains`` below it."""

    scope: str
    verb: str
    label: str
    explains: str


GROUPS: dict[str, tuple[ScopeWords, ...]] = {
    "Numbers": (
        ScopeWords("numbers:read", "see", "See numbers", "List numbers, and search for ones to buy."),
        ScopeWords(
            "numbers:write",
            "change",
            "Change numbers",
            "Route, rename and protect them; link your carrier's.",
        ),
        ScopeWords("numbers:purchase", "buy", "Buy numbers", "Spends money of the wallet, up to the cap."),
        ScopeWords(
            "numbers:release", "release", "Release numbers", "Gives them back, which can't be undone."
        ),
    ),
    "Calls": (
        ScopeWords("calls:read", "see", "See calls", "List calls and what became of them."),
        ScopeWords("calls:write", "place", "Place calls", "Calls people, which costs money."),
    ),
    "Agents": (
        ScopeWords("agents:read", "see", "See agents", "List agents and their versions."),
        ScopeWords("agents:write", "change", "Change agents", "Create and edit them, publish versions."),
    ),
    "Telephony": (
        ScopeWords("telephony:read", "see", "See Telephony Config", "Countries, network groups, prices."),
        ScopeWords(
            "telephony:write", "change", "Change Telephony Config", "Switch network groups on and off."
        ),
    ),
    "KYC": (ScopeWords("kyc:read", "see", "See KYC", "How far the papers of each country are."),),
    "Wallet": (ScopeWords("wallet:read", "see", "See the wallet", "The balance and its transactions."),),
    "Webhooks": (
        ScopeWords("webhooks:read", "see", "See webhooks", "Where events are sent, and what became of them."),
        ScopeWords(
            "webhooks:write",
            "change",
            "Change webhooks",
            "Say where events are sent; rotate secrets; send again.",
        ),
    ),
}
READ_ONLY = tuple(scope for scope in SCOPES if scope.endswith(":read"))
PRESETS = {"read": READ_ONLY, "all": SCOPES}


def access_of(scopes: Collection[str]) -> str:
    """``Everything``, ``Read only``, or ``Numbers: see, buy · Agents: see``."""
    chosen = set(scopes)
    if chosen >= set(SCOPES):
        return "Everything"
    if chosen == set(READ_ONLY):
        return "Read only"
    groups = (
        (title, [words.verb for words in group if words.scope in chosen]) for title, group in GROUPS.items()
    )
    return " · ".join(f"{title}: {', '.join(verbs)}" for title, verbs in groups if verbs)

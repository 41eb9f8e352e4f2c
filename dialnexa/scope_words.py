"""What API keys may do, in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from dialnexa.api_keys import SCOPES


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """``verb`` stands in a list (“Numbers: see, buy”), ``label`` alone, ``explains`` below it."""

    scope: str
    verb: str
    label: str
    explains: str


GROUPS: dict[str, tuple[ScopeWords, ...]] = {
    _("Numbers"): (
        ScopeWords(
            "numbers:read", _("see"), _("See numbers"), _("List numbers, and search for ones to buy.")
        ),
        ScopeWords(
            "numbers:write",
            _("change"),
            _("Change numbers"),
            _("Route, rename and protect them; link your carrier's."),
        ),
        ScopeWords(
            "numbers:purchase", _("buy"), _("Buy numbers"), _("Spends money of the wallet, up to the cap.")
        ),
        ScopeWords(
            "numbers:release",
            _("release"),
            _("Release numbers"),
            _("Gives them back, which can't be undone."),
        ),
    ),
    _("Calls"): (
        ScopeWords("calls:read", _("see"), _("See calls"), _("List calls and what became of them.")),
        ScopeWords("calls:write", _("place"), _("Place calls"), _("Calls people, which costs money.")),
    ),
    _("Agents"): (
        ScopeWords("agents:read", _("see"), _("See agents"), _("List agents and their versions.")),
        ScopeWords(
            "agents:write", _("change"), _("Change agents"), _("Create and edit them, publish versions.")
        ),
    ),
    _("Telephony"): (
        ScopeWords(
            "telephony:read", _("see"), _("See Telephony Config"), _("Countries, network groups, prices.")
        ),
        ScopeWords(
            "telephony:write",
            _("change"),
            _("Change Telephony Config"),
            _("Switch network groups on and off."),
        ),
    ),
    _("KYC"): (ScopeWords("kyc:read", _("see"), _("See KYC"), _("How far the papers of each country are.")),),
    _("Wallet"): (
        ScopeWords("wallet:read", _("see"), _("See the wallet"), _("The balance and its transactions.")),
    ),
    _("Webhooks"): (
        ScopeWords(
            "webhooks:read", _("see"), _("See webhooks"), _("Where events are sent, and what became of them.")
        ),
        ScopeWords(
            "webhooks:write",
            _("change"),
            _("Change webhooks"),
            _("Say where events are sent; rotate secrets; send again."),
        ),
    ),
}
READ_ONLY = tuple(scope for scope in SCOPES if scope.endswith(":read"))
PRESETS = {"read": READ_ONLY, "all": SCOPES}


def access_of(scopes: Collection[str]) -> str:
    """``Everything``, ``Read only``, or ``Numbers: see, buy · Agents: see``."""
    chosen = set(scopes)
    if chosen >= set(SCOPES):
        return gettext("Everything")
    if chosen == set(READ_ONLY):
        return gettext("Read only")
    groups = (
        (title, [gettext(words.verb) for words in group if words.scope in chosen])
        for title, group in GROUPS.items()
    )
    return " · ".join(f"{gettext(title)}: {', '.join(verbs)}" for title, verbs in groups if verbs)

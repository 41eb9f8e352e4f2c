"""SIP engines: who asks us about calls, and who dials for us."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from dialnexa.settings.environment import DEBUG, checked, env, refuse
from dialnexa.settings.sandbox import SANDBOX_URL


def engine_secrets(name: str) -> list[tuple[str, str]]:
    """Names and secrets; a name may come twice while its secret changes."""
    pairs: list[tuple[str, str]] = []
    entries: list[str] = env.list(name, [])
    for nth, entry in enumerate(entries, 1):
        engine, _, told = entry.strip().partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", engine) or not re.fullmatch(r"[!-~]{32,200}", told):
            raise ImproperlyConfigured(
                f"{name} must look like kamailio=<secret>,…; entry {nth} needs a name of small letters and a "
                "secret of at least 32 characters without spaces."
            )
        pairs.append((engine, told))
    return pairs


# Who may ask who takes a call (see phone_numbers.inbound)
SIP_ENGINES: list[tuple[str, str]] = checked(lambda: engine_secrets("DIALNEXA_SIP_ENGINES"), [])


def livekit_engine() -> dict[str, Any]:
    """The options of telephony.sip_engines.livekit; all or nothing, and passwords never in the clear."""
    names = ("URL", "API_KEY", "API_SECRET")
    told = {name.lower(): env.str(f"DIALNEXA_LIVEKIT_{name}", "").strip() for name in names}
    if missing := [f"DIALNEXA_LIVEKIT_{name}" for name in names if not told[name.lower()]]:
        raise ImproperlyConfigured(
            f"DIALNEXA_SIP_ENGINE is livekit, which needs {' and '.join(missing)} as well."
        )
    url = urlsplit(told["url"])
    if url.scheme not in (("https", "wss", "http", "ws") if DEBUG else ("https", "wss")) or not url.hostname:
        raise ImproperlyConfigured(
            "DIALNEXA_LIVEKIT_URL must be the server's address and begin with https:// or wss://: "
            "trunks' passwords are sent there."
        )
    agent = env.str("DIALNEXA_LIVEKIT_AGENT", "dialnexa")
    return {"class": "telephony.sip_engines.livekit.LiveKitEngine", "agent": agent, **told}


SIP_ENGINE: dict[str, Any] = {}  # who dials over customers' own carriers (see telephony.sip_engines)
match env.str("DIALNEXA_SIP_ENGINE", ""):
    case "livekit":
        SIP_ENGINE = checked(livekit_engine, {})
    case "":
        pass
    case other_engine:
        refuse(
            f"DIALNEXA_SIP_ENGINE is {other_engine}. Set livekit, or leave it out: then nothing (or the "
            "sandbox, where there is one) dials over customers' own carriers."
        )
if not SIP_ENGINE and SANDBOX_URL and (sandbox_token := env.str("DIALNEXA_SANDBOX_ENGINE_TOKEN", "")):
    SIP_ENGINE = {
        "class": "telephony.sip_engines.sandbox.SandboxEngine",
        "base_url": SANDBOX_URL,
        "token": sandbox_token,
    }

"""The REST API (see dialnexa.api) and the webhooks it is told by (see dialnexa.webhooks)."""

from dialnexa.settings.application import PRODUCT_NAME, PUBLIC_BASE_URL
from dialnexa.settings.environment import env, networks, rate

WEBHOOK_ALLOWED_NETWORKS = networks("DIALNEXA_WEBHOOK_ALLOWED_NETWORKS")  # although they are private
WEBHOOK_DEADLINE = env.float("DIALNEXA_WEBHOOK_DEADLINE", 10.0)  # seconds for one request, in all
WEBHOOKS_AT_ONCE = env.int("DIALNEXA_WEBHOOKS_AT_ONCE", 16)  # requests of one sweeper
WEBHOOKS_EVERY = env.float("DIALNEXA_WEBHOOKS_EVERY", 0.5)  # seconds between looks for messages to send
WEBHOOK_ENDPOINTS_MOST = env.int("DIALNEXA_WEBHOOK_ENDPOINTS_MOST", 10)  # of one workspace

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["dialnexa.api.keys.BearerKey"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "dialnexa.api.schema.EndpointSchema",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
}
API_LIMITS = {  # of one key, in a moving window
    "read": rate("DIALNEXA_API_LIMIT_READ", "600/minute"),
    "write": rate("DIALNEXA_API_LIMIT_WRITE", "120/minute"),
    "search": rate("DIALNEXA_API_LIMIT_SEARCH", "60/minute"),
    "purchase": rate("DIALNEXA_API_LIMIT_PURCHASE", "30/minute"),
    "call": rate("DIALNEXA_API_LIMIT_CALL", "120/minute"),
}
API_WAIT = env.float("DIALNEXA_API_WAIT", 10.0)  # seconds a purchase waits for the carrier, unless told
API_WAIT_LONGEST = 30.0
API_WAITERS = env.int("DIALNEXA_API_WAITERS", 2)  # purchases that may wait at once in one web process
SPECTACULAR_SETTINGS = {
    "TITLE": f"{PRODUCT_NAME} API",
    "DESCRIPTION": (
        "Buy, link, connect and release phone numbers.\n\n"
        "- **Keys** are made under Settings → API keys and sent as `Authorization: Bearer dnx_…`.\n"
        "- **Errors** have a sentence for people (`message`) and a stable word for programs (`code`).\n"
        "- **Limits** count for each key; answers say what is left, and a 429 says when to go on.\n"
        "- **Every POST** takes an `Idempotency-Key`: sent again within 24 hours, nothing happens twice.\n"
        "- **Clients of SignalWire's number API** work with this host, under `/api/relay/rest/phone_numbers`."
    ),
    "TAGS": [
        {"name": "Numbers", "description": "Search, buy, link, route and release phone numbers."},
        {"name": "Agents", "description": "Agents and their versions: who speaks."},
        {"name": "Calls", "description": "Place a call, see how it went and what it cost, hang up."},
        {
            "name": "Batch calls",
            "description": "Check a list, call everybody in it, pause it, let it go on, cancel it.",
        },
        {"name": "Telephony", "description": "Where numbers may call, at what price, and why not."},
        {
            "name": "KYC",
            "description": "How far the papers of each country are, and whether that lets you call.",
        },
        {"name": "Wallet", "description": "What can be spent, and until when it covers the rent."},
        {"name": "Webhooks", "description": "Where your servers are told what happens, and what they took."},
    ],
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0},
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SCHEMA_PATH_PREFIX": "/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "PREPROCESSING_HOOKS": ["dialnexa.api.schema.only_v1"],
    "POSTPROCESSING_HOOKS": ["dialnexa.api.schema.complete"],
    "SERVERS": [{"url": PUBLIC_BASE_URL}],
}

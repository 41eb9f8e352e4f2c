"""Accounts at carriers: each option of an adapter from DIALNEXA_<SLUG>_<OPTION>."""

import re
from typing import Any

from dialnexa.settings.broker import CELERY_TASK_SOFT_TIME_LIMIT
from dialnexa.settings.environment import env, refuse

PURCHASE_LEASE = env.float("DIALNEXA_PURCHASE_LEASE", 45.0)  # seconds one worker may hold an order

CARRIERS: dict[str, dict[str, Any]] = {}
CARRIER_DEADLINE = env.float("DIALNEXA_CARRIER_DEADLINE", 20.0)  # seconds for one request, in all
if env.str("DIALNEXA_PLIVO_AUTH_ID", ""):
    CARRIERS["plivo"] = {
        "class": "telephony.carriers.plivo.PlivoCarrier",
        "base_url": env.str("DIALNEXA_PLIVO_BASE_URL", "https://api.plivo.com"),
        "auth_id": env.str("DIALNEXA_PLIVO_AUTH_ID"),
        "auth_token": env.str("DIALNEXA_PLIVO_AUTH_TOKEN", ""),
        "deadline": CARRIER_DEADLINE,
    }
if env.str("DIALNEXA_TWILIO_ACCOUNT_SID", ""):
    CARRIERS["twilio"] = {
        "class": "telephony.carriers.twilio.TwilioCarrier",
        "base_url": env.str("DIALNEXA_TWILIO_BASE_URL", "https://api.twilio.com"),
        "pricing_url": env.str("DIALNEXA_TWILIO_PRICING_URL", "https://pricing.twilio.com"),
        "account_sid": env.str("DIALNEXA_TWILIO_ACCOUNT_SID"),
        "auth_token": env.str("DIALNEXA_TWILIO_AUTH_TOKEN", ""),
        "deadline": CARRIER_DEADLINE,
    }
if env.str("DIALNEXA_SIGNALWIRE_PROJECT_ID", ""):
    CARRIERS["signalwire"] = {
        "class": "telephony.carriers.signalwire.SignalWireCarrier",
        "base_url": env.str("DIALNEXA_SIGNALWIRE_BASE_URL", ""),
        "project_id": env.str("DIALNEXA_SIGNALWIRE_PROJECT_ID"),
        "api_token": env.str("DIALNEXA_SIGNALWIRE_API_TOKEN", ""),
        "signing_key": env.str("DIALNEXA_SIGNALWIRE_SIGNING_KEY", ""),
        "local_rate": env.str("DIALNEXA_SIGNALWIRE_LOCAL_RATE", ""),
        "toll_free_rate": env.str("DIALNEXA_SIGNALWIRE_TOLL_FREE_RATE", ""),
        "deadline": CARRIER_DEADLINE,
    }
for slug, carrier in CARRIERS.items():
    # A worker holds an order for PURCHASE_LEASE seconds; a call that may outlast it would never be made.
    if not carrier["deadline"] + 3 <= min(PURCHASE_LEASE, CELERY_TASK_SOFT_TIME_LIMIT + 1):
        refuse(
            f"DIALNEXA_CARRIER_DEADLINE ({carrier['deadline']:g} s, {slug}) must be at least 3 s less than "
            f"DIALNEXA_PURCHASE_LEASE ({PURCHASE_LEASE:g} s), and below {CELERY_TASK_SOFT_TIME_LIMIT - 2} s."
        )

# Who calls people to speak a code, and with which number of that carrier (see phone_numbers.verifying)
VERIFICATION_CARRIER = env.str("DIALNEXA_VERIFICATION_CARRIER", "")
VERIFICATION_CALLER_ID = env.str("DIALNEXA_VERIFICATION_CALLER_ID", "")
VERIFICATION_CALLS_AN_HOUR = env.int("DIALNEXA_VERIFICATION_CALLS_AN_HOUR", 200)  # of everybody together
if VERIFICATION_CARRIER and VERIFICATION_CARRIER not in CARRIERS:
    refuse(f"DIALNEXA_VERIFICATION_CARRIER is {VERIFICATION_CARRIER}: there is no account of such a carrier.")
if VERIFICATION_CARRIER and not re.fullmatch(r"\+[1-9][0-9]{6,14}", VERIFICATION_CALLER_ID, re.ASCII):
    refuse("DIALNEXA_VERIFICATION_CALLER_ID must be a number like +918035340000.")

"""SIP trunks: whom we may call, how they are watched."""

from pathlib import Path

from dialnexa.settings.environment import env, networks, rate, refuse

SIP_ALLOWED_NETWORKS = networks("DIALNEXA_SIP_ALLOWED_NETWORKS")  # called although they are private
SIP_DENIED_NETWORKS = networks("DIALNEXA_SIP_DENIED_NETWORKS")  # never called: our own public addresses
SIP_SIGNALLING_ADDRESSES: list[str] = env.list("DIALNEXA_SIP_SIGNALLING_ADDRESSES", [])  # where we call from
SIP_INBOUND_DOMAIN = env.str("DIALNEXA_SIP_INBOUND_DOMAIN", "")  # carriers send calls to number@this
SIP_CA_FILE = env.str("DIALNEXA_SIP_CA_FILE", "")  # certificates trusted beside the system's, as PEM
if SIP_CA_FILE and not Path(SIP_CA_FILE).is_file():
    refuse(f"DIALNEXA_SIP_CA_FILE names {SIP_CA_FILE}, which is not a file.")

TRUNK_CHECK_EVERY = env.float("DIALNEXA_TRUNK_CHECK_EVERY", 300.0)  # seconds, while it answers
TRUNK_RETRY_SOONEST = env.float("DIALNEXA_TRUNK_RETRY_SOONEST", 30.0)  # when it does not: doubled each time
TRUNK_RETRY_LATEST = env.float("DIALNEXA_TRUNK_RETRY_LATEST", 3600.0)  # up to this
TRUNKS_SILENT_MOST = env.int("DIALNEXA_TRUNKS_SILENT_MOST", 10)  # linked numbers of a workspace, unanswered
TRUNK_CHECKS_AT_ONCE = env.int("DIALNEXA_TRUNK_CHECKS_AT_ONCE", 1)  # in the background: fewer than workers
TRUNK_TEST_LIMIT = rate("DIALNEXA_TRUNK_TEST_LIMIT", "20/minute")  # of a workspace's people and keys

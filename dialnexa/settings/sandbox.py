"""The demo: carriers that are none, and a clock that can be moved."""

from dialnexa.settings.environment import DEBUG, env, refuse

SANDBOX_URL = env.str("DIALNEXA_SANDBOX_URL", "")  # set: the carriers are the sandbox, and pages say so
MOVABLE_CLOCK = env.bool("DIALNEXA_MOVABLE_CLOCK", False)  # the demo's; see dialnexa.clock
if MOVABLE_CLOCK and not (DEBUG and SANDBOX_URL):
    refuse(
        "DIALNEXA_MOVABLE_CLOCK is for the demo: it needs DIALNEXA_DEBUG=1 and DIALNEXA_SANDBOX_URL. Real "
        "money and real carriers go by the real time; leave it out."
    )

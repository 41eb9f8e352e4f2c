"""How web processes begin and end (see the command ``serve``)."""

from dialnexa.settings.environment import env

DRAIN_SECONDS = env.float(
    "DIALNEXA_DRAIN_SECONDS", 5.0
)  # told to stop, it says that it is not ready for so long
DRAIN_FILE = env.str("DIALNEXA_DRAIN_FILE", "")  # there: this process is being stopped

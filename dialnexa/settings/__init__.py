"""Settings, from the environment. Every name begins with DIALNEXA_, beside DATABASE_URL and REDIS_URL.

Without DATABASE_URL or REDIS_URL the project starts its own servers (see ``embedded``); with them set,
nothing embedded is imported. Without DIALNEXA_DEBUG=1 this is production, which refuses to start without
its secrets. One module for each topic; a new setting goes where its neighbours are.
"""

from dialnexa.settings.application import *
from dialnexa.settings.broker import *
from dialnexa.settings.browsers import *
from dialnexa.settings.buying import *
from dialnexa.settings.calls import *
from dialnexa.settings.carriers import *
from dialnexa.settings.data import *
from dialnexa.settings.drift import *
from dialnexa.settings.environment import *
from dialnexa.settings.languages import *
from dialnexa.settings.logs import *
from dialnexa.settings.metrics import *
from dialnexa.settings.people import *
from dialnexa.settings.rent import *
from dialnexa.settings.reports import *
from dialnexa.settings.rest_api import *
from dialnexa.settings.safety import *
from dialnexa.settings.sandbox import *
from dialnexa.settings.serving import *
from dialnexa.settings.signing_in import *
from dialnexa.settings.sip_engines import *
from dialnexa.settings.trunks import *

refuse_to_start()  # noqa: F405

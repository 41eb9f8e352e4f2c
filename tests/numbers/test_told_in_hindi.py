"""What is said of numbers, told in Hindi …"""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from dialnexa.models import Workspace
from dialnexa.translations.retelling import retell
from phone_numbers.buying.refunding import REFUNDED, UNUSED
from phone_numbers.number_table.exporting import export_lines
from phone_numbers.number_table.filters import Filters
from phone_numbers.number_table.table import NumberTable
from phone_numbers.rent_pages.forecast_words import say
from phone_numbers.renting.charging import RENT
from phone_numbers.renting.forecast import forecast
from phone_numbers.routes.bulk_planning import plan_back
from telephony.sip.verdicts import CLASSES, MAY_WANT_CERTIFICATE, REPLIES, TROUBLES
from tests.numbers.rows import make_number, make_rental

ENGLISH = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){2,}")
VALUES = {"code": 503, "via": "TCP", "number": "+912261234567"}
VERDICTS = [sentence for _, sentence in (*REPLIES.values(), *CLASSES.values())]


@pytest.mark.parametrize("sentence", [*VERDICTS, *TROUBLES.values(), MAY_WANT_CERTIFICATE])
def test_leaves_no_english_in_what_a_trunk_answered(sentence: str) -> None:
    let_in = "Ask your carrier to let our address in: 203.0.113.7."
    later = "It asks to be tried again in 90 seconds."
    kept = sentence % (VALUES | {"let_in": let_in, "later": later, "verdict": "It answers."})
    with override("hi"):
        assert not ENGLISH.search(retell(kept))


@pytest.mark.parametrize("memo", [RENT, REFUNDED, UNUSED])
def test_leaves_no_english_in_the_books(memo: str) -> None:
    kept = memo % (VALUES | {"starts": "5 Dec", "ends": "4 Jan 2027"})
    with override("hi"):
        told = retell(kept)
    assert "+912261234567" in told
    assert re.search("[\u0900-\u097f]", told)


@pytest.mark.django_db
def test_exports_english_which_programs_read(workspace: Workspace, now: datetime) -> None:
    make_number(workspace)
    with override("hi"):
        lines = list(export_lines(NumberTable(workspace, Filters(), now), now))
    (row,) = csv.DictReader(io.StringIO("".join(lines).removeprefix("\ufeff")))
    assert (row["status"], row["call_type"]) == ("Active", "None")


@pytest.mark.django_db
def test_says_how_long_money_lasts(workspace: Workspace, now: datetime) -> None:
    make_rental(make_number(workspace), now + timedelta(days=5), price="12000.00")
    with override("hi"):
        says = say(forecast(workspace, now=now), workspace.time_zone, now=now)
    assert says.headline.startswith("आपका पैसा ")
    assert "1 नंबर" in says.headline


@pytest.mark.django_db
def test_keeps_in_english_why_undoing_left_a_number_alone(workspace: Workspace) -> None:
    number = make_number(workspace, "+12125550123", status="released")
    with override("hi"):
        kept = plan_back(number, {"number": number.pk, "inbound": [None, None]}, {}).refusal
        assert kept == "+12125550123 was given back; nothing can be connected to it."
        assert retell(kept).startswith("+12125550123 वापस ")

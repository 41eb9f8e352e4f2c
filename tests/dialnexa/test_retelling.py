"""A sentence that a row keeps …"""

from __future__ import annotations

import pytest
from django.utils.translation import override

from dialnexa.translations.retelling import retell

LOST = "The carrier does not know this call any more. Nothing was charged."
KEPT = {
    LOST: "कैरियर अब इस कॉल को नहीं जानता। कोई शुल्क नहीं लिया गया।",
    "+91 80 4718 2200 was given back before it could call. Nothing was charged.": (
        "+91 80 4718 2200 कॉल करने से पहले ही लौटा दिया गया। कोई शुल्क नहीं लिया गया।"
    ),
    "India is not enabled at Plivo. Nothing was charged.": "भारत Plivo पर चालू नहीं है। कोई शुल्क नहीं लिया गया।",
    "Plivo says no. Nothing was charged.": "Plivo says no. कोई शुल्क नहीं लिया गया।",
    "This call is not possible: The country is not enabled.": "यह कॉल नहीं हो सकती: देश चालू नहीं है।",
    "2–5, 9 and 4,312 more": "2–5, 9 और 4,312 अन्य",
}


@pytest.mark.parametrize("sentence", KEPT)
def test_is_told_in_the_readers_language_with_its_values(sentence: str) -> None:
    with override("hi"):
        assert retell(sentence) == KEPT[sentence]


@pytest.mark.parametrize("said", ["", "Asha asked for it", "We stop. They were angry.", "486"])
def test_stays_as_it_is_where_a_person_or_a_carrier_wrote_it(said: str) -> None:
    with override("hi"):
        assert retell(said) == said


def test_stays_english_for_those_who_read_english() -> None:
    assert retell(LOST) == LOST


def test_says_its_days_as_the_language_writes_them() -> None:
    with override("hi"):
        assert retell("5 March 2026") == "5 मार्च 2026"

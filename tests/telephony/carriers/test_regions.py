"""A state or province …"""

import pytest

from telephony.carriers.regions import region_code, region_of
from telephony.carriers.sandbox.catalogue import RANGES


@pytest.mark.parametrize(
    ("country", "text", "code"),
    [
        ("US", "California", "CA"),
        ("US", "  new   york ", "NY"),
        ("US", "tx", "TX"),
        ("CA", "British Columbia", "BC"),
        ("CA", "qc", "QC"),
        ("US", "ON", ""),
        ("CA", "Texas", ""),
        ("US", "San Francisco", ""),
        ("US", "", ""),
        ("GB", "CA", ""),
    ],
)
def test_is_known_by_name_and_letters(country: str, text: str, code: str) -> None:
    assert region_code(country, text) == code


def test_is_known_wherever_the_sandbox_sells() -> None:
    local = [range_ for range_ in RANGES if range_.country in ("US", "CA") and range_.type == "local"]
    assert all(region_code(range_.country, area.region) for range_ in local for area in range_.areas)


@pytest.mark.parametrize(
    ("code", "country", "name"),
    [
        ("CA", "US", "California"),
        ("dc", "US", "District of Columbia"),
        ("NL", "CA", "Newfoundland and Labrador"),
        ("XX", "", ""),
        ("", "", ""),
    ],
)
def test_is_in_one_country(code: str, country: str, name: str) -> None:
    assert region_of(code) == (country, name)

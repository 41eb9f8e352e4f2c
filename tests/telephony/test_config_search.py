"""The search of Telephony Config …"""

from __future__ import annotations

import pytest
from django.utils.translation import override

from telephony.config_search import find_groups, read_digits, read_search
from telephony.models import Country, NetworkGroup, Prefix

pytestmark = pytest.mark.django_db


CARRIER = "twilio"
GROUPS = (  # country, name, prefixes
    ("CA", "Canada all", ""),
    ("BS", "Bahamas all", ""),
    ("IR", "Iran all", ""),
    ("US", "United States all", ""),
    ("IN", "India mobile", "918 919"),
    ("IN", "India landline", "911 9180"),
    ("DE", "Germany mobile", "4915"),
    ("DE", "Germany landline", "4930"),
)


@pytest.fixture
def countries(catalogue: None) -> list[Country]:
    """Also Canada and the Bahamas (+1) and Iran (+98)."""
    for iso, name, code in (("CA", "Canada", 1), ("BS", "Bahamas", 1), ("IR", "Iran", 98)):
        Country.objects.create(iso=iso, name=name, calling_code=code, max_length=10)
    for iso, name, prefixes in GROUPS:
        group = NetworkGroup.objects.create(carrier=CARRIER, country_id=iso, name=name)
        Prefix.objects.bulk_create(Prefix(network_group=group, digits=digits) for digits in prefixes.split())
    return list(Country.objects.all())


def found(text: str, countries: list[Country], home: str = "IN") -> list[str]:
    readings = read_digits(read_search(text), countries, home)
    ids = find_groups(readings, countries, CARRIER)
    return sorted(NetworkGroup.objects.filter(pk__in=ids).values_list("name", flat=True))


@pytest.mark.parametrize(
    "text, names",
    [
        ("+9180", ["India landline", "India mobile"]),  # +918 holds it, +9180 is it
        ("9180", ["India landline", "India mobile"]),
        ("00 91 80", ["India landline", "India mobile"]),
        ("080", ["India landline", "India mobile"]),
        ("80", ["India landline", "India mobile"]),
        ("98", ["India mobile", "Iran all"]),
        ("+98", ["Iran all"]),
        ("098", ["India mobile"]),
        ("+91 11", ["India landline"]),
        ("011-2345", ["India landline"]),
        ("+1 242", ["Bahamas all"]),
        ("+1 416", ["Canada all"]),
        ("+1", ["Bahamas all", "Canada all", "United States all"]),
        ("germany 0151", ["Germany mobile"]),
        ("de 030", ["Germany landline"]),
        ("germany +4930", ["Germany landline"]),
        ("germany 4930", ["Germany landline"]),
        ("germany +91", []),
        ("germany", []),
        ("atlantis 080", []),
        ("+", []),
        ("0", []),
        ("+0", []),
        ("999999999999999999999999", ["India mobile"]),
    ],
)
def test_reads_digits_as_people_write_them(countries: list[Country], text: str, names: list[str]) -> None:
    assert found(text, countries) == names


@pytest.mark.parametrize("home, names", [("DE", ["Germany mobile"]), ("US", ["United States all"])])
def test_reads_digits_as_dialled_at_home(countries: list[Country], home: str, names: list[str]) -> None:
    assert set(names) <= set(found("0151", countries, home) + found("242", countries, home))
    assert found("0151", countries, "DE") == ["Germany mobile"]


@pytest.mark.parametrize(
    "text, isos",
    [("uk", ["GB"]), ("USA", ["US"]), ("gb", ["GB"]), ("ünited king", ["GB"]), ("bahámas", ["BS"]), ("", [])],
)
def test_knows_countries_by_what_people_call_them(
    countries: list[Country], text: str, isos: list[str]
) -> None:
    search = read_search(text)
    assert [country.iso for country in countries if search.names(country)] == isos


def test_asks_nothing_where_there_are_no_digits(
    countries: list[Country], django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert find_groups([], countries, CARRIER) == set()


def test_leaves_other_carriers_alone(countries: list[Country]) -> None:
    group = NetworkGroup.objects.create(carrier="plivo", country_id="IN", name="India other")
    Prefix.objects.create(network_group=group, digits="919")
    assert "India other" not in found("+919", countries)


@pytest.mark.parametrize(
    "text, name", [("जर्मनी", "Germany"), ("जर्म", "Germany"), ("germany", "Germany"), ("भारत", "India")]
)
def test_knows_countries_as_their_reader_calls_them(text: str, name: str, countries: list[Country]) -> None:
    with override("hi"):
        assert [country.name for country in countries if read_search(text).names(country)] == [name]


def test_takes_no_other_language_for_the_readers(countries: list[Country]) -> None:
    assert not [country for country in countries if read_search("जर्मनी").names(country)]

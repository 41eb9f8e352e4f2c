"""What the sandbox sells: countries, areas with their real codes, prices and the papers asked for.

Prices are invented, in USD. Area codes, lengths and cities are the numbering plans'.
"""

from __future__ import annotations

from dataclasses import dataclass

COUNTRIES = {
    "AE": "UNITED ARAB EMIRATES",
    "AU": "AUSTRALIA",
    "CA": "CANADA",
    "DE": "GERMANY",
    "FR": "FRANCE",
    "GB": "UNITED KINGDOM",
    "IN": "INDIA",
    "KZ": "KAZAKHSTAN",
    "RU": "RUSSIA",
    "SG": "SINGAPORE",
    "US": "UNITED STATES",
}


@dataclass(frozen=True, slots=True)
class Area:
    """Numbers that start with ``prefix`` inside their country. Mobile and toll-free areas have no city."""

    prefix: str
    city: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """A country's numbers of one Plivo type. ``length`` counts the national digits, prefix included."""

    country: str
    type: str  # local, mobile, tollfree, national
    length: int
    areas: tuple[Area, ...]
    monthly: str
    setup: str = "0.00000"
    voice_rate: str = "0.00500"
    sms_rate: str | None = None  # None: no text messages
    restriction: str | None = None
    papers: tuple[str, ...] = ()  # types of prerequisites, with the country as their scope


def _areas(text: str) -> tuple[Area, ...]:
    """One area per line: prefix, city, region."""
    rows = (line.split(",") for line in text.strip().splitlines())
    return tuple(Area(*(cell.strip() for cell in row)) for row in rows)


_US = _areas("""
212, New York, New York
415, San Francisco, California
310, Los Angeles, California
312, Chicago, Illinois
305, Miami, Florida
512, Austin, Texas
206, Seattle, Washington
617, Boston, Massachusetts
""")
_IN = _areas("""
22, Mumbai, Maharashtra
11, Delhi, Delhi
80, Bengaluru, Karnataka
44, Chennai, Tamil Nadu
40, Hyderabad, Telangana
33, Kolkata, West Bengal
20, Pune, Maharashtra
79, Ahmedabad, Gujarat
""")
_GB = _areas("""
20, London, Greater London
161, Manchester, Greater Manchester
121, Birmingham, West Midlands
113, Leeds, West Yorkshire
117, Bristol, Bristol
131, Edinburgh, Scotland
141, Glasgow, Scotland
""")
_CA = _areas("""
416, Toronto, Ontario
604, Vancouver, British Columbia
514, Montreal, Quebec
403, Calgary, Alberta
613, Ottawa, Ontario
""")
_DE = _areas("""
30, Berlin, Berlin
40, Hamburg, Hamburg
89, Munich, Bavaria
69, Frankfurt, Hesse
221, Cologne, North Rhine-Westphalia
""")
_AU = _areas("""
28, Sydney, New South Wales
38, Melbourne, Victoria
73, Brisbane, Queensland
86, Perth, Western Australia
""")
_FR = _areas("""
1, Paris, Ile-de-France
4, Marseille, Provence
5, Bordeaux, Nouvelle-Aquitaine
""")
_AE = _areas("""
4, Dubai, Dubai
2, Abu Dhabi, Abu Dhabi
6, Sharjah, Sharjah
""")
_RU = _areas("""
495, Moscow, Moscow
812, Saint Petersburg, Saint Petersburg
343, Yekaterinburg, Sverdlovsk Oblast
""")
_KZ = _areas("""
727, Almaty, Almaty
7172, Astana, Astana
""")


def _anywhere(*prefixes: str) -> tuple[Area, ...]:
    return tuple(Area(prefix) for prefix in prefixes)


RANGES = (
    Range("US", "local", 10, _US, "0.80000", sms_rate="0.00800"),
    Range("US", "tollfree", 10, _anywhere("800", "833", "844", "855", "888"), "1.00000", sms_rate="0.00800"),
    Range("CA", "local", 10, _CA, "0.80000", sms_rate="0.00800"),
    Range("IN", "local", 10, _IN, "2.50000", voice_rate="0.00620", papers=("business",)),
    Range("IN", "mobile", 10, _anywhere("98", "99", "90", "70"), "3.00000", papers=("business",)),
    Range("IN", "tollfree", 10, _anywhere("1800"), "12.00000", "10.00000", papers=("business",)),
    Range("GB", "local", 10, _GB, "0.80000", voice_rate="0.00650"),
    Range("GB", "mobile", 10, _anywhere("74", "75", "78"), "1.20000", sms_rate="0.04000"),
    Range("GB", "tollfree", 10, _anywhere("800", "808"), "3.50000"),
    Range("GB", "national", 10, _anywhere("330", "333"), "1.00000"),
    Range("DE", "local", 10, _DE, "1.00000", restriction="city-address", papers=("address",)),
    Range("DE", "mobile", 11, _anywhere("151", "160", "170"), "3.00000", restriction="country-address"),
    Range("DE", "tollfree", 10, _anywhere("800"), "15.00000", "20.00000"),
    Range("AU", "local", 9, _AU, "1.50000", restriction="country-address", papers=("address",)),
    Range("AU", "mobile", 9, _anywhere("41", "42", "48"), "6.00000", sms_rate="0.05000"),
    Range("AU", "tollfree", 10, _anywhere("1800"), "16.00000"),
    Range("SG", "local", 8, _areas("6, Singapore, Singapore"), "4.00000"),
    Range("SG", "mobile", 8, _anywhere("8"), "20.00000", sms_rate="0.03500"),
    Range("SG", "tollfree", 11, _anywhere("1800"), "25.00000"),
    Range("AE", "local", 8, _AE, "18.00000", "5.00000", papers=("business", "address")),
    Range("AE", "tollfree", 9, _anywhere("800"), "35.00000", "25.00000", papers=("business",)),
    Range("FR", "local", 9, _FR, "1.10000", restriction="country-address"),
    Range("FR", "mobile", 9, _anywhere("6"), "7.00000", sms_rate="0.06000"),
    Range("FR", "national", 9, _anywhere("9"), "1.10000"),
    Range("FR", "tollfree", 9, _anywhere("800"), "18.00000"),
    Range("KZ", "local", 10, _KZ, "9.00000", restriction="terms-and-conditions"),
    Range("KZ", "mobile", 10, _anywhere("701", "707"), "11.00000"),
    Range("RU", "local", 10, _RU, "8.00000", papers=("business",)),
    Range("RU", "mobile", 10, _anywhere("916", "921"), "10.00000", papers=("business",)),
    Range("RU", "tollfree", 10, _anywhere("800"), "30.00000", papers=("business",)),
)

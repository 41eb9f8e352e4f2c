"""American states and Canadian provinces: carriers search by their two letters, people write their names."""

from __future__ import annotations

_US = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,
DC District of Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa,
KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota,
MS Mississippi, MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New Hampshire, NJ New Jersey,
NM New Mexico, NY New York, NC North Carolina, ND North Dakota, OH Ohio, OK Oklahoma, OR Oregon,
PA Pennsylvania, RI Rhode Island, SC South Carolina, SD South Dakota, TN Tennessee, TX Texas, UT Utah,
VT Vermont, VA Virginia, WA Washington, WV West Virginia, WI Wisconsin, WY Wyoming
"""
_CA = """
AB Alberta, BC British Columbia, MB Manitoba, NB New Brunswick, NL Newfoundland and Labrador, NS Nova Scotia,
NT Northwest Territories, NU Nunavut, ON Ontario, PE Prince Edward Island, QC Quebec, SK Saskatchewan,
YT Yukon
"""


def _names(table: str) -> dict[str, str]:
    pairs = (entry.split(maxsplit=1) for entry in table.replace("\n", " ").split(","))
    return {code: name.strip() for code, name in pairs}


_NAMES = {"US": _names(_US), "CA": _names(_CA)}
_CODES = {
    country: {name.casefold(): code for code, name in names.items()} for country, names in _NAMES.items()
}


def region_code(country: str, text: str) -> str:
    """The two letters of the state or province that ``text`` is (its name or letters, in any case); else "".

    ``country`` is US or CA; others have none.
    """
    names = _CODES.get(country, {})
    wanted = " ".join(text.split())
    if wanted.upper() in names.values():
        return wanted.upper()
    return names.get(wanted.casefold(), "")


def region_of(code: str) -> tuple[str, str]:
    """The country (ISO) and name of the state or province with these two letters; empty for no such one."""
    wanted = code.upper()
    return next(((country, names[wanted]) for country, names in _NAMES.items() if wanted in names), ("", ""))

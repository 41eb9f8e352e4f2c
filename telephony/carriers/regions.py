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


def _by_name(table: str) -> dict[str, str]:
    pairs = (entry.split(maxsplit=1) for entry in table.replace("\n", " ").split(","))
    return {name.strip().casefold(): code for code, name in pairs}


_CODES = {"US": _by_name(_US), "CA": _by_name(_CA)}


def region_code(country: str, text: str) -> str:
    """The two letters of the state or province that ``text`` is (its name or letters, in any case); else "".

    ``country`` is US or CA; others have none.
    """
    names = _CODES.get(country, {})
    wanted = " ".join(text.split())
    if wanted.upper() in names.values():
        return wanted.upper()
    return names.get(wanted.casefold(), "")

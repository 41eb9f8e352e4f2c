"""Which numbers may only be rented by a workspace that proved who it is.

Facts, per country and type of number. India: every number (carriers ask for the papers of an individual or a
business). United Kingdom, Germany, Australia, France and the Emirates ask for an address or identity. US and
Canadian local numbers need nothing; US toll-free numbers need a verified business.
"""

from __future__ import annotations

ANY = "*"
IDENTITY = "Proof of identity of the person or business"  # to make calls from anywhere

PAPERS: dict[tuple[str, str], str] = {
    (
        "IN",
        ANY,
    ): "Proof of identity: Aadhaar, PAN or passport for a person, GST or incorporation for a business",
    ("GB", ANY): "Proof of identity and an address",
    ("DE", ANY): "An address in the area of the number",
    ("FR", ANY): "Proof of identity and an address in the country",
    ("AU", ANY): "Proof of identity and an address",
    ("AE", ANY): "A trade licence",
    ("US", "toll_free"): "Toll-free verification of the business",
    ("CA", "toll_free"): "Toll-free verification of the business",
}


def papers_for(country: str, number_type: str) -> str:
    """What must be proven to rent this kind of number; empty when nothing must."""
    return PAPERS.get((country, number_type)) or PAPERS.get((country, ANY), "")


def countries_with_papers() -> list[str]:
    """Every country (ISO) in which at least one kind of number asks for something."""
    return sorted({country for country, _ in PAPERS})


def papers_in(country: str) -> dict[str, str]:
    """What must be proven there, by type of number; the type ``*`` means every type not named."""
    return {kind: papers for (iso, kind), papers in PAPERS.items() if iso == country}

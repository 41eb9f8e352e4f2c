"""What must be proven where, and what a dossier still lacks. The facts are in ``papers.toml``."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from kyc.models import KycCase, KycDocument
from kyc.papers import ANY, OneOf, Rule, document_name, papers

__all__ = ["ANY", "OneOf", "document_name", "identity_words", "requirement_groups"]
ASKED = _("Asked for by our team")


def identity_words() -> str:
    """What a caller proves whose country asks nothing of its numbers."""
    return gettext(papers().general.words)


def in_sentence(words: str) -> str:
    """What begins a line, in the middle of one: ``proof of identity``, but ``GST registration``."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def papers_for(country: str, number_type: str) -> str:
    """What must be proven to rent this kind of number; empty when nothing must."""
    rule = _rule(country, number_type)
    return gettext(rule.words) if rule else ""


def countries_with_papers() -> list[str]:
    """Every country (ISO) in which at least one kind of number asks for something."""
    return sorted({country for country, _ in papers().rules})


def papers_in(country: str) -> dict[str, str]:
    """What must be proven there, by type of number; the type ``*`` means every type not named."""
    return {kind: gettext(rule.words) for (iso, kind), rule in papers().rules.items() if iso == country}


def requirement_groups(country: str, number_type: str | None, entity_type: str) -> list[OneOf]:
    """One document of each of these is needed for a number of this type; nothing where nothing is asked.

    ``number_type`` None asks for the whole dossier: it opens every kind of number of the country, and calling
    for those at home there, so it needs what each of them needs, and at least an identity.
    """
    if number_type is not None:
        rule = _rule(country, number_type)
        return list(rule.groups[entity_type]) if rule else []
    rules = [rule for (iso, _), rule in papers().rules.items() if iso == country] or [papers().general]
    return list(dict.fromkeys(group for rule in rules for group in rule.groups[entity_type]))


def groups_of(case: KycCase) -> list[OneOf]:
    """What this dossier needs: by the table, and what staff asked for. Nothing before its entity type."""
    if not case.entity_type:
        return []
    needed = requirement_groups(case.country, None, case.entity_type)
    return needed + [OneOf(ASKED, (kind,)) for kind in case.asked_for]


def missing(case: KycCase) -> list[OneOf]:
    """The groups without a document that may be judged: a rejected one does not count."""
    standing = (KycDocument.Status.UPLOADED, KycDocument.Status.ACCEPTED)
    kinds = set(case.documents.filter(status__in=standing).values_list("kind", flat=True))
    return [group for group in groups_of(case) if kinds.isdisjoint(group.kinds)]


def _rule(country: str, number_type: str) -> Rule | None:
    rules = papers().rules
    return rules.get((country, number_type)) or rules.get((country, ANY))

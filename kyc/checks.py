"""What ``manage.py check`` says about the table of papers."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from kyc.papers import PapersWrong, papers


def learn() -> None:
    register(papers_are_right)


def papers_are_right(**_: Any) -> list[CheckMessage]:
    """One error for each mistake in ``papers.toml``."""
    try:
        papers()
    except PapersWrong as wrong:
        return [Error(mistake, id="kyc.E001") for mistake in wrong.mistakes]
    return []

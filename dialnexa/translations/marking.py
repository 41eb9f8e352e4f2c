"""Marking sentences for translation in modules that are imported before there are settings."""

from __future__ import annotations


def gettext_noop(sentence: str) -> str:
    """The sentence itself; extraction finds it by this name. Django's own asks the settings first."""
    return sentence

"""Sentences in other languages than English (see docs/translating.md)."""

"""Reading bodies whose fields have two published names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers


def either(given: Mapping[str, Any], name: str, alias: str) -> Any:
    """The value under either name, None without one. Raises ValidationError when they disagree."""
    if name in given and alias in given and given[name] != given[alias]:
        raise serializers.ValidationError({alias: f"This is another name of {name}: send one of the two."})
    return given.get(name, given.get(alias))

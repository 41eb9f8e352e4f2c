"""Every address there is, from the URL map itself: a new one is tried without anybody remembering to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from dialnexa.api.views import ApiView


@dataclass(frozen=True)
class Route:
    """``name`` with its namespace; ``parameters`` are the names in the address."""

    name: str
    template: str
    parameters: tuple[str, ...]
    view: Any

    def url(self, values: dict[str, Any]) -> str:
        """Raises KeyError for a parameter nobody made a sample of: add one to ``world``."""
        return reverse(self.name, kwargs={name: values[name] for name in self.parameters})

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Endpoint:
    """One method of one address of the API."""

    route: Route
    method: str
    scope: str

    def __str__(self) -> str:
        return f"{self.method} {self.route.template}"


def routes() -> Iterator[Route]:
    yield from _walk(get_resolver().url_patterns, "", (), "")


def _walk(patterns: list[Any], template: str, parameters: tuple[str, ...], namespace: str) -> Iterator[Route]:
    for entry in patterns:
        path = template + str(entry.pattern)
        names = (*parameters, *entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, path, names, inner)
        elif isinstance(entry, URLPattern):
            yield Route(f"{namespace}{entry.name}", path, names, entry.callback)


def pages() -> list[Route]:
    """Everything inside a workspace."""
    return [route for route in routes() if route.template.startswith("w/<slug:slug>/")]


def endpoints() -> list[Endpoint]:
    """Every method of the API that an ApiView answers."""
    views = ((route, getattr(route.view, "cls", None)) for route in routes())
    return [
        Endpoint(route, method, scope)
        for route, view in views
        if isinstance(view, type) and issubclass(view, ApiView)
        for method, scope in view.scopes.items()
    ]

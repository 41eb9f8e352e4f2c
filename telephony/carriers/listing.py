"""Reading the list of what an account owns: page by page, and as a whole that is known to be whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from .api import MAX_PAGES, CarrierAPI
from .base import OwnedNumber, OwnedPage


def linked_page(
    api: CarrierAPI,
    path: str,
    first: Mapping[str, str | int],
    cursor: str,
    read: Callable[[dict[str, Any]], tuple[list[dict[str, Any]], str]],
    parse: Callable[[Mapping[str, Any]], OwnedNumber],
) -> OwnedPage:
    """A page of a list whose pages link to the next one. ``first`` are the arguments of the first page; the
    cursor is those of any other. Raises UnexpectedReply for what can't be read, as every page does.
    """
    asked = dict(parse_qsl(cursor, keep_blank_values=True)) if cursor else first
    objects, following = api.page(path, asked, read)
    with api.strictly():
        numbers = tuple(parse(item) for item in objects)
    return OwnedPage(numbers, None, urlencode(following))


def whole_list(
    page: Callable[[str], OwnedPage], api: CarrierAPI, *, most: int = MAX_PAGES
) -> Iterator[OwnedNumber]:
    """Every number of the account. Raises UnexpectedReply when the list was not the whole one: it names a
    number twice, shrank while it was read, holds another count than it says, or has over ``most`` pages.
    """
    seen: set[str] = set()
    total, cursor = 0, ""
    for _ in range(most):
        found = page(cursor)
        api.expect((found.total or 0) >= total, "the list shrank while it was read")
        total, cursor = found.total or 0, found.cursor
        for number in found.numbers:
            api.expect(number.e164 not in seen, "the list names a number twice")
            seen.add(number.e164)
            yield number
        if not cursor:
            api.expect(found.total in (None, len(seen)), "the list does not hold as many numbers as it says")
            return
    api.expect(False, "the list does not end")

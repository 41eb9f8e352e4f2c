"""Every page a person can reach …"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from dialnexa.models import Workspace
from tests.browser import every_page
from tests.conftest import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Without preloading: it reads style sheets again to see orientation locks, and we lock none.
ASK = """([exclude, runOnly]) => axe.run(
    {include: [["html"]], exclude}, {runOnly, resultTypes: ["violations"], preload: false}
).then(
    found => found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.target.join(" ")}: ${(node.any[0] || rule).message || rule.help}`
    ))
)"""
FACTS = """() => ({
    title: document.title,
    headings: [...document.querySelectorAll("h1")].map(each => each.textContent.trim()),
    language: document.documentElement.lang,
})"""
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
MISSING = re.compile(r"status of 40[0-9]")  # what the browser says of a page that is an error's
OURS = " · DialNexa Numbers"
LOOKS = (("light", 1440, 900), ("dark", 390, 844))  # of axe
SHOTS = os.environ.get("SHOTS")  # a folder: pictures of all pages, for people to look at


class Visitor:
    """A browser that stays open. ``faults`` says, page by page, what is wrong.

    ``turns``: axe looks at each page once, in turns wide and light, narrow and dark. For pages alike.
    """

    def __init__(
        self, chromium: Any, site: str, client: Client | None = None, *, turns: bool = False
    ) -> None:
        self.site, self.turns, self.looked = site, turns, 0
        self.faults: list[str] = []
        self.titles: dict[str, tuple[str, list[str]]] = {}
        self.said: list[str] = []
        self.context = chromium.new_context(reduced_motion="reduce")
        for name, morsel in client.cookies.items() if client else ():
            self.context.add_cookies([{"name": name, "value": morsel.value, "url": site}])
        self.page = self.context.new_page()
        self.page.on(
            "console", lambda m: self.said.append(m.text) if m.type in ("error", "warning") else None
        )
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def walk(self, paths: list[str], *endings: str) -> list[str]:
        """Look at each; titles end with one of ``endings``. What is wrong with them."""
        for path in paths:
            self.look(path, endings)
        self.context.close()
        return self.faults

    def look(self, path: str, endings: tuple[str, ...]) -> None:
        self.said.clear()
        self.page.set_viewport_size({"width": 1440, "height": 900})
        self.page.emulate_media(color_scheme="light")
        answer = self.page.goto(self.site + path)
        faults = [*self.named(path, endings), *self.laid_out(path)]
        self.page.evaluate(AXE)
        for theme, width, height in LOOKS[self.looked % 2 :][:1] if self.turns else LOOKS:
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size({"width": width, "height": height})
            faults += [f"{theme}, {width} px: {fault}" for fault in self.ask()]
        self.looked += 1
        faults += [text for text in self.said if answer.ok or not MISSING.search(text)]
        self.faults += [f"{path}: {fault}" for fault in faults]

    def ask(self) -> list[str]:
        """What axe finds. The rail is the same on all pages: the first one will do."""
        seen = [["#rail"]] if len(self.titles) > 1 else []
        return list(self.page.evaluate(ASK, [seen, TAGS]))

    def named(self, path: str, endings: tuple[str, ...]) -> Iterator[str]:
        facts = self.page.evaluate(FACTS)
        if len(facts["headings"]) != 1:
            yield f"has {len(facts['headings'])} h1"
        if not facts["language"]:
            yield "does not say its language"
        if not facts["title"].endswith(endings):
            yield f"has the title {facts['title']!r}"
        other, headings = self.titles.setdefault(facts["title"], (path, facts["headings"]))
        if headings != facts["headings"]:  # the same page may stand at several addresses
            yield f"has the title of {other}: {facts['title']!r}"

    def laid_out(self, path: str) -> Iterator[str]:
        for width, height in ((1440, 900), (768, 1024), (390, 844)):
            self.page.set_viewport_size({"width": width, "height": height})
            if over := self.page.evaluate(WIDE):
                yield f"scrolls sideways by {over} px at {width}"
            for theme in ("light", "dark") if SHOTS else ():
                self.page.emulate_media(color_scheme=theme)
                name = re.sub(r"\W+", "_", path).strip("_")
                self.page.screenshot(path=Path(SHOTS or "", f"{name}.{width}.{theme}.png"))
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1440, "height": 900})


def test_is_sound_in_the_product(
    chromium: Any, shop: str, workspace: Workspace, now: datetime, movable_clock: Path
) -> None:
    alice, carol = workspace.members.get(), make_user("Carol")
    workspace.memberships.create(user=carol, role="member")
    paths = every_page.of_product(every_page.fill(workspace, now))
    twice = every_page.entered_twice(carol)
    between = every_page.at_the_second_step(carol)
    faults = [
        *Visitor(chromium, shop, every_page.entered(alice)).walk(paths, " · Acme", OURS),
        *Visitor(chromium, shop, twice).walk(every_page.OF_SECOND_STEP, OURS),
        *Visitor(chromium, shop, between).walk(["/accounts/security/authenticate/"], OURS),
        *Visitor(chromium, shop).walk(every_page.of_strangers(workspace, carol, now), OURS),
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("half", [0, 1])
def test_is_sound_at_the_support_desk(
    chromium: Any, shop: str, workspace: Workspace, now: datetime, half: int
) -> None:
    paths = every_page.of_desk(workspace, now)[half::2]
    visitor = Visitor(chromium, shop, every_page.staff_client(), turns=True)
    faults = visitor.walk(paths, " · DialNexa support")
    assert not faults, "\n".join(faults)

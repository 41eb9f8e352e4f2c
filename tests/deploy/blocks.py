"""The blocks of docs/deploy.md that are commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
FENCED = re.compile(r"^```sh(?: (?P<mark>\w+))?\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)
KEPT = ("HOST", "VERSION", "RELEASE", "DEBIAN_FRONTEND", "PWD")


@dataclass(frozen=True, slots=True)
class Block:
    """``mark``: ``internet``, ``upgrade`` or nothing."""

    heading: str
    mark: str
    commands: str

    @property
    def script(self) -> str:
        """As if all blocks were typed into one shell: what one sets and where it stands, the next one has."""
        begin = '[ ! -f /root/.shell ] || . /root/.shell\ncd "$PWD"\n'
        say = f"declare -p {' '.join(KEPT)} 2>/dev/null || true"
        end = f"{{ {say}; }} | sed 's/declare -[-x]* /export /' > /root/.shell\n"
        return f"set -euo pipefail\n{begin}{self.commands}{end}"


def read_blocks(text: str) -> list[Block]:
    """Of *One machine*, in their order."""
    chapter = text.partition("\n## One machine\n")[2].partition("\n## Containers\n")[0]
    found = []
    for match in FENCED.finditer(chapter):
        heading = re.findall(r"^### (.+)$", chapter[: match.start()], re.MULTILINE)[-1]
        found.append(Block(heading, match["mark"] or "", match["commands"]))
    return found

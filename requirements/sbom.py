"""``make sbom``: what an installation is made of, from the lock, as CycloneDX.

The same lock gives the same document, byte for byte: no date, and a serial number made of the contents.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("run.txt")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)", re.M | re.I)


def read_pins(lock: str) -> list[tuple[str, str]]:
    """Names and versions, as they stand in the lock."""
    return PIN.findall(lock)


def bill(lock: str) -> dict[str, Any]:
    """The whole document."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, lock)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "dialnexa-numbers", "bom-ref": "root"}},
        "components": [_component(name, version) for name, version in read_pins(lock)],
        "dependencies": [{"ref": "root", "dependsOn": [_purl(*pin) for pin in read_pins(lock)]}],
    }


def _component(name: str, version: str) -> dict[str, str]:
    purl = _purl(name, version)
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{re.sub('[-_.]+', '-', name).lower()}@{version}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bill(LOCK.read_text()), indent=1) + "\n")

"""The architecture …"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["dialnexa", "kyc", "telephony", "phone_numbers"]  # imports point left only
FREE = {"dialnexa/urls.py"}  # the map names everybody
INTERFACES = {"accounts", "views", "api", "admin", "tasks", "management", "error_pages"}


def modules(app: str) -> Iterator[Path]:
    for path in sorted((ROOT / app).rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def imports(path: Path) -> Iterator[str]:
    """Every imported module, with the names taken from it, as dotted words."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("app", LAYERS)
def test_imports_only_to_the_left(app: str) -> None:
    higher = LAYERS[LAYERS.index(app) + 1 :]
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(app)
        if str(path.relative_to(ROOT)) not in FREE
        for name in imports(path)
        if name.split(".")[0] in higher
    ]
    assert wrong == []


def is_interface(path: Path) -> bool:
    named = ("urls" in {*path.parts, path.stem}, "celery" in path.stem, path.stem.startswith("admin_"))
    return bool(INTERFACES & {*path.parts, path.stem}) or any(named)


def test_keeps_verbs_from_importing_interfaces() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for app in LAYERS
        for path in modules(app)
        if not is_interface(path)
        for name in imports(path)
        if name.split(".")[0] in LAYERS
        and {"views", "tasks", "admin", "api"} & set(name.split("."))
        and not name.startswith("telephony.carriers.api")  # how carriers' JSON is asked for: theirs, not ours
    ]
    assert wrong == []


def test_keeps_models_and_settings_out_of_carriers() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("telephony")
        if "carriers" in path.parts and path.name != "__init__.py"
        for name in imports(path)
        if "models" in name.split(".") or name.startswith("django.conf")
    ]
    assert wrong == []


def test_calls_the_app_numbers_and_leaves_the_standard_library_its_module() -> None:
    import numbers

    assert apps.get_app_config("numbers").name == "phone_numbers"
    assert apps.get_model("numbers", "PhoneNumber")._meta.db_table == "numbers_phonenumber"
    assert issubclass(int, numbers.Integral)


def test_has_a_package_in_every_folder_of_tests() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


CLOCKS = re.compile(
    r"timezone\.now\b|datetime\.(?:now|utcnow|today)\(|date\.today\(|time\.time(?:_ns)?\(|time\.gmtime\(\)"
    r"|local(?:time|date)\(\)|auto_now|\bNow\(\)|\{%\s*now\b"
)
WALL = {  # what goes by the wall clock although a demo's was moved
    "dialnexa/clock.py": "it is the clock",
    "dialnexa/ids.py": "ids sort by the order in which they were made; nobody reads a date from them",
    "dialnexa/rate_limiting.py": "Redis dates its windows itself",
    "dialnexa/keeper.py": "the embedded servers' log; it runs without the project",
}


def test_reads_the_wall_clock_in_one_place() -> None:
    pages = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt")]
    found = {
        str(path.relative_to(ROOT))
        for path in [*(path for app in LAYERS for path in modules(app)), *pages]
        if CLOCKS.search(path.read_text())
    }
    assert found == set(WALL)

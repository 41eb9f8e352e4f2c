"""The source …"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from tests.test_architecture import LAYERS, ROOT, modules

SOURCES = [*(path for app in LAYERS for path in modules(app)), ROOT / "manage.py"]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FORMAT_NOT_CONSTANT = {"kyc/admin/cases.py"}  # its format is a constant one line above
CONNECTORS = {"urlopen", "create_connection", "HTTPConnection", "HTTPSConnection"}
VERBS = {"get", "post", "put", "patch", "delete", "request", "stream", "AsyncClient"}  # of httpx


@functools.cache
def calls() -> list[tuple[Path, str, ast.Call]]:
    """Every call, with the name it is called by: ``httpx.get``, ``connection.cursor``, ``mark_safe``."""
    return [
        (path, ast.unparse(node.func), node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    ]


def keyword(call: ast.Call, name: str) -> str:
    return next((ast.unparse(given.value) for given in call.keywords if given.arg == name), "")


def is_raw_sql(name: str, call: ast.Call) -> bool:
    return name.endswith((".extra", ".raw")) or name.split(".")[-1] == "RawSQL"


def is_trusted_html(name: str, call: ast.Call) -> bool:
    return name.split(".")[-1] in {"mark_safe", "SafeString", "SafeText"}


def is_built_html(name: str, call: ast.Call) -> bool:
    made = name.split(".")[-1] in {"format_html", "format_html_join"}
    return made and not any(isinstance(given, ast.Constant) for given in call.args[:2])


def is_shell(name: str, call: ast.Call) -> bool:
    return name in {"os.system", "os.popen"} or keyword(call, "shell") not in ("", "False")


def is_code(name: str, call: ast.Call) -> bool:
    loads = name in {"yaml.load", "marshal.loads", "dill.loads", "shelve.open"}
    return loads or name in {"eval", "exec"} or name.startswith(("pickle.", "cPickle."))


def is_trusting(name: str, call: ast.Call) -> bool:
    return keyword(call, "verify") == "False" or "_create_unverified_context" in name


def is_patient(name: str, call: ast.Call) -> bool:
    """Would wait for ever."""
    library, _, verb = name.rpartition(".")
    asks = (library in {"httpx", "requests"} and verb in VERBS) or verb in CONNECTORS
    return asks and library != "self" and keyword(call, "timeout") in ("", "None")


BANS = [is_raw_sql, is_trusted_html, is_built_html, is_shell, is_code, is_trusting, is_patient]


@pytest.mark.parametrize("ban", BANS)
def test_has_none_that(ban: Callable[[str, ast.Call], bool]) -> None:
    found = {
        f"{at(path)}:{call.lineno} {name}"
        for path, name, call in calls()
        if ban(name, call) and not (ban is is_built_html and at(path) in FORMAT_NOT_CONSTANT)
    }
    assert found == set()


def at(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(
    ("code", "ban"),
    [
        ("M.objects.extra(where=[x])", is_raw_sql),
        ("M.objects.raw(x)", is_raw_sql),
        ("expressions.RawSQL(x, [])", is_raw_sql),
        ("mark_safe(x)", is_trusted_html),
        ("format_html(f'<b>{x}')", is_built_html),
        ("format_html(x)", is_built_html),
        ("subprocess.run(x, shell=True)", is_shell),
        ("os.system(x)", is_shell),
        ("pickle.loads(x)", is_code),
        ("yaml.load(x)", is_code),
        ("httpx.Client(verify=False)", is_trusting),
        ("httpx.get(x)", is_patient),
        ("requests.post(x, timeout=None)", is_patient),
        ("socket.create_connection(x)", is_patient),
    ],
)
def test_is_judged_by_bans_that_see(code: str, ban: Callable[[str, ast.Call], bool]) -> None:
    call = ast.parse(code, mode="eval").body
    assert isinstance(call, ast.Call)
    assert ban(ast.unparse(call.func), call)


def test_names_the_fields_of_forms_and_answers() -> None:
    everything = re.compile(r"""\bfields\s*=\s*["']__all__["']|\bexclude\s*=\s*[(\[]""")
    assert [at(path) for path in SOURCES if everything.search(path.read_text())] == []


def test_trusts_no_text_in_templates() -> None:
    trusting = re.compile(r"\|\s*safe(?:seq)?\b|autoescape\s+off")
    assert [at(path) for path in TEMPLATES if trusting.search(path.read_text())] == []


def test_sends_a_token_with_every_form() -> None:
    forms = re.compile(r"<form\b[^>]*method=\"post\".*?</form>", re.S | re.I)
    without = [
        f"{at(path)}: {found[0][:80]}"
        for path in TEMPLATES
        for found in forms.finditer(path.read_text())
        if "{% csrf_token %}" not in found[0] and "{% include" not in found[0]
    ]
    assert without == []


def test_says_why_where_a_safety_rule_is_switched_off() -> None:
    off = re.compile(r"# noqa: S\d+\b(?! +(?:# )?\w)")
    assert [at(path) for path in SOURCES if off.search(path.read_text())] == []


def test_takes_nothing_but_json_from_the_broker() -> None:
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]
    assert settings.CELERY_TASK_SERIALIZER == "json"

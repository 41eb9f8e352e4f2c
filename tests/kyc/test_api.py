"""GET /v1/kyc …"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dialnexa.models import Workspace
from kyc.models import KycCase
from tests.conftest import Program
from tests.documented import DocumentedProgram, documented


@pytest.fixture
def api(program: Program) -> DocumentedProgram:
    return documented(program)


def told(api: DocumentedProgram) -> dict[str, Any]:
    answer: dict[str, Any] = api.get("/v1/kyc").json()
    return answer


@pytest.fixture
def home(workspace: Workspace) -> KycCase:
    """Verified, without an end."""
    return workspace.kyc_cases.get(country=workspace.country)


def test_says_what_the_home_country_misses(api: DocumentedProgram, home: KycCase) -> None:
    Workspace.objects.filter(pk=home.workspace_id).update(country="GB")
    answer = told(api)
    assert (answer["home_country"], answer["may_call"]) == ("GB", False)
    assert "is not verified for United Kingdom yet" in answer["says"]
    assert [row["country"] for row in answer["cases"]] == [home.country]


def test_tells_how_each_countrys_papers_are(api: DocumentedProgram, home: KycCase) -> None:
    said = {"status": "rejected", "reason": "The address is missing"}
    KycCase.objects.create(workspace=home.workspace, country="ZA", **said)
    answer = told(api)
    assert answer["may_call"]
    assert [(row["country"], row["status"], row["reason"]) for row in answer["cases"]] == [
        (home.country, "verified", ""),
        ("ZA", "rejected", "The address is missing"),
    ]


def test_tells_a_verification_that_has_run_out_as_expired(
    api: DocumentedProgram, home: KycCase, now: datetime
) -> None:
    KycCase.objects.filter(pk=home.pk).update(verified_until=now - timedelta(days=1))
    answer = told(api)
    assert (answer["may_call"], answer["cases"][0]["status"]) == (False, "expired")


def test_tells_nobody_of_another_workspaces_papers(
    api: DocumentedProgram, home: KycCase, charlie_workspace: Workspace
) -> None:
    KycCase.objects.create(workspace=charlie_workspace, country="GB", status="submitted")
    assert [row["id"] for row in told(api)["cases"]] == [home.pk]


def test_wants_a_key_that_may_see_papers(program: Program) -> None:
    program.key.scopes = ["numbers:read"]
    program.key.save()
    assert program.get("/v1/kyc").status_code == 403

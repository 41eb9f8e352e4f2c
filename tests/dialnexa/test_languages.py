"""Languages …"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client
from django.utils import translation

from dialnexa import telling
from dialnexa.access import Right
from dialnexa.models import AuditEntry, User, Workspace
from dialnexa.notice_mail import send_due_mail
from dialnexa.notices import tell
from tests.conftest import Program, client_of

pytestmark = pytest.mark.django_db
HINDI, ENGLISH = "साइन इन करें", "Sign in"
BOTH = [("en", "English"), ("hi", "हिन्दी")]


@pytest.fixture(autouse=True)
def both(settings: LazySettings) -> None:
    settings.LANGUAGES = BOTH


def page(client: Client, url: str, **headers: str) -> str:
    return client.get(url, headers=headers).content.decode()


@pytest.mark.parametrize(
    "asked, heading", [("hi-IN,hi;q=0.9,en;q=0.5", HINDI), ("de", ENGLISH), ("", ENGLISH)]
)
def test_are_strangers_as_their_browser_asks(client: Client, asked: str, heading: str) -> None:
    assert f"<h1>{heading}</h1>" in page(client, "/accounts/login/", accept_language=asked)


def test_say_which_one_it_is(client: Client) -> None:
    answer = client.get("/accounts/login/", headers={"accept-language": "hi"})
    assert '<html lang="hi">' in answer.content.decode()
    assert answer["Content-Language"] == "hi"
    assert "Accept-Language" in answer["Vary"]


def test_are_chosen_on_the_sign_in_page(client: Client) -> None:
    assert 'name="language" value="hi"' in page(client, "/accounts/login/")
    sent = client.post("/accounts/language/", {"language": "hi", "next": "/accounts/login/"})
    assert sent["Location"] == "/accounts/login/"
    assert HINDI in page(client, "/accounts/login/", accept_language="en")


def test_lead_nowhere_else(client: Client) -> None:
    sent = client.post("/accounts/language/", {"language": "hi", "next": "https://evil.example/"})
    assert "evil" not in sent["Location"]


def test_are_not_offered_where_there_is_one(client: Client, settings: LazySettings) -> None:
    settings.LANGUAGES = BOTH[:1]
    said = page(client, "/accounts/login/", accept_language="hi")
    assert ENGLISH in said
    assert 'name="language"' not in said


def test_are_a_persons_own_once_chosen(alice: User, alice_client: Client) -> None:
    alice_client.post("/accounts/profile/", {"language": "hi", "time_zone": "Europe/Berlin"})
    alice.refresh_from_db()
    assert (alice.language, alice.time_zone) == ("hi", "Europe/Berlin")
    assert "नंबर" in page(alice_client, "/w/acme/numbers/", accept_language="en")
    entry = AuditEntry.objects.get(event="change_profile")
    assert entry.after == {"language": "hi", "time_zone": "Europe/Berlin"}


@pytest.mark.parametrize("wrong", [{"language": "xx"}, {"time_zone": "Mars/Olympus"}])
def test_are_ones_there_are(alice: User, alice_client: Client, wrong: dict[str, str]) -> None:
    form = {"language": "hi", "time_zone": "UTC"} | wrong
    assert alice_client.post("/accounts/profile/", form).status_code == 422
    alice.refresh_from_db()
    assert alice.language == ""


def test_are_kept_by_who_signs_up(client: Client) -> None:
    form = {"email": "asha@example.com", "password1": "ek-lamba-rasta-7", "password2": "ek-lamba-rasta-7"}
    client.post("/accounts/signup/", form, headers={"accept-language": "hi"})
    assert User.objects.get(email="asha@example.com").language == "hi"
    assert "पुष्टि" in mail.outbox[0].subject


def test_of_mail_are_the_receivers(alice: User, client: Client) -> None:
    User.objects.update(language="hi")
    client.post("/accounts/password/reset/", {"email": alice.email}, headers={"accept-language": "en"})
    assert "नया पासवर्ड चुनें" in mail.outbox[0].subject
    assert "/accounts/password/reset/key/" in mail.outbox[0].body


def test_of_notices_are_the_readers_and_rows_are_english(
    alice: User, workspace: Workspace, now: datetime, alice_client: Client
) -> None:
    User.objects.update(language="hi")
    title = telling.TITLE % {"key": "Reports", "day": "3 May"}
    about: dict[str, Any] = {
        "reference": "key",
        "right": Right.MANAGE,
        "title": title,
        "body": "Asha said so.",
        "now": now,
    }
    with translation.override("hi"):
        notice = tell(workspace, **about)
    send_due_mail(now)
    assert notice is not None
    assert notice.title == "The API key Reports ends on 3 May"
    assert mail.outbox[0].subject.startswith("API की Reports")
    assert "Asha said so." in mail.outbox[0].body
    assert "API की Reports" in page(alice_client, "/w/acme/notices/")


def test_are_english_for_programs(alice: User, program: Program, workspace: Workspace) -> None:
    with translation.override("hi"):  # a thread that somebody left so
        answer = program.http.get("/v1/organization-phone-numbers/nothing", headers={"accept-language": "hi"})
    assert answer.json()["message"].startswith("There is")
    refused = program.http.get("/v1/nowhere", headers={"accept-language": "hi"})
    assert refused.json()["message"] == "There is nothing here. Check the address and the id."
    assert "Content-Language" not in refused


def test_are_english_at_the_support_desk(staff: User) -> None:
    User.objects.update(language="hi")
    assert "Support desk" in page(client_of(staff), "/admin/", accept_language="hi")


def test_are_left_as_they_were_when_a_request_is_over(alice_client: Client) -> None:
    User.objects.update(language="hi")
    page(alice_client, "/w/acme/numbers/")
    assert translation.get_language() == "en"


def test_group_numbers_as_india_does() -> None:
    from django.utils.formats import number_format

    with translation.override("hi"):
        assert number_format(12345678, force_grouping=True) == "1,23,45,678"
    assert number_format(12345678, force_grouping=True) == "12,345,678"


def test_are_compiled_when_an_area_is_newer(tmp_path: Path) -> None:
    from dialnexa.translations.catalogues import compile_catalogues, new_catalogue, write_area

    catalogue = new_catalogue("hi")
    catalogue.add("Hello,", "नमस्ते,")
    write_area(tmp_path / "hi" / "areas" / "one.po", catalogue)
    (made,) = compile_catalogues(tmp_path)
    first = made.read_bytes()
    assert compile_catalogues(tmp_path) == []
    made.unlink()
    compile_catalogues(tmp_path)
    assert made.read_bytes() == first

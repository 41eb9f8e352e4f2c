"""A file nobody asked for …"""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("size", [1, 4_000_000])
def test_is_refused_before_it_is_kept(client: Client, size: int) -> None:
    file = SimpleUploadedFile("a.bin", b"x" * size)
    response = client.post("/accounts/login/", {"login": "a@example.com", "password": "b", "file": file})
    assert response.status_code == 400
    assert not response.wsgi_request.FILES


def test_is_no_matter_in_a_form_without_one(client: Client) -> None:
    fields = {"login": "a@example.com", "password": "b"}  # the test client sends them as multipart
    assert client.post("/accounts/login/", fields).status_code == 200

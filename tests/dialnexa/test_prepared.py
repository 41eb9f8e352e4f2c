"""A prepared query …"""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models import Q, QuerySet

from dialnexa.actors import SYSTEM
from dialnexa.api_keys import create_api_key, digest
from dialnexa.clock import now
from dialnexa.models import ApiKey, IdempotencyRecord, Workspace
from dialnexa.prepared import Prepared, columns_of, model_of

COLUMNS = ("slug", "country", "created_at")


def by_slug(slug: str, country: str = "IN") -> QuerySet[Any, Any]:
    found = Workspace.objects.filter(Q(slug=slug) | Q(name=slug), country=country, is_demo=False)
    return found.values_list(*COLUMNS)


@pytest.mark.django_db
def test_finds_what_the_query_finds(workspace: Workspace, charlie_workspace: Workspace) -> None:
    prepared = Prepared(by_slug, "slug", "country")
    for slug in (
        workspace.slug,
        charlie_workspace.slug,
        workspace.name,
        "nobody",
        "' OR 1=1 --",
        "%s",
        "slug",
    ):
        for country in ("IN", "US", "country"):
            assert prepared.ask(slug, country) == list(by_slug(slug, country))
    assert prepared.ask(workspace.slug, "IN")


@pytest.mark.django_db
def test_is_compiled_once_and_asked_each_time(workspace: Workspace) -> None:
    built = []

    def build(slug: str) -> QuerySet[Any, Any]:
        built.append(slug)
        return by_slug(slug)

    prepared = Prepared(build, "slug")
    assert prepared.ask(workspace.slug)
    Workspace.objects.update(country="DE")
    assert prepared.ask(workspace.slug) == []
    assert built == ["slug"]


@pytest.mark.django_db
def test_reads_json_arrays_and_money_as_models_do(workspace: Workspace) -> None:
    key, secret = create_api_key(workspace, "one", ["numbers:read", "calls:read"], by=SYSTEM, now=now())
    ApiKey.objects.update(monthly_spend_cap="12.5")
    IdempotencyRecord.objects.create(
        api_key=key, route="/", key="1", fingerprint="x", headers={"a": [1, {"ü": None}]}, locked_until=now()
    )
    keys = Prepared(
        lambda digest: ApiKey.objects.filter(digest=digest).values_list(*columns_of(ApiKey)), "digest"
    )
    made = model_of(ApiKey, keys.ask(digest(secret))[0])
    plain = ApiKey.objects.get()
    assert (made, {**vars(made), "_state": None}) == (plain, {**vars(plain), "_state": None})
    assert not made._state.adding
    records = Prepared(
        lambda key: IdempotencyRecord.objects.filter(api_key_id=key).values_list("headers", "status"), "key"
    )
    assert records.ask(key.pk) == [({"a": [1, {"ü": None}]}, None)]


@pytest.mark.django_db(transaction=True)
def test_asks_over_the_connection_of_whoever_asks(workspace: Workspace) -> None:
    prepared = Prepared(by_slug, "slug")
    here, elsewhere = prepared.ask(workspace.slug), []

    def ask() -> None:
        elsewhere.extend(prepared.ask(workspace.slug))
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    connections.close_all()
    assert elsewhere == here == prepared.ask(workspace.slug)


def test_wants_a_text_for_every_name() -> None:
    with pytest.raises(ValueError, match="zip"):
        Prepared(by_slug, "slug", "country").ask("acme")

"""The whole database as one fingerprint for each table: what an outsider's attempt must not change."""

from __future__ import annotations

from django.apps import apps
from django.db import connection

from dialnexa.models import ApiKey, Heartbeat, IdempotencyRecord

UNTOLD = {ApiKey, IdempotencyRecord, Heartbeat}  # when a key was used, and what it was answered


def snapshot() -> dict[str, str]:
    """Table → fingerprint of its rows. Sessions and the cache are not tables of ours."""
    labels = {"dialnexa", "kyc", "telephony", "numbers"}
    models = apps.get_models(include_auto_created=True)
    ours = [model for model in models if model._meta.app_label in labels and model not in UNTOLD]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(_rows(model._meta.db_table) for model in ours))
        return dict(cursor.fetchall())


def _rows(table: str) -> str:
    text = "coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')"
    return f"SELECT '{table}', count(*) || md5({text}) FROM \"{table}\" t"

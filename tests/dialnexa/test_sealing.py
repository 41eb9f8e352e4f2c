"""Sealing …"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from dialnexa.sealing import SealBroken, needs_resealing, parse_keys, place, seal, unseal

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
HERE = {"table": "numbers_siptrunk", "column": "sealed_password", "workspace_id": "ws_a", "pk": "trk_1"}
SECRET = "correct horse"


@pytest.fixture(autouse=True)
def _keys(settings: LazySettings) -> None:
    settings.SEALING_KEYS = {1: OLD}


@effort(deadline=None)
@given(text=st.text(st.characters()))
def test_opens_what_it_sealed(text: str) -> None:
    sealed = seal(text, **HERE)
    assert unseal(sealed, **HERE) == unseal(memoryview(sealed), **HERE) == text


def test_opens_text_that_is_no_unicode() -> None:
    assert unseal(seal("\ud800", **HERE), **HERE) == "\ud800"


def test_seals_the_same_text_differently_each_time_and_never_in_clear() -> None:
    first, second = seal(SECRET, **HERE), seal(SECRET, **HERE)
    assert first[2:] != second[2:]
    assert SECRET.encode() not in first


def test_refuses_a_value_in_which_any_one_bit_was_changed() -> None:
    sealed = seal(SECRET, **HERE)
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealBroken):
            unseal(bytes(changed), **HERE)


def test_refuses_a_value_cut_short_or_prolonged_anywhere() -> None:
    sealed = seal(SECRET, **HERE)
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            unseal(sealed[:length], **HERE)
    with pytest.raises(SealBroken):
        unseal(sealed + b"\0", **HERE)


@pytest.mark.parametrize("name", HERE)
def test_refuses_a_value_copied_to_another_place(name: str) -> None:
    with pytest.raises(SealBroken):
        unseal(seal(SECRET, **HERE), **HERE | {name: HERE[name] + "x"})


@pytest.mark.parametrize(
    "there",
    [
        {"workspace_id": "ws_at", "pk": "rk_1"},
        {"workspace_id": "trk_1", "pk": "ws_a"},
        {"table": "numbers_siptrunksealed", "column": "_password"},
        {"table": 'numbers_siptrunk", "sealed_password', "column": ""},
    ],
)
def test_keeps_places_apart_whose_parts_run_together_alike(there: dict[str, str]) -> None:
    with pytest.raises((SealBroken, ValueError)):
        unseal(seal(SECRET, **HERE), **HERE | there)


@pytest.mark.parametrize("raw", [None, b"", b"\0", SECRET.encode(), b"\1\1" + b"\0" * 60, b"\2" + b"\1" * 60])
def test_never_passes_on_what_was_not_sealed(raw: bytes | None) -> None:
    with pytest.raises(SealBroken):
        unseal(raw, **HERE)


def test_refuses_a_value_under_a_key_that_is_gone_and_says_which(settings: LazySettings) -> None:
    sealed = seal(SECRET, **HERE)
    settings.SEALING_KEYS = {2: NEW}
    with pytest.raises(SealBroken, match="sealed with key 1, which is not in DIALNEXA_SEALING_KEYS"):
        unseal(sealed, **HERE)


def test_refuses_a_value_whose_key_was_replaced_under_the_same_id(settings: LazySettings) -> None:
    sealed = seal(SECRET, **HERE)
    settings.SEALING_KEYS = {1: NEW}
    with pytest.raises(SealBroken):
        unseal(sealed, **HERE)


def test_refuses_a_value_relabelled_with_another_keys_id(settings: LazySettings) -> None:
    settings.SEALING_KEYS = {1: OLD, 2: OLD}
    sealed = seal(SECRET, **HERE)
    with pytest.raises(SealBroken):
        unseal(sealed[:1] + b"\2" + sealed[2:], **HERE)


def test_seals_with_the_first_key_and_opens_with_all(settings: LazySettings) -> None:
    before = seal(SECRET, **HERE)
    assert not needs_resealing(before)
    settings.SEALING_KEYS = {2: NEW, 1: OLD}
    after = seal(SECRET, **HERE)
    assert (before[1], after[1]) == (1, 2)
    assert unseal(before, **HERE) == unseal(after, **HERE) == SECRET
    assert [needs_resealing(value) for value in (before, memoryview(before), after)] == [True, True, False]


@pytest.mark.parametrize("name", HERE)
def test_refuses_to_seal_for_an_unknown_place(name: str) -> None:
    with pytest.raises(ValueError, match="needs its table"):
        seal(SECRET, **HERE | {name: ""})


def test_tells_nothing_of_the_secret_when_it_does_not_open() -> None:
    sealed = seal(SECRET, **HERE)
    with pytest.raises(SealBroken) as broken:
        unseal(sealed, **HERE | {"pk": "trk_2"})
    seen = f"{broken.value} {broken.value.__cause__} {broken.value.__suppress_context__}"
    assert SECRET not in seen
    assert seen.endswith("None True")


def test_binds_a_value_to_its_row() -> None:
    from phone_numbers.models import SipTrunk

    trunk = SipTrunk(id="trk_1", workspace_id="ws_a")
    assert place(trunk, "sealed_password") == HERE


# --- keys ---------------------------------------------------------------------------------------------


def written(**keys: bytes) -> str:
    return ",".join(f"{name[1:]}:{base64.b64encode(key).decode()}" for name, key in keys.items())


def test_takes_the_first_key_for_sealing() -> None:
    keys = parse_keys(written(k2=NEW, k1=OLD))
    assert (keys, next(iter(keys))) == ({1: OLD, 2: NEW}, 2)
    assert parse_keys(f" {written(k255=OLD)} ") == {255: OLD}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "entry 1 begins with the key's id"),
        (written(k0=OLD), "entry 1 begins with the key's id"),
        (written(k256=OLD), "entry 1 begins with the key's id"),
        (written(k_one=OLD), "entry 1 begins with the key's id"),
        ("²:" + written(k1=OLD), "entry 1 begins with the key's id"),
        (written(k1=OLD) + ",", "entry 2 begins with the key's id"),
        (written(k1=OLD) + "," + written(k01=NEW), "entry 2 needs an id of its own: 1 is used"),
        ("1", "entry 1 has a key of 0 bytes instead of 32"),
        (written(k1=OLD[:31]), "entry 1 has a key of 31 bytes instead of 32"),
        (written(k1=OLD + b"x"), "entry 1 has a key of 33 bytes instead of 32"),
        ("1:" + "!" * 44, "entry 1 has a key that is not base64"),
        ("1:ключ", "entry 1 has a key that is not base64"),
    ],
)
def test_says_what_is_wrong_with_the_keys(text: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse_keys(text)
    assert said in str(caught.value)


def test_never_quotes_a_key(settings: LazySettings) -> None:
    text = written(k1=OLD, k2=NEW[:20])
    with pytest.raises(ImproperlyConfigured) as caught:
        parse_keys(text)
    words: list[Any] = [entry.partition(":")[2] for entry in text.split(",")]
    assert not any(word in str(caught.value) for word in words)

"""Whatever a carrier answers, the adapter …"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.carriers.base import CarrierError, NumberConfig, NumberQuery, Outcome
from telephony.carriers.http import Timeouts

from .scripted import response, scripted

NUMBER = "14155550100"
NAMES = """
number numbers status type sub_type setup_rate monthly_rental_rate objects meta total_count error message
api_id cash_credits added_on renewal_date application compliance_status prerequisites restriction alias
app_id app_name number_type country city region
"""
KEYS = st.sampled_from(NAMES.split())
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([NUMBER, "Success", "pending", "fixed", "local", "0.80000", "not found", "2026-02-30"]),
)
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=20,
)
BODIES = st.binary(max_size=64) | JSON.map(lambda value: json.dumps(value).encode())
STATUSES = st.sampled_from([200, 201, 202, 204, 206, 301, 400, 401, 404, 418, 429, 500, 503])
HEADERS = st.fixed_dictionaries(
    {}, optional={"retry_after": st.sampled_from(["", "nan", "-1", "inf", "9e9", "soon"])}
)


@settings(max_examples=120, deadline=None)
@given(STATUSES, BODIES, HEADERS)
def test_raises_nothing_but_carrier_errors(status: int, body: bytes, headers: dict[str, str]) -> None:
    script = scripted(status, body)
    script.answers = [response(status, body, **headers)]
    carrier = script.carrier(timeouts=Timeouts(deadline=0.1))  # too short to wait after a 429
    calls: list[Any] = [
        lambda: carrier.search(NumberQuery("US"), limit=3),
        lambda: carrier.find_owned("+" + NUMBER),
        lambda: list(carrier.list_owned()),
        lambda: carrier.configure(NUMBER, NumberConfig(tag="t")),
        lambda: carrier.release(NUMBER),
        carrier.balance,
    ]
    for call in calls:
        try:
            call()
        except CarrierError as error:
            assert error.text.isprintable()  # noqa: PT017  # most answers raise, some do not


@settings(max_examples=120, deadline=None)
@given(STATUSES, BODIES)
def test_calls_a_purchase_not_done_only_after_a_refusal(status: int, body: bytes) -> None:
    try:
        result = scripted(status, body).carrier().buy("+" + NUMBER, intent_id="o", config=NumberConfig())
    except CarrierError as error:
        assert (error.outcome is Outcome.UNKNOWN) or 400 <= status < 500  # noqa: PT017
    else:
        assert result.e164 == "+" + NUMBER

"""A call at the sandbox …"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from plivo.utils import validate_v3_signature

from telephony.carriers.base import InboundRoute, NumberConfig, NumberQuery, NumberType
from telephony.carriers.sandbox import server, signing
from telephony.carriers.sandbox.calls import Call
from telephony.carriers.sandbox.carrier_api import TOKEN
from telephony.carriers.sandbox.faults import MAGIC_CALLS
from tests.telephony.carriers.accounts import ACCOUNT_SID, PROJECT_ID, Ear, adapter
from tests.telephony.carriers.conftest import OURS, Sandbox
from tests.telephony.carriers.contracts import contract, needs

from .listener import Listener, listening

TO, FROM = "919820012345", "14155550100"
SAY = "<Response><Speak loop='2'>1 2 3</Speak><Hangup/></Response>"
DOORS = {  # where calls are placed, and under which header webhooks are signed
    "twilio": (f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls.json", ACCOUNT_SID, "x-twilio-signature"),
    "signalwire": (f"/api/laml/2010-04-01/Accounts/{PROJECT_ID}/Calls", PROJECT_ID, "x-signalwire-signature"),
}


@pytest.fixture
def app() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def quick(sandbox: Sandbox) -> Sandbox:
    """The sandbox with seconds of five milliseconds."""
    sandbox.control("PUT", "mode", call_pace=0.005)
    return sandbox


def place(sandbox: Sandbox, app: Listener, to: str = TO, **more: Any) -> str:
    """Place a call as Plivo's customer; returns its id."""
    body = {"from": FROM, "to": to, "answer_url": f"{app.url}/answer?t=a%20b", "hangup_url": f"{app.url}/end"}
    answer = post(sandbox, "Call/", {**body, "ring_url": f"{app.url}/ring", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["request_uuid"]


def post(sandbox: Sandbox, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    url = f"{sandbox.url}/v1/Account/{OURS}/{path}"
    return sandbox.http.post(url, json=body, auth=(OURS, TOKEN), headers=headers)


def over(sandbox: Sandbox, app: Listener, call_id: str) -> Call:
    """The call when it has ended."""

    def ended() -> bool:
        call = sandbox.state.call(call_id)
        return call is not None and not call.live

    app.wait(ended)
    call = sandbox.state.call(call_id)
    assert call is not None
    return call


def magic(kind: str) -> str:
    numbers = [magic for group in MAGIC_CALLS.values() for magic in group]
    return "91982001" + next(magic.ending for magic in numbers if magic.kind == kind)


# --- outbound


def test_rings_is_answered_and_says_what_it_is_told(quick: Sandbox, app: Listener) -> None:
    app.xml = SAY
    call_id = place(quick, app)
    call = over(quick, app, call_id)
    app.wait(lambda: app.about("/end"))
    assert (call.stage, call.deeds) == ("completed", ("Said: 1 2 3 (2 times)", "Hung up"))
    assert [post.fields["Event"] for post in app.heard] == ["Ring", "StartApp", "Hangup"]
    ring, question, end = (post.fields for post in app.heard)
    assert (ring["CallStatus"], question["CallStatus"], end["CallStatus"]) == (
        "ringing",
        "in-progress",
        "completed",
    )
    assert {post.fields["CallUUID"] for post in app.heard} == {call_id}
    assert (end["RequestUUID"], end["From"], end["To"]) == (call_id, FROM, TO)
    assert (end["Duration"], end["BillDuration"], end["TotalCost"]) == ("1", "60", "0.00850")


def test_signs_as_the_official_library_checks(quick: Sandbox, app: Listener) -> None:
    over(quick, app, place(quick, app))
    app.wait(lambda: app.about("/end"))
    for heard in app.heard:
        nonce, signature = (
            heard.headers["x-plivo-signature-v3-nonce"],
            heard.headers["x-plivo-signature-v3"],
        )
        url = app.url + heard.path
        assert validate_v3_signature("POST", url, nonce, TOKEN, signature, heard.fields)
        assert not validate_v3_signature("POST", url, nonce, "another", signature, heard.fields)


@pytest.mark.parametrize(
    ("kind", "status"), [("busy", "busy"), ("no_answer", "no-answer"), ("fails", "failed")]
)
def test_is_not_answered_by_everybody(quick: Sandbox, app: Listener, kind: str, status: str) -> None:
    call = over(quick, app, place(quick, app, magic(kind), ring_timeout=20))
    app.wait(lambda: app.about("/end"))
    end = app.about("/end")[0].fields
    assert (end["CallStatus"], end["Duration"], end["TotalCost"]) == (status, "0", "0.00000")
    assert not app.about("/answer")
    assert bool(app.about("/ring")) is (kind != "fails")
    assert (call.ended_at or 0) - call.at == pytest.approx({"no_answer": 20, "busy": 1, "fails": 0}[kind])


@pytest.mark.parametrize(
    ("kind", "seconds"), [("hangs_up", 1), ("talks_long", 120), ("twice", 20), ("answers_late", 20)]
)
def test_lasts_as_long_as_people_talk(quick: Sandbox, app: Listener, kind: str, seconds: int) -> None:
    app.xml = "<Response><Stream bidirectional='true'>wss://agents.example/1</Stream></Response>"
    call = over(quick, app, place(quick, app, magic(kind)))
    assert (call.duration, call.deeds) == (seconds, ("Streamed to wss://agents.example/1",))


def test_ends_at_its_limit(quick: Sandbox, app: Listener) -> None:
    dial = "<Dial callerId='+14155550100'><User>sip:a@b.example</User></Dial>"
    app.xml = f"<Response>{dial}<Speak>Nobody hears this</Speak></Response>"
    call = over(quick, app, place(quick, app, time_limit=7))
    assert (call.duration, call.deeds) == (7, ("Dialled sip:a@b.example as +14155550100",))


def test_can_be_looked_at_and_hung_up(sandbox: Sandbox, app: Listener) -> None:
    app.xml = "<Response><Stream>wss://agents.example/1</Stream></Response>"
    sandbox.control("PUT", "mode", ring_seconds=0, talk_seconds=600)
    call_id = place(sandbox, app)
    app.wait(lambda: app.about("/answer"))
    live = sandbox.get(f"Call/{call_id}/", status="live")
    assert (live.status_code, live.json()["call_status"]) == (200, "in-progress")
    assert sandbox.get(f"Call/{call_id}/").status_code == 404  # no record before the end
    assert sandbox.get("Call/", status="live").json()["calls"] == [call_id]
    url = f"{sandbox.url}/v1/Account/{OURS}/Call/{call_id}/"
    assert sandbox.http.delete(url, auth=(OURS, TOKEN)).status_code == 204
    over(sandbox, app, call_id)
    record = sandbox.get(f"Call/{call_id}/").json()
    assert (record["to_number"], record["hangup_cause_name"]) == (TO, "Normal Hangup")
    assert sandbox.get(f"Call/{call_id}/", status="live").status_code == 404
    assert sandbox.http.delete(url, auth=(OURS, TOKEN)).status_code == 404
    assert [one["call_uuid"] for one in sandbox.get("Call/", to_number=TO).json()["objects"]] == [call_id]


def test_can_be_taken_back_while_it_rings(sandbox: Sandbox, app: Listener) -> None:
    sandbox.control("PUT", "mode", ring_seconds=60)
    call_id = place(sandbox, app)
    app.wait(lambda: app.about("/ring"))
    url = f"{sandbox.url}/v1/Account/{OURS}/Request/{call_id}/"
    assert sandbox.http.delete(url, auth=(OURS, TOKEN)).status_code == 204
    assert over(sandbox, app, call_id).stage == "cancelled"


def test_shows_no_call_to_another_account(quick: Sandbox, app: Listener) -> None:
    call_id = place(quick, app)
    over(quick, app, call_id)
    assert quick.get(f"Call/{call_id}/", account="MAOTHER0000000000000").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": ""},
        {"to": "abc"},
        {"from": None},
        {"answer_url": "ftp://a"},
        {"ring_timeout": -1},
        {"to": "1<2"},
    ],
)
def test_is_refused_when_nobody_could_place_it(sandbox: Sandbox, wrong: dict[str, Any]) -> None:
    body = {"from": FROM, "to": TO, "answer_url": "http://127.0.0.1:1/answer", **wrong}
    assert post(sandbox, "Call/", body).status_code == 400
    assert sandbox.state.calls() == []


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        ("no", "not XML"),
        ("<Reply/>", "begins with Reply"),
        ("<Response><Sing/></Response>", "Did not understand Sing"),
    ],
)
def test_ends_when_it_does_not_understand(quick: Sandbox, app: Listener, xml: str, says: str) -> None:
    app.xml = xml
    call = over(quick, app, place(quick, app))
    assert says in call.deeds[0]


def test_calls_nobody_but_this_machine(quick: Sandbox, app: Listener) -> None:
    call = over(quick, app, place(quick, app, answer_url="http://numbers.example/answer"))
    assert "question: not sent, numbers.example is not this machine" in call.webhooks
    assert call.deeds == ("The application answered not sent, numbers.example is not this machine",)


# --- webhooks that go wrong


def ends(app: Listener) -> list[str]:
    return [post.path.partition("?")[0] for post in app.heard]


def test_tells_everything_twice(quick: Sandbox, app: Listener) -> None:
    over(quick, app, place(quick, app, magic("twice")))
    app.wait(lambda: len(app.heard) == 6)
    assert ends(app) == ["/ring", "/ring", "/answer", "/answer", "/end", "/end"]
    assert app.heard[4].fields == app.heard[5].fields


def test_tells_late(quick: Sandbox, app: Listener) -> None:
    over(quick, app, place(quick, app, magic("late")))
    app.wait(lambda: len(app.heard) == 3)
    assert ends(app)[-1] == "/end"


def test_loses_all_but_the_question(quick: Sandbox, app: Listener) -> None:
    call = over(quick, app, place(quick, app, magic("lost")))
    app.wait(lambda: len(quick.state.call(call.id).webhooks) == 3)  # type: ignore[union-attr]
    assert ends(app) == ["/answer"]


def test_tells_in_another_order(quick: Sandbox, app: Listener) -> None:
    over(quick, app, place(quick, app, magic("reordered")))
    app.wait(lambda: len(app.heard) == 3)
    assert ends(app) == ["/answer", "/end", "/ring"]


def test_sends_a_forgery_before_the_truth(quick: Sandbox, app: Listener) -> None:
    over(quick, app, place(quick, app, magic("forged")))
    app.wait(lambda: len(app.heard) == 6)
    right = [
        validate_v3_signature(
            "POST",
            app.url + heard.path,
            heard.headers["x-plivo-signature-v3-nonce"],
            TOKEN,
            heard.headers["x-plivo-signature-v3"],
            heard.fields,
        )
        for heard in app.heard
    ]
    assert right == [False, True] * 3
    assert app.about("/end")[0].fields["Duration"] == "9999"


def test_goes_wrong_in_the_share_that_was_asked_for(quick: Sandbox, app: Listener) -> None:
    rules = [{"on": "callee", "kind": "busy"}, {"on": "webhook", "kind": "lost"}]
    quick.control("PUT", "faults", rules=rules)
    call = over(quick, app, place(quick, app))
    assert (call.stage, app.heard) == ("busy", [])


@pytest.mark.parametrize(("on", "kind"), [("callee", "slow"), ("webhook", "busy"), ("call", "busy")])
def test_can_only_go_wrong_in_ways_that_mean_something(sandbox: Sandbox, on: str, kind: str) -> None:
    for body in ({"rules": [{"on": on, "kind": kind}]}, {"next": [{"on": on, "kind": kind}]}):
        assert sandbox.http.put(f"{sandbox.url}/control/faults", json=body).status_code == 400


# --- requests that go wrong


@pytest.mark.parametrize(
    ("kind", "status", "placed"),
    [("error_before", 500, 0), ("error_after", 500, 1), ("rate_limited", 429, 0)],
)
def test_may_be_placed_or_not_whatever_the_answer(
    quick: Sandbox, app: Listener, kind: str, status: int, placed: int
) -> None:
    body = {"from": FROM, "to": magic(kind), "answer_url": f"{app.url}/answer"}
    assert post(quick, "Call/", body).status_code == status
    assert len(quick.state.calls()) == placed


def test_is_placed_then_silent(quick: Sandbox, app: Listener) -> None:
    body = {"from": FROM, "to": magic("sold_then_silent"), "answer_url": f"{app.url}/answer"}
    with pytest.raises(httpx.ReadTimeout):
        quick.http.post(f"{quick.url}/v1/Account/{OURS}/Call/", json=body, auth=(OURS, TOKEN), timeout=0.3)
    app.wait(lambda: app.about("/answer"))


# --- inbound


def own(sandbox: Sandbox, app: Listener) -> str:
    """A number of ours (digits) whose calls the application is asked about."""
    carrier = sandbox.carrier()
    sandbox.control("POST", "own", number=FROM, account=OURS)
    route = carrier.ensure_route(InboundRoute("r", f"{app.url}/answer", f"{app.url}/end"))
    carrier.configure(FROM, NumberConfig(route=route.id))
    return FROM


def test_comes_in_from_a_customer(quick: Sandbox, app: Listener) -> None:
    app.xml = "<Response><Stream>wss://agents.example/1</Stream></Response>"
    call_id = quick.control("POST", "call", **{"from": TO, "to": own(quick, app)})["id"]
    call = over(quick, app, call_id)
    app.wait(lambda: app.about("/end"))
    question, end = (post.fields for post in app.heard)
    assert (question["Direction"], question["CallStatus"], question["From"]) == ("inbound", "ringing", TO)
    assert "RequestUUID" not in question
    assert (end["CallStatus"], end["Duration"]) == ("completed", "20")
    assert call.deeds == ("Streamed to wss://agents.example/1",)


@pytest.mark.parametrize(
    ("xml", "status"),
    [("<Response><Hangup reason='busy'/></Response>", "busy"), ("<Response/>", "failed"), ("?", "failed")],
)
def test_may_be_refused_without_being_answered(quick: Sandbox, app: Listener, xml: str, status: str) -> None:
    app.xml = xml
    call_id = quick.control("POST", "call", **{"from": TO, "to": own(quick, app)})["id"]
    call = over(quick, app, call_id)
    app.wait(lambda: app.about("/end"))
    assert (call.answered_at, app.about("/end")[0].fields["CallStatus"]) == (None, status)


@pytest.mark.parametrize("slug", ["twilio", "signalwire"])
def test_comes_in_at_the_other_carriers_too(quick: Sandbox, app: Listener, slug: str) -> None:
    app.xml = "<Response><Dial><Sip>sip:a@b.example</Sip></Dial></Response>"
    carrier = adapter(slug, quick.url, TOKEN)
    number = carrier.search(NumberQuery("US", NumberType.LOCAL), limit=1)[0].e164
    route = carrier.ensure_route(InboundRoute("r", f"{app.url}/answer", f"{app.url}/status"))
    carrier.configure(
        carrier.buy(number, intent_id="o", config=NumberConfig()).number_id, NumberConfig(route.id)
    )
    call_id = quick.control("POST", "call", **{"from": TO, "to": number})["id"]
    assert over(quick, app, call_id).deeds == ("Dialled sip:a@b.example",)
    app.wait(lambda: app.about("/status"))
    question, end = app.about("/answer")[0].fields, app.about("/status")[0].fields
    assert (question["Direction"], question["CallStatus"]) == ("inbound", "ringing")
    assert (end["CallStatus"], end["CallDuration"], end["To"]) == ("completed", "20", number)


def test_reaches_nobody_at_a_number_nobody_set_up(quick: Sandbox, app: Listener) -> None:
    quick.control("POST", "own", number=FROM, account=OURS)
    call_id = quick.control("POST", "call", **{"from": TO, "to": FROM})["id"]
    assert over(quick, app, call_id).deeds == ("Nobody is asked about this number",)


def test_needs_a_number_that_somebody_owns(sandbox: Sandbox) -> None:
    body = {"from": TO, "to": "14155550199"}
    assert sandbox.http.post(f"{sandbox.url}/control/call", json=body).status_code == 400


# --- Twilio and SignalWire


def form(app: Listener, to: str = TO) -> dict[str, Any]:
    events = ["initiated", "ringing", "answered", "completed"]
    told = {"StatusCallback": f"{app.url}/status", "StatusCallbackEvent": events}
    return {"To": f"+{to}", "From": f"+{FROM}", "Url": f"{app.url}/answer?t=1", "Timeout": "20", **told}


@pytest.mark.parametrize("slug", DOORS)
def test_tells_the_others_customers_what_they_asked_for(quick: Sandbox, app: Listener, slug: str) -> None:
    path, account, header = DOORS[slug]
    stream = "<Stream url='wss://a.example'><Parameter name='t' value='1'/></Stream>"
    app.xml = f"<Response><Connect>{stream}</Connect></Response>"
    answer = quick.http.post(quick.url + path, data=form(app), auth=(account, TOKEN))
    assert answer.status_code == (201 if slug == "twilio" else 200)
    call = over(quick, app, quick.state.calls()[0].id)
    app.wait(lambda: len(app.about("/status")) == 4)
    assert call.deeds == ("Streamed to wss://a.example with t=1",)
    told = [(post.fields["SequenceNumber"], post.fields["CallStatus"]) for post in app.about("/status")]
    assert told == [("0", "initiated"), ("1", "ringing"), ("2", "in-progress"), ("3", "completed")]
    assert (app.about("/status")[-1].fields["CallDuration"], app.about("/answer")[0].fields["To"]) == (
        "20",
        f"+{TO}",
    )
    for heard in app.heard:
        assert heard.fields["CallSid"] == answer.json()["sid"]
        assert heard.headers[header] == signing.twilio(app.url + heard.path, heard.fields, TOKEN)
    sid = answer.json()["sid"]
    shown = quick.http.get(f"{quick.url}{path.removesuffix('.json')}/{sid}.json", auth=(account, TOKEN))
    assert (shown.json()["status"], str(shown.json()["duration"])) == ("completed", "20")


@pytest.mark.parametrize("slug", DOORS)
def test_is_ended_in_the_others_way(sandbox: Sandbox, app: Listener, slug: str) -> None:
    path, account, _ = DOORS[slug]
    sandbox.control("PUT", "mode", ring_seconds=60)
    sid = sandbox.http.post(sandbox.url + path, data=form(app), auth=(account, TOKEN)).json()["sid"]
    app.wait(lambda: len(app.about("/status")) == 2)
    one = f"{sandbox.url}{path.removesuffix('.json')}/{sid}.json"
    assert sandbox.http.post(one, data={"Status": "gone"}, auth=(account, TOKEN)).status_code == 400
    assert sandbox.http.post(one, data={"Status": "canceled"}, auth=(account, TOKEN)).status_code == 200
    over(sandbox, app, sandbox.state.calls()[0].id)
    app.wait(lambda: len(app.about("/status")) == 3)
    assert app.about("/status")[-1].fields["CallStatus"] == "canceled"
    assert sandbox.http.get(one, auth=(account, TOKEN)).json()["status"] == "canceled"


DOCUMENTS = {
    "twilio": "twilio/api_v2010-numbers-calls-sip.subset.json",
    "signalwire": "signalwire/compatibility-numbers-calls.subset.json",
}


@pytest.mark.parametrize("slug", [pytest.param(slug, marks=needs(slug)) for slug in DOCUMENTS])
def test_looks_as_the_carriers_document_says(quick: Sandbox, app: Listener, slug: str) -> None:
    path, account, _ = DOORS[slug]
    ear = Ear()
    with httpx.Client(transport=ear, base_url=quick.url, auth=(account, TOKEN)) as http:
        sid = http.post(path, data=form(app)).json()["sid"]
        over(quick, app, quick.state.calls()[0].id)
        suffix = ".json" if slug == "twilio" else ""
        http.get(f"{path.removesuffix('.json')}/{sid}{suffix}")
        http.post(f"{path.removesuffix('.json')}/{sid}{suffix}", data={"Status": "completed"})
        http.get(path)
    document = contract(DOCUMENTS[slug])
    for heard in ear.heard:
        document.check(replace(heard, path=heard.path.removeprefix("/api/laml/2010-04-01")))


# --- memory and page


def test_goes_on_after_a_restart(tmp_path: Path, app: Listener) -> None:
    first = server.start(data_dir=tmp_path)
    first.state.set_mode(ring_seconds=2)
    with httpx.Client(trust_env=False) as http:
        call_id = place(Sandbox(first.url, first.state, http), app)
    app.wait(lambda: app.about("/ring"))
    first.stop()
    assert not app.about("/answer")
    second = server.start(data_dir=tmp_path)
    try:
        app.wait(lambda: app.about("/answer"))
        call = second.state.call(call_id)
        assert call is not None
        assert call.stage in ("answered", "completed")
    finally:
        second.stop()


def test_is_forgotten_with_everything_else(sandbox: Sandbox, app: Listener) -> None:
    sandbox.control("PUT", "mode", ring_seconds=60)
    before = set(threading.enumerate())
    place(sandbox, app)
    app.wait(lambda: app.about("/ring"))
    [carrying] = [one for one in set(threading.enumerate()) - before if one.name == "sandbox-call"]
    sandbox.control("POST", "reset")
    app.wait(lambda: not carrying.is_alive())
    assert len(app.heard) == 1


def test_is_shown_on_the_page_with_what_was_said(quick: Sandbox, app: Listener) -> None:
    app.xml = "<Response><Speak>Your code is 1 2 3 &lt;b&gt;</Speak></Response>"
    over(quick, app, place(quick, app))
    for path in ("/", "/calls"):
        page = quick.http.get(quick.url + path).text
        assert f"Said to +{TO}: Your code is 1 2 3 &lt;b&gt;" in page
        assert "ended" in page


def test_can_be_made_and_broken_on_the_page(quick: Sandbox, app: Listener) -> None:
    app.xml = "<Response><Speak>Hello</Speak></Response>"
    form = {"from": f"+{TO}", "to": own(quick, app)}
    assert quick.http.post(f"{quick.url}/console/call", data=form).status_code == 303
    over(quick, app, quick.state.calls()[0].id)
    assert "(customer)" in quick.http.get(quick.url).text
    broken = {"breaks": "callee:busy", "seconds": ""}
    assert quick.http.post(f"{quick.url}/console/break_call", data=broken).status_code == 303
    assert over(quick, app, place(quick, app)).stage == "busy"


def test_has_its_magic_endings_on_the_page(sandbox: Sandbox) -> None:
    page = sandbox.http.get(sandbox.url).text
    assert all(f"…{magic.ending}" in page for group in MAGIC_CALLS.values() for magic in group)

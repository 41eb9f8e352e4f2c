"""A termination host …"""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.conf import LazySettings
from hypothesis import example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from dialnexa.errors import Refusal
from telephony.sip import Termination, parse_termination
from tests.telephony.sip.corpus import INSIDE, ODD, OUTSIDE


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("sip.carrier.example", "sip.carrier.example", None),
        ("  SIP.Carrier.Example.  ", "sip.carrier.example", None),
        ("sip.carrier.example:5060", "sip.carrier.example", 5060),
        ("sip.carrier.example:5061", "sip.carrier.example", 5061),
        ("sip.carrier.example:65535", "sip.carrier.example", 65535),
        ("trunk-7.pstn.example.com:1024", "trunk-7.pstn.example.com", 1024),
        ("r3---sn.carrier.example", "r3---sn.carrier.example", None),
        ("bücher.example", "xn--bcher-kva.example", None),
        ("BÜCHER.example", "xn--bcher-kva.example", None),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", None),
        ("carrier。example", "carrier.example", None),
        ("8.8.8.8", "8.8.8.8", None),
        ("8.8.8.8:5080", "8.8.8.8", 5080),
        ("2606:4700::1111", "2606:4700::1111", None),
        ("[2606:4700::1111]", "2606:4700::1111", None),
        ("[2606:4700::1111]:5061", "2606:4700::1111", 5061),
        ("[2606:4700::AbCd]:5061", "2606:4700::abcd", 5061),
    ],
)
def test_is_kept_one_way_however_it_is_written(text: str, host: str, port: int | None) -> None:
    termination = parse_termination(text)
    assert termination == Termination(host, port)
    assert parse_termination(str(termination)) == termination


LONG = ".".join(["a" * 60] * 5)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "missing", "Say where"),
        ("   ", "missing", "Say where"),
        ("sip:carrier.example", "scheme", "Write it without sip:"),
        ("SIPS:carrier.example", "scheme", "Write it without SIPS:"),
        ("sip:user@carrier.example", "scheme", "Write it without sip:"),
        ("http://carrier.example", "scheme", "Write it without http:"),
        ("tel:+14155550100", "scheme", "Write it without tel:"),
        ("gopher://127.0.0.1", "scheme", "Write it without gopher:"),
        ("user@carrier.example", "user", "before the @"),
        ("user:pass@127.0.0.1", "user", "before the @"),
        ("carrier.example/path", "parameters", "Leave out everything after"),
        ("carrier.example;transport=tcp", "parameters", "Leave out everything after"),
        ("carrier.example?x", "parameters", "Leave out everything after"),
        ("carrier.example#x", "parameters", "Leave out everything after"),
        ("carrier.example\\x", "parameters", "Leave out everything after"),
        ("carrier example", "characters", "no spaces"),
        ("carrier.example\r\nVia: x", "characters", "no spaces"),
        ("carrier\x00.example", "characters", "invisible"),
        ("carr\u200bier.example", "characters", "invisible"),
        ("carrier.example\u202e", "characters", "invisible"),
        ("[::1]x", "characters", "not a host"),
        ("carrier.example:5060:5060", "address", "as it is usually written"),
        ("carrier.example:", "port", "5060, 5061 or from 1024"),
        ("carrier.example:0", "port", "5060, 5061 or from 1024"),
        ("carrier.example:22", "port", "5060, 5061 or from 1024"),
        ("carrier.example:1023", "port", "5060, 5061 or from 1024"),
        ("carrier.example:65536", "port", "5060, 5061 or from 1024"),
        ("carrier.example:99999999999", "port", "5060, 5061 or from 1024"),
        ("carrier.example:-5060", "port", "5060, 5061 or from 1024"),
        ("carrier.example:٥٠٦٠", "port", "5060, 5061 or from 1024"),
        ("8.8.8.8:sip", "port", "5060, 5061 or from 1024"),
        (":5060", "name", "not a host name"),
        (".", "name", "not a host name"),
        ("a..example", "name", "not a host name"),
        (".a.example", "name", "not a host name"),
        ("-a.example", "name", "not a host name"),
        ("a-.example", "name", "not a host name"),
        ("a_b.example", "name", "not a host name"),
        ("*.example", "name", "not a host name"),
        ("xn--a.example", "name", "not a host name"),
        ("%31.example", "name", "not a host name"),
        ("a" * 64 + ".example", "name", "not a host name"),
        (LONG, "too_long", "at most 253"),
        ("x" * 5000, "too_long", "at most 253"),
        ("kamailio", "single_label", "only a name inside"),
        ("localhost", "single_label", "only a name inside"),
        ("LOCALHOST.:5060", "single_label", "only a name inside"),
        ("ⓛⓞⓒⓐⓛhost", "single_label", "only a name inside"),
    ],
)
def test_is_refused_with_its_own_sentence(text: str, code: str, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_termination(text)
    assert refused.value.code == f"sip_host_{code}"
    assert said in refused.value.sentence
    assert (refused.value.status, refused.value.details) == (400, {"field": "termination"})


@pytest.mark.parametrize("address", INSIDE)
def test_is_refused_when_it_is_an_address_inside(address: str) -> None:
    for text in (address, f"{address}:5060" if "." in address else f"[{address}]:5060"):
        with pytest.raises(Refusal) as refused:
            parse_termination(text)
        assert refused.value.code == "sip_host_private"


@pytest.mark.parametrize("text", ODD)
def test_is_refused_in_odd_clothes(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_termination(text)
    assert refused.value.code.startswith("sip_host_")


@pytest.mark.parametrize("address", OUTSIDE)
def test_may_be_a_public_address(address: str) -> None:
    assert parse_termination(address).host == address


def test_may_be_inside_where_the_installation_allows_it(settings: LazySettings) -> None:
    settings.SIP_ALLOWED_NETWORKS = [ip_network("10.1.0.0/16"), ip_network("fd00:20::/32")]
    assert parse_termination("10.1.2.3:5060") == Termination("10.1.2.3", 5060)
    assert parse_termination("[fd00:20::1]") == Termination("fd00:20::1")
    assert parse_termination("::ffff:a01:203").host == "::ffff:a01:203"
    for text in ("10.2.0.1", "fd00:21::1", "127.0.0.1"):
        with pytest.raises(Refusal):
            parse_termination(text)


def test_is_refused_where_the_installation_denies_it_even_if_allowed(settings: LazySettings) -> None:
    settings.SIP_ALLOWED_NETWORKS = [ip_network("8.8.0.0/16")]
    settings.SIP_DENIED_NETWORKS = [ip_network("8.8.8.0/24")]
    for text in ("8.8.8.8", "::ffff:808:808"):
        with pytest.raises(Refusal, match="sip_host_private"):
            parse_termination(text)
    assert parse_termination("8.8.4.4").host == "8.8.4.4"


def test_is_refused_where_it_is_ourselves_unless_allowed(settings: LazySettings) -> None:
    settings.SIP_SIGNALLING_ADDRESSES = ["8.8.8.8", "8.8.4.0/24", "2606:4700::1", "sip.ours.example"]
    for text in ("8.8.8.8", "8.8.8.8:5080", "::ffff:808:808", "8.8.4.9", "2606:4700::1"):
        with pytest.raises(Refusal, match="sip_host_private"):
            parse_termination(text)
    assert parse_termination("8.8.8.9").host == "8.8.8.9"
    settings.SIP_ALLOWED_NETWORKS = [ip_network("8.8.8.8")]
    assert parse_termination("8.8.8.8").host == "8.8.8.8"


@effort(deadline=None)
@given(st.text(max_size=300) | st.from_regex(r"[\[\]0-9a-fx:.%@;/-]{1,40}", fullmatch=True))
@example("[" * 250)
@example("xn--" + "9" * 59 + ".com")
@example("\u0660.\u0660")
def test_is_read_or_refused_whatever_is_written(text: str) -> None:
    try:
        termination = parse_termination(text)
    except Refusal:
        return
    assert termination.host.isascii()
    assert parse_termination(str(termination)) == termination

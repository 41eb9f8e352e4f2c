"""A webhook's URL …"""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from django.conf import LazySettings

from dialnexa.errors import Refusal
from dialnexa.webhooks.addressing import Place, locate, parse_url
from tests.telephony.sip.zone import Zone


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        (" HTTPS://Hooks.Example.com:443/In?a=b%20c ", "https://hooks.example.com/In?a=b%20c"),
        ("https://hooks.example.com?a=b", "https://hooks.example.com/?a=b"),
        ("https://hooks.example.com:8443/in", "https://hooks.example.com:8443/in"),
        ("https://bücher.example/in", "https://xn--bcher-kva.example/in"),
        ("https://8.8.8.8/in", "https://8.8.8.8/in"),
        ("https://[2606:4700::1111]:8443/", "https://[2606:4700::1111]:8443/"),
        ("https://hooks.example.com./in", "https://hooks.example.com/in"),
    ],
)
def test_is_kept_as_it_is_used(text: str, kept: str) -> None:
    assert str(parse_url(text)) == kept
    assert str(parse_url(kept)) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "missing"),
        ("hooks.example.com", "scheme"),
        ("ftp://hooks.example.com", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://hooks.example.com", "scheme"),
        ("http://hooks.example.com/", "scheme"),
        ("http://8.8.8.8/", "scheme"),
        ("https://user:secret@hooks.example.com/", "userinfo"),
        ("https://8.8.8.8@169.254.169.254/", "userinfo"),
        ("https://hooks.example.com/#part", "fragment"),
        ("https://hooks.example.com/a b", "invalid"),
        ("https://hooks.example.com/a\r\nX: y", "invalid"),
        ("https://hooks.example.com/\\169.254.169.254", "invalid"),
        ("https://hooks.example.com\\@169.254.169.254/", "userinfo"),
        ("https://hooks.example.com/%zz", "invalid"),
        ("https://hooks.example.com:22/", "port"),
        ("https://hooks.example.com:0/", "port"),
        ("https://hooks.example.com:65536/", "port"),
        ("https://hooks.example.com:/", "port"),
        ("https:///in", "host"),
        ("https://a..example/", "host"),
        ("https://a_b.example/", "host"),
        ("https://kamailio/", "private"),
        ("https://metadata.google.internal/", "private"),
        ("https://localhost/", "private"),
        ("https://printer.local/", "private"),
        ("https://" + "a" * 500 + ".example/", "too_long"),
    ],
)
def test_is_refused_when_it_is_none(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_url(text)
    assert refused.value.code == f"webhook_url_{code}"
    assert refused.value.details == {"field": "url"}


# fmt: off
INSIDE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "0.0.0.0", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "168.63.129.16", "224.0.0.1", "255.255.255.255", "[::]", "[::1]",
    "[::ffff:7f00:1]", "[::ffff:a9fe:a9fe]", "[::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]", "[2001::1]", "[fe80::1]", "[fec0::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]",
]
ODD = [
    "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "256.1.1.1", "[::127.0.0.1]",
    "[::ffff:127.0.0.1]", "[fe80::1%25eth0]", "[8.8.8.8]", "[]",
]
# fmt: on


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_leads_to_no_address_inside(scheme: str, host: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_url(f"{scheme}://{host}/in")
    assert refused.value.code == "webhook_url_private"


@pytest.mark.parametrize("host", ODD)
def test_has_no_address_in_odd_clothes(host: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_url(f"https://{host}/in")
    assert refused.value.code == "webhook_url_host"


def test_may_lead_to_this_machine_in_development_only(settings: LazySettings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16")]
    settings.DEBUG = False
    for url in ("http://127.0.0.1:9000/", "http://10.1.0.1/"):
        with pytest.raises(Refusal, match="https"):
            parse_url(url)
    settings.DEBUG = True
    assert parse_url("http://127.0.0.1:9000/").port == 9000
    with pytest.raises(Refusal, match="https"):
        parse_url("http://10.1.0.1/")


def test_never_leads_to_what_is_denied(settings: LazySettings) -> None:
    settings.SIP_DENIED_NETWORKS = [ip_network("8.8.8.0/24")]
    with pytest.raises(Refusal) as refused:
        parse_url("https://8.8.8.8/")
    assert refused.value.code == "webhook_url_private"


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ({}, "unknown"),
        ({"hooks.example.com A": ["10.0.0.1"]}, "private"),
        ({"hooks.example.com A": ["8.8.8.8", "10.0.0.1"]}, "private"),
        ({"hooks.example.com A": ["8.8.8.8"], "hooks.example.com AAAA": ["::1"]}, "private"),
        ({"hooks.example.com AAAA": ["64:ff9b::a9fe:a9fe"]}, "private"),
    ],
)
def test_is_refused_for_what_its_name_points_at(records: dict[str, list[str]], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        locate(Place("https", "hooks.example.com", 443, "/"), resolver=Zone(records))
    assert refused.value.code == f"webhook_url_{code}"


def test_is_put_off_while_dns_is_away() -> None:
    zone = Zone({}, broken=["hooks.example.com A"])
    with pytest.raises(Refusal) as refused:
        locate(Place("https", "hooks.example.com", 443, "/"), resolver=zone)
    assert (refused.value.code, refused.value.status) == ("webhook_url_unresolved", 502)

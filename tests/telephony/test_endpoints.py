"""Runtime endpoints …"""

import pytest

from dialnexa.errors import Refusal
from telephony.endpoints import LIMIT, clean_endpoint


@pytest.mark.parametrize(
    "text, stored",
    [
        ("wss://voice.example.com/agent", "wss://voice.example.com/agent"),
        ("  WSS://Voice.Example.COM:443/Agent ", "wss://voice.example.com/Agent"),
        ("wss://voice.example.com", "wss://voice.example.com/"),
        ("wss://voice.example.com.:8443/a/b%20c", "wss://voice.example.com:8443/a/b%20c"),
        ("wss://8.8.8.8/agent", "wss://8.8.8.8/agent"),
        ("wss://[2606:4700::1111]:8443/x", "wss://[2606:4700::1111]:8443/x"),
        ("wss://host.example/a@b:c", "wss://host.example/a@b:c"),
        ("sip:reception@voice.example.com", "sip:reception@voice.example.com"),
        ("SIPS:Reception@Voice.example.com:5061", "sips:Reception@voice.example.com:5061"),
        ("sip:a@voice.example.com:5060;transport=TLS", "sip:a@voice.example.com:5060;transport=tls"),
        ("sip:+14155550100@[2606:4700::1111]", "sip:+14155550100@[2606:4700::1111]"),
    ],
)
def test_stores_one_way_of_writing(text: str, stored: str) -> None:
    assert clean_endpoint(text) == stored
    assert clean_endpoint(stored) == stored


@pytest.mark.parametrize(
    "text, code",
    [
        ("", "missing"),
        ("   ", "missing"),
        ("wss://h.example/" + "x" * LIMIT, "too_long"),
        (f"sip:{'u' * 120}@{'h' * 60}.{'h' * 60}.example", "too_long"),
        ("wss://h.example/a b", "characters"),
        ("wss://h.example/a\nb", "characters"),
        ("wss://h.example/\x00", "characters"),
        ("wss://bücher.example/", "characters"),
        ("wss://127。0。0。1/", "characters"),
        ("ws://voice.example.com/agent", "scheme"),
        ("https://voice.example.com/agent", "scheme"),
        ("voice.example.com", "scheme"),
        ("tel:+14155550100", "scheme"),
        ("wss://user:secret@voice.example.com/", "userinfo"),
        ("wss://public.example@127.0.0.1/", "userinfo"),
        ("wss://voice.example.com/#x", "fragment"),
        ("wss://voice.example.com/a?token=1", "query"),
        ("wss:voice.example.com", "invalid"),
        ("wss://voice.example.com/<x>", "invalid"),
        ("wss://voice.example.com/%zz", "invalid"),
        ("wss://voice.example.com\\@evil.example/", "userinfo"),
        ("wss://voice.example.com:0/", "port"),
        ("wss://voice.example.com:22/", "port"),
        ("wss://voice.example.com:65536/", "port"),
        ("wss://voice.example.com:/", "port"),
        ("wss:///agent", "host"),
        ("wss://-a.example/", "host"),
        ("wss://a..example/", "host"),
        ("wss://a*.example/", "host"),
        ("wss://" + "a." * 130 + "example/", "host"),
        ("sip:voice.example.com", "invalid"),
        ("sip:@voice.example.com", "invalid"),
        ("sip:a@b@voice.example.com", "host"),
        ("sip:a<b@voice.example.com", "invalid"),
        ("sip:user:secret@voice.example.com", "userinfo"),
        ("sip:a@voice.example.com;maddr=127.0.0.1", "options"),
        ("sip:a@voice.example.com;transport=tls;maddr=127.0.0.1", "options"),
        ("sip:a@voice.example.com;transport=sctp", "options"),
        ("sips:a@voice.example.com;transport=udp", "options"),
        ("sip:a@voice.example.com?Subject=x", "host"),
        ("sip:a@voice.example.com:25", "port"),
    ],
)
def test_refuses_what_is_no_endpoint(text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        clean_endpoint(text)
    assert refused.value.code == f"endpoint_{code}"
    assert refused.value.details == {"field": "runtime_url"}


# fmt: off
INSIDE = [
    "10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.255.255.254", "0.0.0.0", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.7",
    "192.88.99.1", "168.63.129.16", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "[::]", "[::1]", "[::7f00:1]", "[::ffff:7f00:1]", "[::ffff:0:7f00:1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001::1]", "[fe80::1]", "[fec0::1]", "[fc00::1]",
    "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "[100::1]",
    "localhost", "LOCALHOST", "localhost.", "a.localhost", "printer.local", "metadata.google.internal",
    "1.0.0.127.in-addr.arpa", "db.corp", "kamailio",
]
ODD = [
    "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "8.8.8.08",
    "1.2.3.4.5", "256.1.1.1", "host.0x1", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]",
    "[::0001]", "[fe80::1%25eth0]", "[2606:4700::1111%eth0]", "[8.8.8.8]", "[]",
]
# fmt: on


@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("form", ["wss://{}/agent", "sip:agent@{}"])
def test_refuses_what_lies_inside_a_network(form: str, host: str) -> None:
    with pytest.raises(Refusal) as refused:
        clean_endpoint(form.format(host))
    assert refused.value.code == "endpoint_private"


@pytest.mark.parametrize("host", ODD)
@pytest.mark.parametrize("form", ["wss://{}/agent", "sip:agent@{}"])
def test_refuses_addresses_in_odd_clothes(form: str, host: str) -> None:
    with pytest.raises(Refusal) as refused:
        clean_endpoint(form.format(host))
    assert refused.value.code == "endpoint_host"

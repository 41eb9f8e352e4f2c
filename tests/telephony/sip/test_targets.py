"""Finding where to call …"""

from __future__ import annotations

import time
from collections import Counter
from ipaddress import ip_network

import dns.resolver
import pytest
from django.conf import LazySettings

from dialnexa.errors import Refusal
from telephony.sip import Target, Termination, resolve
from telephony.sip.targets import AAAA_PATIENCE, MOST
from tests.telephony.sip.corpus import INSIDE
from tests.telephony.sip.zone import Zone

HOST = "sip.carrier.example"


def found(zone: Zone, transport: str = "udp", port: int | None = None) -> list[tuple[str, int]]:
    targets = resolve(Termination(HOST, port), transport, resolver=zone)
    assert {(target.transport, target.tls_name) for target in targets} == {(transport, HOST)}
    return [(target.address, target.port) for target in targets]


def refused(zone: Zone, transport: str = "udp", port: int | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        resolve(Termination(HOST, port), transport, resolver=zone)
    return caught.value


@pytest.mark.parametrize(("transport", "port"), [("udp", 5060), ("tcp", 5060), ("tls", 5061)])
def test_needs_no_dns_for_an_address(transport: str, port: int) -> None:
    zone = Zone({})
    assert resolve(Termination("8.8.8.8"), transport, resolver=zone) == [
        Target("8.8.8.8", port, transport, "8.8.8.8")
    ]
    assert resolve(Termination("2606:4700::1", 5080), transport, resolver=zone)[0].port == 5080
    assert zone.asked == []


def test_asks_only_for_addresses_when_there_is_a_port() -> None:
    zone = Zone({f"{HOST} A": ["8.8.8.8", "8.8.4.4"], f"{HOST} AAAA": ["2606:4700::1"]})
    assert found(zone, port=5080) == [("8.8.8.8", 5080), ("8.8.4.4", 5080), ("2606:4700::1", 5080)]
    assert zone.asked == [f"{HOST} A", f"{HOST} AAAA"]


@pytest.mark.parametrize(
    ("transport", "service", "port"),
    [("udp", "_sip._udp", 5060), ("tcp", "_sip._tcp", 5060), ("tls", "_sips._tcp", 5061)],
)
def test_takes_the_usual_port_when_there_are_no_srv_records(transport: str, service: str, port: int) -> None:
    zone = Zone({f"{HOST} A": ["8.8.8.8"]})
    assert found(zone, transport) == [("8.8.8.8", port)]
    assert zone.asked[0] == f"{service}.{HOST} SRV"


def test_follows_srv_records_by_priority() -> None:
    zone = Zone(
        {
            f"_sip._udp.{HOST} SRV": [
                "20 0 5080 b.example.",
                "10 0 5070 a.example.",
                "30 0 5090 gone.example.",
            ],
            "a.example A": ["8.8.8.8"],
            "b.example AAAA": ["2606:4700::1"],
        }
    )
    assert found(zone) == [("8.8.8.8", 5070), ("2606:4700::1", 5080)]


def test_spreads_equals_by_weight() -> None:
    records = {
        f"_sip._udp.{HOST} SRV": ["1 90 5070 a.example.", "1 10 5070 b.example.", "1 0 5070 c.example."]
    }
    records |= {"a.example A": ["8.8.8.8"], "b.example A": ["8.8.4.4"], "c.example A": ["1.1.1.1"]}
    first = Counter(found(Zone(records))[0][0] for _ in range(400))
    assert 300 < first["8.8.8.8"] < 395
    assert first["1.1.1.1"] < 20


def test_stops_at_ten_targets() -> None:
    services = [f"{n} 0 5060 h{n}.example." for n in range(60)]
    zone = Zone({f"_sip._udp.{HOST} SRV": services} | {f"h{n}.example A": ["8.8.8.8"] * 4 for n in range(60)})
    assert len(found(zone)) == MOST
    assert len(zone.asked) <= 1 + 2 * MOST


def test_refuses_a_service_that_dns_says_is_not_there() -> None:
    zone = Zone({f"_sip._udp.{HOST} SRV": ["0 0 0 ."], f"{HOST} A": ["8.8.8.8"]})
    refusal = refused(zone)
    assert refusal.code == "sip_host_unknown"
    assert "takes no calls over UDP" in refusal.sentence


@pytest.mark.parametrize("records", [{}, {f"{HOST} A": [], f"{HOST} AAAA": []}])
def test_refuses_a_name_that_leads_nowhere(records: dict[str, list[str]]) -> None:
    refusal = refused(Zone(records))
    assert (refusal.code, refusal.status) == ("sip_host_unknown", 400)
    assert HOST in refusal.sentence


@pytest.mark.parametrize("address", INSIDE)
def test_refuses_a_name_when_any_of_its_addresses_leads_inside(address: str) -> None:
    kind = "AAAA" if ":" in address else "A"
    records = {f"{HOST} A": ["8.8.8.8"], f"{HOST} AAAA": ["2606:4700::1"]}
    records[f"{HOST} {kind}"] = [*records[f"{HOST} {kind}"] * 12, address]
    refusal = refused(Zone(records), port=5060)
    assert refusal.code == "sip_host_private"
    assert address not in refusal.sentence.replace(HOST, "")


def test_refuses_a_name_whose_srv_records_lead_inside() -> None:
    services = ["1 0 5060 a.example.", "2 0 5060 localhost."]
    zone = Zone({f"_sip._udp.{HOST} SRV": services, "a.example A": ["8.8.8.8"], "localhost A": ["127.0.0.1"]})
    assert refused(zone).code == "sip_host_private"


@pytest.mark.parametrize("port", [0, 22, 25, 1023])
def test_refuses_a_name_whose_srv_records_lead_to_other_peoples_ports(port: int) -> None:
    zone = Zone({f"_sip._udp.{HOST} SRV": [f"1 0 {port} a.example."], "a.example A": ["8.8.8.8"]})
    assert refused(zone).code == "sip_host_port"


def test_calls_inside_where_allowed(settings: LazySettings) -> None:
    zone = Zone({f"{HOST} A": ["10.1.2.3"]})
    assert refused(zone).code == "sip_host_private"
    settings.SIP_ALLOWED_NETWORKS = [ip_network("10.1.0.0/16")]
    assert found(zone) == [("10.1.2.3", 5060)]
    assert resolve(Termination("10.9.9.9"), "udp", allowed=[ip_network("10.9.0.0/16")])
    with pytest.raises(Refusal):
        resolve(Termination("10.1.2.3"), "udp", allowed=[])


def test_never_calls_what_is_denied(settings: LazySettings) -> None:
    settings.SIP_DENIED_NETWORKS = [ip_network("8.8.8.8")]
    assert refused(Zone({f"{HOST} A": ["8.8.4.4", "8.8.8.8"]})).code == "sip_host_private"


def test_never_calls_ourselves(settings: LazySettings) -> None:
    settings.SIP_SIGNALLING_ADDRESSES = ["8.8.8.8"]
    assert refused(Zone({f"{HOST} A": ["8.8.4.4", "8.8.8.8"]})).code == "sip_host_private"


def test_goes_to_the_ipv4_address_inside_a_mapped_one() -> None:
    assert found(Zone({f"{HOST} AAAA": ["::ffff:808:808"]})) == [("8.8.8.8", 5060)]


def test_judges_anew_each_time_a_name_that_moves_inside() -> None:
    zone = Zone({f"{HOST} A": [["8.8.8.8"], ["127.0.0.1"]]})
    assert found(zone, port=5060) == [("8.8.8.8", 5060)]
    assert refused(zone, port=5060).code == "sip_host_private"


def test_says_so_when_dns_does_not_answer() -> None:
    began = time.monotonic()
    with pytest.raises(Refusal) as caught:
        resolve(Termination(HOST), "udp", resolver=Zone({}, seconds=30), seconds=0.4)
    assert (caught.value.code, caught.value.status) == ("sip_host_unresolved", 502)
    assert time.monotonic() - began < 1


def test_says_so_when_dns_servers_fail() -> None:
    broken = {f"{HOST} A", f"{HOST} AAAA", f"_sip._udp.{HOST} SRV"}
    assert refused(Zone({}, broken=broken)).code == "sip_host_unresolved"


def test_is_content_with_ipv4_when_the_rest_takes_long() -> None:
    class NoSix(Zone):
        def resolve(self, qname: str, rdtype: str, *, search: bool, lifetime: float) -> list[object]:
            self._seconds = 30 if rdtype == "AAAA" else 0
            return list(super().resolve(qname, rdtype, search=search, lifetime=lifetime))

    began = time.monotonic()
    assert found(NoSix({f"{HOST} A": ["8.8.8.8"]})) == [("8.8.8.8", 5060)]
    assert time.monotonic() - began < AAAA_PATIENCE + 0.5


def test_spends_no_more_than_its_time_however_many_names_there_are() -> None:
    services = [f"{n} 0 5060 h{n}.example." for n in range(60)]
    addresses = {f"h{n}.example A": ["8.8.8.8"] for n in range(60)}
    began = time.monotonic()
    zone = Zone({f"_sip._udp.{HOST} SRV": services} | addresses, seconds=0.2)
    assert resolve(Termination(HOST), "udp", resolver=zone, seconds=0.7)
    assert time.monotonic() - began < 1.2


def test_says_so_when_there_is_no_dns_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr("dns.resolver.Resolver", none)
    with pytest.raises(Refusal, match="sip_host_unresolved"):
        resolve(Termination(HOST), "udp")

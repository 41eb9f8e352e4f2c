"""Importing rate decks …"""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from dialnexa.models import Workspace
from telephony.call_decks import import_call_rates
from telephony.catalogue import WHOLE_COUNTRY, load_catalogue
from telephony.decks import Deck, Report
from telephony.models import CallRate, Country, NetworkGroup, Prefix, RentalRate
from telephony.rates import rental_rates
from telephony.rental_decks import import_rental_rates

pytestmark = pytest.mark.django_db
DEMO = Path(__file__).parents[2] / "telephony" / "demo"
PAST = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def countries(db: None) -> None:
    load_catalogue()


def deck(now: datetime, valid_from: datetime = PAST) -> Deck:
    return Deck("plivo", "INR", valid_from, now)


def plivo_groups() -> QuerySet[NetworkGroup]:
    return NetworkGroup.objects.filter(carrier="plivo")


def rents(text: str | bytes, now: datetime, valid_from: datetime = PAST, *, dry_run: bool = False) -> Report:
    data = text if isinstance(text, bytes) else text.encode()
    return import_rental_rates(io.BytesIO(data), deck(now, valid_from), dry_run=dry_run)


def calls(lines: str, now: datetime, valid_from: datetime = PAST, *, dry_run: bool = False) -> Report:
    text = f"country,network_group,prefix,per_minute\n{lines}"
    return import_call_rates(io.BytesIO(text.encode()), deck(now, valid_from), dry_run=dry_run)


def counts(report: Report) -> tuple[int, int, int]:
    assert report.bad == []
    return report.added, report.changed, report.unchanged


def found(report: Report, kind: str) -> list[str]:
    return [example for finding in report.findings if finding.kind == kind for example in finding.examples]


# --- rents --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("countries")
def test_adds_what_numbers_cost(now: datetime) -> None:
    report = rents("country,type,setup,monthly\nIN,local,,250.50\nin,Toll-Free,900,1150\n", now)
    assert counts(report) == (2, 0, 0)
    rates = rental_rates("plivo", "IN", "INR", now=now)
    assert {kind: (rate.setup, rate.monthly) for kind, rate in rates.items()} == {
        "local": (Decimal(0), Decimal("250.5")),
        "toll_free": (Decimal(900), Decimal(1150)),
    }


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfcountry,type,monthly\nIN,local,250\n",
        b"country,type,monthly\r\nIN,local,250\r\n",
        b" Country ,TYPE,Monthly\nIN,local,250\n",
        b"monthly,type,country\n250,local,IN",
        b'country,type,monthly\n\n"IN", local ,250\n,,\n',
        b"country;type;monthly\nIN;local;250\n",
        b"\xef\xbb\xbfcountry;type;monthly\r\nIN;local;250,00\r\n",
        b"country\ttype\tmonthly\nIN\tlocal\t250.00\n",
        b'"country","type","monthly"\n"IN","local","250"\n',
        "country,type,monthly\nIN,local,250\n".encode("utf-16"),
        b"\xfe\xff" + "country;type;monthly\nIN;local;250,0\n".encode("utf-16-be"),
    ],
)
def test_takes_the_files_people_have(data: bytes, now: datetime) -> None:
    assert counts(rents(data, now)) == (1, 0, 0)


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize(
    "line, reason",
    [
        ("XX,local,1,1", "line 3: unknown country 'XX'"),
        ("India,local,1,1", "line 3: unknown country 'India'"),
        ("US,premium,1,1", "line 3: unknown type 'premium'. Use local, mobile"),
        ("US,local,1,-5", "line 3: monthly is negative: '-5'"),
        ("US,local,1,", "line 3: monthly is empty"),
        ("US,local,1,0", "line 3: monthly is zero"),
        ('US,local,1,"1,200"', "line 3: monthly is not an amount like 0.85: '1,200'"),
        ("US,local,1,1e3", "line 3: monthly is not an amount"),
        ("US,local,1,NaN", "line 3: monthly is not an amount"),
        ("US,local,1,1.1234567", "line 3: monthly is not an amount"),
        ("US,local,1,१२", "line 3: monthly is not an amount"),
        ("US,local,x,1", "line 3: setup is not an amount"),
        ("US,local,1", "line 3: has 3 columns instead of 4"),
        ("IN,LOCAL,9,9", "line 3: the same country and type as line 2"),
        ('US,"loc', "line 3: is not proper CSV"),
        ("US,lo\0cal,1,1", "line 3:"),
        (f"US,{'x' * 10_000},1,1", "line 3: unknown type 'xxx"),
    ],
)
def test_names_the_bad_line_and_imports_nothing(line: str, reason: str, now: datetime) -> None:
    report = rents(f"country,type,setup,monthly\nIN,local,0,250\n{line}\n", now)
    assert [str(bad)[: len(reason)] for bad in report.bad] == [reason]
    assert len(str(report.bad[0])) < 200
    assert not RentalRate.objects.exists()


@pytest.mark.usefixtures("countries")
def test_names_every_bad_line(now: datetime) -> None:
    report = rents("country,type,monthly\nXX,local,1\nIN,local,2\nIN,mobile,-1\n", now)
    assert [bad.line for bad in report.bad] == [2, 4]


@pytest.mark.usefixtures("countries")
def test_stops_where_too_much_is_wrong(now: datetime) -> None:
    report = calls("XX,nowhere,1,1\n" * 5_000, now)
    assert (report.bad_count, len(report.bad)) == (1_001, 1_001)
    assert str(report.bad[-1]) == "line 1001: is the last that was read, because 1,000 lines can't be used"


@pytest.mark.usefixtures("countries")
def test_counts_what_it_does_not_name(now: datetime) -> None:
    report = calls("IN,India mobile,9198,1\n" * 1_500, now)
    assert (report.bad_count, len(report.bad), str(report.bad[-1])[:11]) == (1_499, 1_000, "line 1002: ")


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "line 1: the header lacks country, type, monthly"),
        (b"country,monthly\nIN,1\n", "line 1: the header lacks type"),
        (b"country,type,monthly,colour\n", "line 1: the header has columns that mean nothing here: colour"),
        (b"country,type,monthly,Type\n", "line 1: the header has type twice"),
        ("country,type,monthly\nIN,local,1\n".encode("utf-16-le"), "line 1: is UTF-16 without its mark"),
        (b"country,type,monthly\nIN,local,1\nIN,mob\xe9,1\n", "line 3: is not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n", "line 1: is not UTF-8 text"),
    ],
)
def test_says_why_a_file_is_not_a_deck(data: bytes, reason: str, now: datetime) -> None:
    report = rents(data, now)
    assert [str(bad)[: len(reason)] for bad in report.bad] == [reason]
    assert not RentalRate.objects.exists()


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize(
    "lines, bad",
    [
        ("IN;local;250,5\nIN;mobile;1.200\n", (3, "'1.200'")),
        ("IN;local;2.5\nIN;mobile;300,25\n", (3, "'300,25'")),
        ("IN;local;1.250,50\n", (2, "'1.250,50'")),
    ],
)
def test_does_not_guess_between_two_decimal_signs(lines: str, bad: tuple[int, str], now: datetime) -> None:
    report = rents(f"country;type;monthly\n{lines}", now)
    sentence = f"monthly has another decimal sign than the amounts before it: {bad[1]}"
    assert [(line.line, line.reason) for line in report.bad] == [(bad[0], sentence)]
    assert not RentalRate.objects.exists()


@pytest.mark.usefixtures("countries")
def test_changes_nothing_when_the_same_file_comes_again(now: datetime) -> None:
    text = "country,type,monthly\nIN,local,250\nIN,mobile,300\n"
    rents(text, now)
    before = list(RentalRate.objects.order_by("id").values())
    assert counts(rents(text, now)) == (0, 0, 2)
    assert counts(rents(text, now, now + timedelta(days=30))) == (0, 0, 2)
    assert list(RentalRate.objects.order_by("id").values()) == before


@pytest.mark.usefixtures("countries")
def test_adds_a_new_price_beside_the_old(now: datetime) -> None:
    rents("country,type,monthly\nIN,local,250\nIN,mobile,300\n", now)
    later = now + timedelta(days=1)
    report = rents("country,type,monthly\nIN,local,275\nIN,mobile,300\nIN,toll_free,9\n", now, later)
    assert counts(report) == (1, 1, 1)
    assert rental_rates("plivo", "IN", "INR", now=now)["local"].monthly == 250
    assert rental_rates("plivo", "IN", "INR", now=later)["local"].monthly == 275


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize("start", [PAST, PAST + timedelta(days=1), PAST - timedelta(days=1)])
def test_never_changes_a_price_that_has_been_in_force(start: datetime, now: datetime) -> None:
    rents("country,type,monthly\nIN,local,250\n", now)
    report = rents("country,type,monthly\nIN,local,275\n", now, start)
    assert [bad.line for bad in report.bad] == [2]
    assert "in force since 2025-01-01" in report.bad[0].reason
    assert RentalRate.objects.get().monthly == 250


@pytest.mark.usefixtures("countries")
def test_corrects_a_price_that_has_not_begun(now: datetime) -> None:
    later = now + timedelta(days=1)
    rents("country,type,monthly\nIN,local,2500\n", now, later)
    rents("country,type,monthly\nIN,local,250\n", now, later)
    assert RentalRate.objects.get().monthly == 250


@pytest.mark.usefixtures("countries")
def test_takes_a_new_price_from_this_moment_on(now: datetime) -> None:
    rents("country,type,monthly\nIN,local,250\n", now)
    assert counts(rents("country,type,monthly\nIN,local,275\n", now, now)) == (0, 1, 0)
    assert rental_rates("plivo", "IN", "INR", now=now)["local"].monthly == 275


@pytest.mark.usefixtures("countries")
def test_only_tells_in_a_dry_run(now: datetime) -> None:
    assert counts(rents("country,type,monthly\nIN,local,250\n", now, dry_run=True)) == (1, 0, 0)
    assert not RentalRate.objects.exists()


@pytest.mark.usefixtures("countries")
def test_points_out_prices_that_jump_and_counts_what_stays(now: datetime) -> None:
    calls("IN,India mobile,9198,0.60\nIN,India mobile,9199,0.60\nIN,India mobile,9197,0.60\n", now)
    later = now + timedelta(days=1)
    report = calls("IN,India mobile,9198,6.0\nIN,India mobile,9199,0.90\n", now, later, dry_run=True)
    assert counts(report) == (0, 2, 0)
    assert report.kept == 1
    assert found(report, "jump") == ["line 2: a minute to +9198 goes from 0.6 to 6"]


@pytest.mark.usefixtures("catalogue")
def test_lists_countries_without_a_rent(now: datetime) -> None:
    Country.objects.create(iso="FR", name="France", calling_code=33, max_length=9)
    Country.objects.create(iso="AQ", name="Antarctica", calling_code=672, max_length=9, is_offered=False)
    said = map(str, rents("country,type,monthly\nIN,local,250\n", now).findings)
    assert list(said) == ["Countries without INR rents (1): FR."]


# --- calls --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("countries")
def test_adds_groups_prefixes_and_rates(now: datetime) -> None:
    text = (
        "country,network_group,prefix,direction,per_minute,pulse_seconds,connection_fee\n"
        "IN,India mobile,+91 98,,0.65,1,0.10\n"
        "IN,India mobile,9199,outbound,0.65,,\n"
        "IN,India mobile,,INBOUND,0.4,,\n"
    )
    report = import_call_rates(io.BytesIO(text.encode()), deck(now))
    assert counts(report) == (3, 0, 0)
    group = plivo_groups().get(country="IN")
    assert (group.name, group.carrier) == ("India mobile", "plivo")
    assert [prefix.digits for prefix in group.prefixes.all()] == ["9198", "9199"]
    rates = CallRate.objects.order_by("id").values_list(
        "prefix", "direction", "per_minute", "pulse_seconds", "connection_fee", "valid_from"
    )
    assert list(rates) == [
        ("9198", "outbound", Decimal("0.65"), 1, Decimal("0.1"), PAST),
        ("9199", "outbound", Decimal("0.65"), 60, 0, PAST),
        ("", "inbound", Decimal("0.4"), 60, 0, PAST),
    ]


@pytest.mark.usefixtures("countries")
def test_prices_a_whole_country(now: datetime) -> None:
    assert counts(calls("SG,Whole country,,1.40\n", now)) == (1, 0, 0)
    assert CallRate.objects.get().network_group == plivo_groups().get(country="SG", name=WHOLE_COUNTRY)


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize(
    "line, reason",
    [
        ("IN,India mobile,98,1", "prefix +98 is not in India, which begins with +91"),
        ("IN,India mobile,9,1", "prefix +9 is not in India"),
        ("US,Mobile,1416,1", "prefix +1416 is in Canada, not in United States"),
        ("RU,Mobile,7701,1", "prefix +7701 is in Kazakhstan, not in Russia"),
        ("GB,Mobile,441481,1", "prefix +441481 is in Guernsey, not in United Kingdom"),
        ("IN,India mobile,091,1", "prefix is not digits with the calling code: '091'"),
        ("IN,India mobile,91x,1", "prefix is not digits"),
        ("IN,India mobile,९१,1", "prefix is not digits"),
        (f"IN,India mobile,{'9' * 16},1", "prefix is not digits"),
        ("IN,,9198,1", "network_group is not a name"),
        (f"IN,{'n' * 81},9198,1", "network_group is not a name"),
        ("US,India mobile,1415,1", "'India mobile' is named after India, but the country is US"),
        ("NE,Nigeria mobile,2279,1", "'Nigeria mobile' is named after Nigeria, but the country is NE"),
        ("IN,India mobile,9198,-1", "per_minute is negative"),
        ("IN,India mobile,9198,0.85p", "per_minute is not an amount"),
        ("IN,India landline,9111,2", "the same network group, prefix and direction as line 2"),
        ("IN,India mobile,9111,2", "prefix +9111 is in the network group 'India landline' already"),
    ],
)
def test_names_the_bad_call_rate_and_imports_nothing(line: str, reason: str, now: datetime) -> None:
    report = calls(f"IN,India landline,9111,0.62\n{line}\n", now)
    assert [(bad.line, bad.reason[: len(reason)]) for bad in report.bad] == [(3, reason)]
    assert not CallRate.objects.exists()
    assert not NetworkGroup.objects.exclude(name=WHOLE_COUNTRY).exists()
    assert not Prefix.objects.exists()


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize(
    "direction, pulse, reason",
    [
        ("both", "60", "direction is neither outbound nor inbound: 'both'"),
        ("outbound", "0", "pulse_seconds is not a whole number"),
        ("outbound", "1.5", "pulse_seconds is not a whole number"),
        ("outbound", "99999", "pulse_seconds is not a whole number"),
    ],
)
def test_refuses_bad_directions_and_pulses(direction: str, pulse: str, reason: str, now: datetime) -> None:
    text = f"country,network_group,per_minute,direction,pulse_seconds\nIN,All,1,{direction},{pulse}\n"
    report = import_call_rates(io.BytesIO(text.encode()), deck(now))
    assert [bad.reason[: len(reason)] for bad in report.bad] == [reason]


@pytest.mark.usefixtures("countries")
def test_keeps_a_prefix_in_the_group_it_was_imported_into(now: datetime) -> None:
    calls("IN,India landline,9111,0.62\n", now)
    report = calls("IN,India mobile,9111,0.62\n", now)
    assert "is in the network group 'India landline' already" in report.bad[0].reason


@pytest.mark.usefixtures("countries")
def test_changes_no_call_rate_when_the_same_file_comes_again(now: datetime) -> None:
    text = "IN,India mobile,9198,0.65\nIN,India landline,9111,0.62\n"
    calls(text, now)
    groups = set(NetworkGroup.objects.values_list("id", flat=True))
    assert counts(calls(text, now)) == (0, 0, 2)
    assert CallRate.objects.count() == Prefix.objects.count() == 2
    assert set(NetworkGroup.objects.values_list("id", flat=True)) == groups


@pytest.mark.usefixtures("countries")
def test_keeps_old_call_rates_beside_new_ones(now: datetime) -> None:
    calls("IN,India mobile,9198,0.65\n", now)
    assert counts(calls("IN,India mobile,9198,0.70\n", now, now + timedelta(days=1))) == (0, 1, 0)
    assert [rate.per_minute for rate in CallRate.objects.order_by("valid_from")] == [
        Decimal("0.65"),
        Decimal("0.7"),
    ]


@pytest.mark.usefixtures("countries")
def test_notes_a_group_that_opens_another(now: datetime) -> None:
    report = calls("IN,India mobile,918,0.65\nIN,India landline,9180,0.62\nIN,India mobile,9189,0.65\n", now)
    assert found(report, "overlap") == ["+918 of 'India mobile' covers +9180 of 'India landline' too"]


@pytest.mark.usefixtures("catalogue")
def test_lists_countries_without_a_call_rate(now: datetime) -> None:
    CallRate.objects.filter(network_group__country__in=["DE", "GB"]).delete()
    report = calls("DE,Germany all,,1.25\n", now)
    assert "Countries without INR call rates (1): GB." in map(str, report.findings)


@pytest.mark.usefixtures("countries")
def test_replaces_whole_country_by_finer_groups(now: datetime) -> None:
    calls("IN,India mobile,9198,0.65\nSG,Singapore all,,1\n", now)
    assert [group.name for group in plivo_groups().filter(country="IN")] == ["India mobile"]
    assert plivo_groups().filter(country="SG", name=WHOLE_COUNTRY).exists()


@pytest.mark.usefixtures("countries")
def test_keeps_whole_country_where_a_workspace_uses_it(now: datetime) -> None:
    workspace = Workspace.objects.create(slug="acme", name="Acme")
    workspace.network_groups.create(network_group=plivo_groups().get(country="IN"), enabled=True)
    calls("IN,India mobile,9198,0.65\n", now)
    assert plivo_groups().filter(country="IN").count() == 2


@pytest.mark.usefixtures("countries")
def test_writes_nothing_about_calls_in_a_dry_run(now: datetime) -> None:
    before = NetworkGroup.objects.count()
    assert counts(calls("IN,India mobile,9198,0.65\n", now, dry_run=True)) == (1, 0, 0)
    assert (NetworkGroup.objects.count(), CallRate.objects.count(), Prefix.objects.count()) == (before, 0, 0)


# --- the commands -------------------------------------------------------------------------------------

OPTIONS = ["--carrier", "plivo", "--currency", "inr", "--valid-from", "2025-01-01"]


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize(
    ("carrier", "rents", "american", "finer"),
    [
        ("plivo", 27, "92", ("IN", "US", "GB", "DE")),
        ("twilio", 21, "101", ("IN", "US", "GB")),
        ("signalwire", 3, "58", ("US",)),
    ],
)
def test_imports_the_demo_decks(
    capsys: pytest.CaptureFixture[str],
    now: datetime,
    carrier: str,
    rents: int,
    american: str,
    finer: list[str],
) -> None:
    for name in ("rental", "call"):
        options = ["--carrier", carrier, *OPTIONS[2:]]
        call_command(f"import_{name}_rates", DEMO / f"{carrier}_{name}_rates_inr.csv", *options)
    said = capsys.readouterr().out
    assert f"Added {rents} new and 0 changed prices; 0 unchanged." in said
    assert rental_rates(carrier, "US", "INR", now=now)["local"].monthly == Decimal(american)
    groups = NetworkGroup.objects.filter(carrier=carrier)
    for iso in finer:
        assert groups.filter(country=iso).count() == 2
        assert not groups.filter(country=iso, name=WHOLE_COUNTRY).exists()


@pytest.mark.usefixtures("countries")
@pytest.mark.parametrize("name", ["rental", "call"])
def test_takes_no_line_for_where_the_carrier_does_not_sell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    file = tmp_path / "deck.csv"
    lines = {
        "rental": "country,type,monthly\nUS,local,58\nGB,local,58\n",
        "call": "country,network_group,per_minute\nCA,Canada,1\nGB,Whole country,1\n",
    }
    file.write_text(lines[name])
    with pytest.raises(CommandError, match="1 lines can't be used"):
        call_command(f"import_{name}_rates", file, "--carrier", "signalwire", *OPTIONS[2:])
    assert "line 3: SignalWire does not sell in United Kingdom" in capsys.readouterr().err
    assert not NetworkGroup.objects.filter(carrier="signalwire", country="GB").exists()


@pytest.mark.usefixtures("countries")
def test_misses_prices_only_where_the_carrier_sells(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "deck.csv"
    file.write_text("country,type,monthly\nUS,local,58\n")
    call_command("import_rental_rates", file, "--carrier", "signalwire", *OPTIONS[2:])
    assert "Countries without INR rents (1): CA." in capsys.readouterr().out


@pytest.mark.usefixtures("countries")
def test_says_what_it_would_do(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_rental_rates", DEMO / "plivo_rental_rates_inr.csv", *OPTIONS, "--dry-run")
    assert "Would add 27 new and 0 changed prices; 0 unchanged." in capsys.readouterr().out
    assert not RentalRate.objects.exists()


@pytest.mark.usefixtures("countries")
def test_fails_with_every_bad_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "deck.csv"
    file.write_text("country,type,monthly\nXX,local,1\nYY,local,1\n")
    with pytest.raises(CommandError, match=r"2 lines can't be used. Nothing was imported."):
        call_command("import_rental_rates", file, *OPTIONS)
    assert [line[:7] for line in capsys.readouterr().err.splitlines()] == ["line 2:", "line 3:"]


@pytest.mark.parametrize(
    "option, value, words",
    [
        ("--currency", "rupees", "three capital letters"),
        ("--valid-from", "31.1.2026", "is not a date like"),
        ("--valid-from", "2026-02-31", "is not a date like"),
        ("--carrier", "sip_trunk", "invalid choice"),
    ],
)
def test_explains_bad_options(option: str, value: str, words: str, tmp_path: Path) -> None:
    options = [*OPTIONS, option, value]
    (tmp_path / "deck.csv").touch()
    with pytest.raises(CommandError, match=words):
        call_command("import_rental_rates", tmp_path / "deck.csv", *options)


def test_says_when_there_is_no_such_file() -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_call_rates", "missing.csv", *OPTIONS)


@pytest.mark.parametrize(
    "text, moment",
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T18:30", datetime(2026, 1, 31, 18, 30, tzinfo=UTC)),
        ("2026-01-31T18:30+05:30", datetime(2026, 1, 31, 13, 0, tzinfo=UTC)),
    ],
)
def test_understands_start_dates(text: str, moment: datetime) -> None:
    from telephony.management.deck_command import start_date

    assert start_date(text) == moment

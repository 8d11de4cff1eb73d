"""A portal that sends too much: what is kept of it has bounds, and what is left out is counted."""

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from sems_exporter import errors
from sems_exporter.model import limits
from sems_exporter.model.diagnostics import Diagnostics, Limited
from sems_exporter.portal.http.envelope import HttpResponse as WireAnswer
from sems_exporter.portal.http.envelope import parse_envelope
from sems_exporter.portal.semsplus import alarms, device_reader, source, station_decoder
from sems_exporter.portal.semsplus.answer_cache import AnswerCache, size
from sems_exporter.simulator import Answer
from tests.clocks import FakeClock
from tests.homes import NOON
from tests.portal.semsplus.homes import Home

LONG = "n" * 100_000
Rows = list[dict[str, Any]]


def remembered(home: Home) -> int:
    """Bytes of all that the account remembers."""
    portal = home.account._switch.dialect.portal  # type: ignore[attr-defined]
    return sum(size(kept) for kept in portal._memory._last.values())


def answered(data: object) -> Answer:
    return Answer(body={"code": "00000", "data": data})


@pytest.mark.parametrize("endpoint", ["telemetry", "telecounting", "information", "info", "batteries", "devices"])
def test_an_answer_of_megabytes_is_not_kept(home: Home, endpoint: str) -> None:
    """Of what nobody knows in it, nothing is."""
    home.read()
    before = remembered(home)
    home.clock.advance(25 * 3600)

    def fatten(envelope: dict[str, Any], _: Any) -> None:
        data = envelope["data"]
        fat: Rows = [{"code": f"x{number}", "data": LONG[:20]} for number in range(5000)]
        if isinstance(data, list):
            data.extend(fat)
        else:
            data["more"] = fat

    home.portal.mutate(endpoint, fatten)
    for _ in range(3):
        home.read()
        home.clock.advance(300)

    assert remembered(home) < 2 * before


def test_a_thousand_devices_are_not_all_asked_and_the_others_keep_their_turn(home: Home) -> None:
    def crowd(envelope: dict[str, Any], _: Any) -> None:
        serials = [f"M{number}" for number in range(5000)]
        envelope["data"]["deviceDetailList"].insert(
            0, {"deviceType": "SMART_METER", "statusDetailList": [{"status": 1, "snList": serials}]}
        )

    home.portal.mutate("devices", crowd)

    station = home.read()

    assert len(station.inverters) == 1
    assert len(station.batteries) == 1
    assert len(station.meters) <= limits.DEVICES_PER_STATION
    assert home.asked("telemetry") <= limits.DEVICES_PER_STATION + 1
    assert home.findings.limited[Limited.DEVICES] > 4000


def test_strangers_in_each_list_do_not_pile_up(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (source, device_reader):
        monkeypatch.setattr(module, "DEVICES_PER_STATION", 50)
    number = 0

    def others(envelope: dict[str, Any], _: Any) -> None:
        nonlocal number
        number += 1
        serials = [f"M{number}-{each}" for each in range(15)]
        envelope["data"]["deviceDetailList"].append(
            {"deviceType": "SMART_METER", "statusDetailList": [{"status": 1, "snList": serials}]}
        )

    home.portal.mutate("devices", others)

    counts = [len(home.read().meters) for _ in range(6)]

    assert 20 < max(counts) <= 50


def test_batteries_without_end_are_cut_and_counted(home: Home) -> None:
    home.portal.script_always("batteries", answered([{"no": number, "soc": 50} for number in range(1, 10_001)]))

    assert len(home.read().batteries) == limits.BATTERIES_PER_INVERTER
    assert home.findings.limited[Limited.BATTERIES] == 10_000 - limits.BATTERIES_PER_INVERTER


def test_inputs_without_end_are_cut_and_counted(home: Home) -> None:
    factors = [{"code": f"MPPT-{number}:Ppv", "data": 1} for number in range(1, 1000)]
    home.portal.script_always("telemetry.INVERTER", answered(factors))

    [inverter] = home.read().inverters

    assert len(inverter.inputs) == limits.PARTS_PER_DEVICE
    assert home.findings.limited[Limited.PARTS] == 999 - limits.PARTS_PER_DEVICE


def test_long_names_are_cut_and_counted(home: Home) -> None:
    home.portal.mutate("info", lambda envelope, _: envelope["data"].update(name=LONG))
    home.portal.mutate("stations", lambda envelope, _: envelope["data"]["dataList"][0].update(name=LONG))

    station = home.read()

    assert station.name is not None
    assert len(station.name) == limits.TEXT_LENGTH
    assert station.name.endswith("n…")
    assert home.findings.limited[Limited.TEXT] == 2


def test_a_list_of_too_many_stations_is_cut_and_counted(home: Home) -> None:
    rows = [{"id": f"S{number}"} for number in range(30_000)]
    home.portal.script_always("stations", answered({"dataList": rows, "total": 30_000}))
    findings = Diagnostics()

    refs = home.account.stations(findings)

    assert len(refs) == limits.STATIONS_PER_ACCOUNT
    assert findings.limited == {Limited.STATIONS: 20_000}
    assert home.asked("stations") == 1


def test_alarms_without_end_are_cut_counted_and_told_as_a_number() -> None:
    findings = Diagnostics()
    rows = [{"warning_code": f"E{number}", "status": 0} for number in range(5000)]

    active = alarms.page({"dataList": rows, "total": 6000}, findings)

    assert len(active.listed) == limits.ALARMS_PER_STATION
    assert len(active.listed) + active.unlisted == 6000
    assert findings.limited == {Limited.ALARMS: 5000 - limits.ALARMS_PER_STATION}


def test_no_more_alarms_of_many_are_read_than_were_asked_for() -> None:
    findings = Diagnostics()
    rows = [{"stationId": "S", "status": 0} for _ in range(5000)]

    page = alarms.page_of_many({"dataList": rows, "total": 5000}, 1, findings)

    assert len(page.by_station["S"]) == 100
    assert findings.limited == {Limited.ALARMS: 4900}


@pytest.mark.parametrize(
    "read",
    [
        lambda data: station_decoder.page(data, Diagnostics()).total,
        lambda data: alarms.page(data, Diagnostics()).unlisted,
    ],
)
@pytest.mark.parametrize("total", ["9" * 5000, 10**4000, "²", "٣", -1, True, 1.5, None, "1e3"])
def test_a_total_that_is_no_number_of_things_is_none(read: Callable[[object], int | None], total: object) -> None:
    assert not read({"dataList": [], "total": total})


@pytest.mark.parametrize("piece", ["{}", "[]", "1", '{"":[]}'])
def test_an_answer_of_a_million_values_is_not_even_parsed(piece: str) -> None:
    body = ('{"code":"00000","data":[' + ",".join([piece] * 300_000) + "]}").encode()

    with pytest.raises(errors.AnswerTooLarge):
        parse_envelope(WireAnswer(200, body), NOON)


def test_a_code_of_megabytes_is_no_message_of_megabytes() -> None:
    with pytest.raises(errors.UnknownCode) as raised:
        parse_envelope(WireAnswer(200, json.dumps({"code": LONG}).encode()), NOON)

    assert len(str(raised.value)) < 100


def test_codes_and_units_of_megabytes_leave_nothing_behind(home: Home) -> None:
    """What is known of codes and units is remembered by them."""
    number = 0

    def fatten(envelope: dict[str, Any], _: Any) -> None:
        nonlocal number
        number += 1
        odd = f"{number}{LONG}"
        envelope["data"] = [{"code": odd, "data": odd}, {"code": "pAc", "data": 1, "unit": odd}]

    home.portal.mutate("telemetry", fatten)
    home.read()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(20):
        home.read()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert grown < 40 * len(LONG), "there were sixty of them"


def test_what_is_remembered_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sems_exporter.portal.semsplus.answer_cache.ANSWERS_REMEMBERED_BYTES", 100_000)
    memory = AnswerCache(FakeClock(NOON))
    for number in range(1000):
        memory.put(("info", f"S{number}"), {"name": LONG[:1000]})

    assert sum(size(kept) for kept in memory._last.values()) < 100_000
    assert memory.last(("info", "S999")) is not None
    assert memory.last(("info", "S0")) is None


def test_half_a_character_in_a_serial_number_costs_nothing_beside_it(home: Home) -> None:
    """JSON can spell it, an address cannot hold it."""

    def broken(envelope: dict[str, Any], _: Any) -> None:
        devices = [
            {"deviceType": kind, "statusDetailList": [{"status": 1, "snList": [f"X\ud800{kind}"]}]}
            for kind in ("INVERTER", "SMART_METER", "BAT_SYS", "WIFI", "EV_CHARGER")
        ]
        envelope["data"]["deviceDetailList"][:0] = devices

    home.portal.mutate("devices", broken)

    station = home.read()

    assert station.pv_power is not None
    assert any(inverter.pv_power is not None for inverter in station.inverters)
    assert "\\ud800" not in repr(station)


def test_half_a_character_in_the_id_of_a_station_costs_only_that_one(home: Home) -> None:
    def broken(envelope: dict[str, Any], _: Any) -> None:
        envelope["data"]["dataList"].insert(0, {"id": "S\ud800"})
        envelope["data"]["total"] = 2

    home.portal.mutate("stations", broken)

    with pytest.raises(errors.PortalError):
        home.read(0)

    assert home.read(1).pv_power is not None

"""Captured monitor details, each with all that has to be read from it, and nothing more."""

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from sems_exporter import errors
from sems_exporter.config.settings import Account
from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import Alarm, AlarmLevel, DeviceState, Phase, PvInput, Station, StationState
from sems_exporter.model.schema import Entity, measures
from sems_exporter.portal.classic import signin
from sems_exporter.portal.classic.station_decoder import monitor, station_ids, station_list
from sems_exporter.portal.http.envelope import Envelope, HttpResponse, parse_envelope
from sems_exporter.telemetry.redaction import Secret
from tests.portal.classic import captures
from tests.portal.classic.captures import (
    EMPTY,
    METERED,
    OFFLINE,
    STORAGE,
    TRIMMED,
    detail,
    document,
    needs_captures,
)

pytestmark = needs_captures


def envelope(name: str) -> Envelope:
    """The capture `name` as an answer that came in over HTTP."""
    return parse_envelope(HttpResponse(200, json.dumps(document(name)).encode()), datetime(2026, 9, 24, tzinfo=UTC))


def said(scope: Entity) -> dict[str, float]:
    """All measures of `scope` that have a value."""
    return {name: value for name in measures(type(scope)) if (value := getattr(scope, name)) is not None}


def texts(scope: Entity) -> dict[str, str]:
    return {f.name: getattr(scope, f.name) for f in fields(scope) if "info" in f.metadata and getattr(scope, f.name)}


class TestMeteredHouse:
    """A single-phase inverter with a meter of its own and no battery; Australia at dusk, 2337 W from the grid."""

    fetched = datetime(2025, 6, 22, 7, 6, 30, tzinfo=UTC)
    reported = datetime(2025, 6, 22, 7, 2, 36, 619000, tzinfo=UTC)

    @pytest.fixture
    def findings(self) -> Diagnostics:
        return Diagnostics()

    @pytest.fixture
    def station(self, findings: Diagnostics) -> Station:
        return monitor(detail(METERED), self.fetched, findings)

    def test_station(self, station: Station) -> None:
        assert station.id == "00000000-0000-4000-8000-000000000001"
        assert texts(station) == {"name": "Example Station", "timezone_name": "UTC+10:00", "currency": "AUD"}
        assert station.timezone == timezone(timedelta(hours=10))
        assert station.state is StationState.WAITING
        assert station.data_timestamp == self.reported
        assert station.has_battery is False
        assert (station.latitude, station.longitude) == (None, None)
        assert said(station) == {
            "pv_power": 0.0,
            "load_power": 2337.0,
            "grid_import_power": 2337.0,
            "grid_export_power": 0.0,
            "ac_power": 0.0,
            "installed_power": 10_120.0,
            "load_energy_today": 43_920_000.0,
            "self_consumption_energy_today": 25_488_000.0,
            "pv_energy_month": 2_141_280_000.0,
            "income_today": 1.52,
            "income": 842.56,
        }

    def test_inverter(self, station: Station) -> None:
        [inverter] = station.inverters

        assert inverter.id == "TESTSN0000000001"
        assert texts(inverter) == {"name": "inverter", "model": "GW8500-MS-30", "firmware": "5"}
        assert inverter.state is DeviceState.WAITING
        assert inverter.data_timestamp == self.reported
        assert inverter.fetched_at == self.fetched
        assert inverter.fault_bits == 0
        assert said(inverter) == {
            "ac_power": 0.0,
            "reactive_power": 0.0,
            "power_factor": 0.0,
            "grid_frequency": 50.01,
            "temperature": 25.7,
            "leakage_current": 0.0,
            "rated_power": 8500.0,
            "work_mode_code": 4.0,
            "operating_time": 20_016_000.0,
            "pv_energy": 60_663_960_000.0,
            "pv_energy_today": 109_080_000.0,
            "pv_energy_month": 2_141_280_000.0,
        }

    def test_three_inputs_and_one_phase(self, station: Station) -> None:
        """The registers have four inputs and three phases; the fourth reads 0.0, the phases 6553.5."""
        [inverter] = station.inverters

        assert {part.number: said(part) for part in inverter.inputs} == {
            "1": {"voltage": 121.3, "current": 0.0},
            "2": {"voltage": 242.2, "current": 0.0},
            "3": {"voltage": 281.2, "current": 0.0},
        }
        assert {part.name: said(part) for part in inverter.phases} == {"L1": {"voltage": 239.4, "current": 0.0}}

    def test_meter(self, station: Station) -> None:
        [meter] = station.meters

        assert meter.id == "TESTSN0000000001-meter"
        assert meter.data_timestamp == self.reported
        assert meter.phases == ()
        assert said(meter) == {
            "grid_import_power": 2337.0,
            "grid_export_power": 0.0,
            "grid_import_energy": 14_325_818_400.0,
            "grid_export_energy": 46_444_413_600.0,
            "grid_import_energy_today": 18_446_400.0,
            "grid_export_energy_today": 83_577_600.0,
        }

    def test_no_battery_and_no_backup(self, station: Station, findings: Diagnostics) -> None:
        """A charge of 45 %, and a backup output that repeats the meter, are registers of what is not there."""
        assert station.batteries == ()
        assert findings.dropped == {
            ("sems_battery_state_of_charge_ratio", DropReason.NO_BATTERY): 1,
            ("sems_inverter_phase_voltage_volts", DropReason.SENTINEL): 2,
            ("sems_inverter_phase_current_amperes", DropReason.SENTINEL): 2,
        }

    def test_the_active_alarm(self, station: Station) -> None:
        began = datetime(2025, 6, 22, 7, 4, 36, tzinfo=UTC)

        assert station.alarms == (
            Alarm(device="TESTSN0000000001", code="E-G3-12-0", level=AlarmLevel.UNKNOWN, started_at=began),
        )


class TestOfflineAtNight:
    """A small inverter without meter or battery, five hours after it went to sleep."""

    fetched = datetime(2026, 1, 10, 19, 37, 40, tzinfo=UTC)
    reported = datetime(2026, 1, 10, 14, 52, 38, 134000, tzinfo=UTC)

    @pytest.fixture
    def findings(self) -> Diagnostics:
        return Diagnostics()

    @pytest.fixture
    def station(self, findings: Diagnostics) -> Station:
        return monitor(detail(OFFLINE), self.fetched, findings)

    def test_station_without_a_single_power(self, station: Station) -> None:
        assert station.id == "12345678-1234-5678-9abc-123456789abc"
        assert texts(station) == {"name": "Test Solar Farm", "timezone_name": "UTC+01:00", "currency": "EUR"}
        assert station.state is StationState.OFFLINE
        assert station.data_timestamp == self.reported
        assert station.has_battery is False
        assert station.alarms is None
        assert said(station) == {
            "installed_power": 3200.0,
            "pv_energy_month": 5_760_000.0,
            "income_today": 0.02,
            "income": 4234.67,
        }

    def test_inverter(self, station: Station) -> None:
        """Its zeros stand as they were sent: the state says that they are no readings."""
        [inverter] = station.inverters

        assert inverter.id == "GW0000SN000TEST1"
        assert texts(inverter) == {"name": "InverterName", "model": "GW3000-NS", "firmware": "171724"}
        assert inverter.state is DeviceState.OFFLINE
        assert inverter.data_timestamp == self.reported
        assert inverter.fault_bits == 0
        assert said(inverter) == {
            "ac_power": 0.0,
            "reactive_power": 0.0,
            "temperature": 0.0,
            "rated_power": 3000.0,
            "work_mode_code": 1.0,
            "operating_time": 106_426_800.0,
            "pv_energy": 69_294_600_000.0,
            "pv_energy_today": 360_000.0,
            "pv_energy_month": 5_760_000.0,
        }
        assert [(part.number, said(part)) for part in inverter.inputs] == [("1", {"voltage": 0.0, "current": 0.0})]
        assert [(part.name, said(part)) for part in inverter.phases] == [("L1", {"voltage": 0.0, "current": 0.0})]

    def test_neither_battery_nor_meter(self, station: Station, findings: Diagnostics) -> None:
        """A charge of 536 %, imports and exports of 0."""
        assert (station.batteries, station.meters) == ((), ())
        assert findings.dropped == {
            ("sems_battery_state_of_charge_ratio", DropReason.NO_BATTERY): 1,
            ("sems_inverter_power_factor_ratio", DropReason.SENTINEL): 1,
        }

    def test_on_the_next_day_its_day_is_not_today(self) -> None:
        findings = Diagnostics()

        station = monitor(detail(OFFLINE), self.fetched + timedelta(hours=5), findings)

        assert station.inverters[0].pv_energy_today is None
        assert station.inverters[0].pv_energy == 69_294_600_000.0
        assert station.income_today is None
        assert findings.dropped["sems_inverter_pv_energy_today_joules", DropReason.REPLAY] == 1


class TestTrimmed:
    """An inverter at work whose registers are missing: what stands around them is read."""

    fetched = datetime(2025, 9, 8, 14, 48, 30, tzinfo=UTC)

    @pytest.fixture
    def findings(self) -> Diagnostics:
        return Diagnostics()

    @pytest.fixture
    def station(self, findings: Diagnostics) -> Station:
        return monitor(detail(TRIMMED), self.fetched, findings)

    def test_station(self, station: Station, findings: Diagnostics) -> None:
        assert station.state is StationState.RUNNING
        assert station.data_timestamp is None
        assert texts(station) == {"name": "Test Solar Farm", "timezone_name": "UTC+02:00", "currency": "EUR"}
        assert station.has_battery is False
        assert said(station) == {
            "pv_power": 589.0,
            "ac_power": 589.0,
            "installed_power": 3200.0,
            "pv_energy_month": 308_520_000.0,
            "income_today": 1.96,
            "income": 4145.5,
        }
        assert findings == Diagnostics()

    def test_inverter(self, station: Station) -> None:
        [inverter] = station.inverters

        assert inverter.id == "GW0000SN000TEST1"
        assert texts(inverter) == {"name": "Zolder", "model": "GW0000-TEST"}
        assert inverter.state is DeviceState.RUNNING
        assert inverter.data_timestamp is None
        assert inverter.fault_bits is None
        assert inverter.inputs == (PvInput(number="1", voltage=306.1, current=1.9),)
        assert inverter.phases == (Phase(name="L1", voltage=234.0, current=2.5),)
        assert said(inverter) == {
            "ac_power": 589.0,
            "grid_frequency": 50.0,
            "temperature": 32.0,
            "rated_power": 3000.0,
            "pv_energy": 67_835_520_000.0,
            "pv_energy_today": 32_040_000.0,
            "pv_energy_month": 308_520_000.0,
        }

    def test_neither_battery_nor_meter(self, station: Station) -> None:
        assert (station.batteries, station.meters, station.alarms) == ((), (), None)


class TestStorage:
    """Registers of 2022: null for what is missing, and counters that this family does not keep."""

    fetched = datetime(2022, 4, 6, 8, 50, tzinfo=UTC)
    reported = datetime(2022, 4, 6, 8, 45, 37, 283000, tzinfo=UTC)

    @pytest.fixture
    def findings(self) -> Diagnostics:
        return Diagnostics()

    @pytest.fixture
    def station(self, findings: Diagnostics) -> Station:
        return monitor(detail(STORAGE), self.fetched, findings)

    def test_station(self, station: Station, findings: Diagnostics) -> None:
        assert station.data_timestamp == self.reported
        assert station.has_battery is True
        assert station.alarms == ()
        assert said(station) == {
            "grid_import_power": 317.0,
            "grid_export_power": 0.0,
            "battery_state_of_charge": 0.27,
            "ac_power": 677.8,
        }
        assert findings == Diagnostics()

    def test_inverter_without_counters(self, station: Station) -> None:
        """0 kWh after 658 hours, at 678 W: nothing is counted there."""
        [inverter] = station.inverters

        assert texts(inverter) == {"name": "GW 2500 BP", "model": "GW2500-BP", "firmware": "10003"}
        assert inverter.state is DeviceState.RUNNING
        assert inverter.data_timestamp == self.reported
        assert inverter.fault_bits == 0
        assert said(inverter) == {
            "ac_power": 677.8,
            "reactive_power": 0.0,
            "grid_frequency": 50.03,
            "temperature": 19.1,
            "leakage_current": 0.0,
            "rated_power": 2548.0,
            "work_mode_code": 64.0,
            "operating_time": 2_368_800.0,
        }
        assert [(part.number, said(part)) for part in inverter.inputs] == [("1", {"voltage": 338.9, "current": 2.0})]
        assert [(part.name, said(part)) for part in inverter.phases] == [("L1", {"voltage": 338.8, "current": 0.1})]

    def test_battery_that_charges(self, station: Station) -> None:
        """Health and current limits of 0 come from a management that does not answer; its power is not told."""
        [battery], [inverter] = station.batteries, station.inverters

        assert battery.id == f"{inverter.id}-1"
        assert battery.inverter == inverter.id
        assert battery.state is DeviceState.CHARGING
        assert battery.data_timestamp == self.reported
        assert (battery.warning_bits, battery.alarm_bits) == (0, 0)
        assert said(battery) == {
            "state_of_charge": 0.27,
            "voltage": 49.4,
            "current": 0.6,
            "work_mode_code": 3.0,
        }

    def test_meter_without_counters(self, station: Station) -> None:
        [meter] = station.meters

        assert said(meter) == {"grid_import_power": 317.0, "grid_export_power": 0.0}


def test_the_break_of_2026_09_is_no_data_and_not_zero() -> None:
    with pytest.raises(errors.AnswerEmpty):
        monitor(detail(EMPTY), datetime(2026, 9, 24, tzinfo=UTC), Diagnostics())


def test_the_only_station_comes_as_a_bare_text() -> None:
    assert station_ids(document("station_ids_ok")["data"]) == ("12345678-1234-5678-9abc-123456789abc",)


def test_a_list_of_inverters_is_no_list_of_stations() -> None:
    """The dashboard's list has no station ids."""
    assert station_list(document("dashboard_three_inverters_unverified")["data"], Diagnostics()) == ()


class TestSignIns:
    """Captured answers of `CrossLogin`."""

    account = Account("me@example.com", Secret("secret"), "https://semsplus.goodwe.com/login", own_login_url=False)

    @pytest.mark.parametrize(
        "name, host",
        [("login_ok_stringcode_2025", "eu.semsportal.com"), ("login_ok_v1_hk_2023-06", "hk.semsportal.com")],
    )
    def test_a_session_goes_where_the_answer_says(self, name: str, host: str) -> None:
        found = envelope(name)

        token = signin.token(found, self.account, 1.0)

        assert (token.gateway, token.dialect) == (f"https://{host}/api", "classic")
        assert token.identity == found.data

    def test_an_account_that_has_moved_is_no_session(self) -> None:
        """Its `api` is the gateway of SEMS+, which knows no classic route."""
        with pytest.raises(errors.ProtocolChanged):
            signin.token(envelope("login_ok_migrated_gateway_api_2026-09"), self.account, 1.0)

    def test_terms_that_wait_are_no_session(self) -> None:
        with pytest.raises(errors.AgreementPending):
            signin.token(envelope("login_success_agreement_only_2026-09"), self.account, 1.0)


@pytest.mark.parametrize(
    "name, failure",
    [
        ("error_100000_get_2026-04", errors.ServerFault),
        ("error_100001_no_access_2019-03", errors.SessionRejected),
    ],
)
def test_captured_failures_have_their_name(name: str, failure: type[errors.PortalError]) -> None:
    with pytest.raises(errors.PortalError) as raised:
        envelope(name)

    assert type(raised.value) is failure


def test_a_day_of_powers_is_no_plant() -> None:
    """An old curve without an envelope: nothing of it passes for a station, a list or a result code."""
    with pytest.raises(errors.AnswerUnreadable):
        envelope("pac_by_day_2018-10")
    with pytest.raises(errors.AnswerEmpty):
        monitor(document("pac_by_day_2018-10"), datetime(2018, 10, 10, tzinfo=UTC), Diagnostics())


def test_a_chart_of_powers_is_no_plant() -> None:
    data = envelope("plant_power_chart_v2_2025-09-20").data

    assert [line["key"] for line in data["lines"]] == ["PCurve_Power_PV"]
    with pytest.raises(errors.AnswerEmpty):
        monitor(data, datetime(2025, 9, 20, tzinfo=UTC), Diagnostics())
    with pytest.raises(errors.AnswerEmpty):
        station_list(data, Diagnostics())


def test_every_capture_of_the_classic_portal_is_tried_here() -> None:
    """By name, in this file; a new one in the folder has to be given its test."""
    words = Path(__file__).read_text(encoding="utf-8") + Path(captures.__file__).read_text(encoding="utf-8")
    stored = [path.stem.removeprefix("legacy_") for path in Path(captures.FOLDER).glob("legacy_*.json")]

    assert [name for name in stored if name not in words] == []


@pytest.mark.parametrize("name", [METERED, OFFLINE])
def test_without_its_register_a_report_is_dated_by_either_text(name: str) -> None:
    """In captures, all three tell the same instant, to the second."""
    data = detail(name)
    [raw] = data["inverter"]
    register = datetime.fromtimestamp(raw["invert_full"].pop("last_time") // 1000, UTC)
    fetched = register + timedelta(minutes=5)

    assert monitor(data, fetched, Diagnostics()).data_timestamp == register
    shown = raw["d"].pop("last_refresh_time")
    assert monitor(data, fetched, Diagnostics()).data_timestamp == register
    del raw["last_refresh_time"]
    assert monitor(data, fetched, Diagnostics()).data_timestamp == register
    del raw["d"]["creationDate"]
    assert monitor(data, fetched, Diagnostics()).data_timestamp is None
    raw["d"]["last_refresh_time"] = shown
    assert monitor(data, fetched, Diagnostics()).data_timestamp == register

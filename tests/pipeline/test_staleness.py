"""What age does to values, at any instant and without the poller's help."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sems_exporter.model.plant import DeviceState, Inverter, Path, Station, StationState, transform
from sems_exporter.model.schema import Entity, Role, measures
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from tests.homes import AMSTERDAM, NOON, home

LIMITS = Limits(data_max_age=1200.0, snapshot_max_age=900.0)
PATIENT = Limits(data_max_age=1200.0, snapshot_max_age=86400.0)
SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


def roles(scope: Entity) -> set[Role]:
    """Roles of which `scope` or one of its parts still shows a value."""
    found: set[Role] = set()

    def look(part: Entity, _: Path) -> Entity:
        found.update(m.role for name, m in measures(type(part)).items() if getattr(part, name) is not None)
        return part

    transform(scope, look)
    return found


class TestFresh:
    """Nothing is taken from what is recent."""

    def test_a_recent_look_is_shown_whole(self) -> None:
        shown = apply_staleness(home(), NOON + SECOND, LIMITS)

        assert shown.station == home()
        assert shown.up

    def test_the_next_change_is_known_in_advance(self) -> None:
        """So that ready bytes can be kept exactly as long as they are true."""
        shown = apply_staleness(home(), NOON, LIMITS)

        assert shown.until == NOON + timedelta(seconds=900)

    def test_the_next_change_is_the_earliest_of_all(self) -> None:
        station = home()
        older = replace(station.inverters[0], data_timestamp=NOON - timedelta(seconds=1100))

        shown = apply_staleness(replace(station, inverters=(older,)), NOON, LIMITS)

        assert shown.until == NOON + timedelta(seconds=100)

    def test_after_all_changes_nothing_is_waited_for(self) -> None:
        shown = apply_staleness(home(), NOON + timedelta(days=3), LIMITS)

        assert shown.until is None


class TestOldData:
    """The portal answers, but the plant behind it has fallen silent."""

    def test_the_stations_live_values_go_and_the_rest_stays(self) -> None:
        station = replace(home(), data_timestamp=NOON - timedelta(seconds=1200))

        shown = apply_staleness(station, NOON, LIMITS)

        assert shown.up
        assert shown.station.pv_power is None
        assert shown.station.battery_state_of_charge is None
        assert (shown.station.pv_energy, shown.station.installed_power) == (station.pv_energy, 6000.0)
        assert shown.station.pv_energy_today == station.pv_energy_today
        assert (shown.station.name, shown.station.state) == ("Sunny Home", None)
        assert shown.station.data_timestamp == station.data_timestamp

    def test_they_go_at_the_very_instant(self) -> None:
        station = replace(home(), data_timestamp=NOON - timedelta(seconds=1200) + INSTANT)

        assert apply_staleness(station, NOON, LIMITS).station.pv_power == 5000.0
        assert apply_staleness(station, NOON + INSTANT, LIMITS).station.pv_power is None

    def test_devices_age_by_their_own_reports(self) -> None:
        station = home()
        silent = replace(station.inverters[0], data_timestamp=NOON - timedelta(hours=1))

        shown = apply_staleness(replace(station, inverters=(silent,)), NOON, LIMITS).station

        assert shown.inverters[0].ac_power is None
        assert shown.inverters[0].pv_energy == silent.pv_energy
        assert shown.batteries[0].charge_power == 2000.0
        assert shown.pv_power == 5000.0

    def test_inputs_and_phases_go_with_their_inverter(self) -> None:
        station = home()
        silent = replace(station.inverters[0], data_timestamp=NOON - timedelta(hours=1))

        [inverter] = apply_staleness(replace(station, inverters=(silent,)), NOON, LIMITS).station.inverters

        assert all(part.power is None and part.voltage is None for part in inverter.inputs)
        assert all(phase.voltage is None for phase in inverter.phases)
        assert [part.number for part in inverter.inputs] == ["1", "2"]

    def test_a_report_without_time_is_as_old_as_our_look(self) -> None:
        station = replace(home(), data_timestamp=None)

        assert apply_staleness(station, NOON + timedelta(seconds=1199), PATIENT).station.pv_power == 5000.0
        assert apply_staleness(station, NOON + timedelta(seconds=1200), PATIENT).station.pv_power is None


class TestOffline:
    """A device that is off line says 0 W, which is no measurement."""

    def test_a_device_that_is_offline_has_no_live_values(self) -> None:
        station = home()
        off = replace(station.inverters[0], state=DeviceState.OFFLINE)

        [inverter] = apply_staleness(replace(station, inverters=(off,)), NOON, LIMITS).station.inverters

        assert roles(inverter) == {Role.STATIC, Role.LIFETIME, Role.DAY, Role.MONTH, Role.YEAR}
        assert inverter.state is DeviceState.OFFLINE

    @pytest.mark.parametrize("state", [state for state in DeviceState if state is not DeviceState.OFFLINE])
    def test_no_other_state_takes_values(self, state: DeviceState) -> None:
        station = home()
        inverter = replace(station.inverters[0], state=state)

        shown = apply_staleness(replace(station, inverters=(inverter,)), NOON, LIMITS).station

        assert shown.inverters == (inverter,)

    def test_a_station_called_offline_keeps_what_its_meter_reports(self) -> None:
        """The portal says so while the meter goes on reporting."""
        station = replace(home(), state=StationState.OFFLINE)

        shown = apply_staleness(station, NOON, LIMITS)

        assert shown.station == station


class TestOldSnapshot:
    """We have not been able to look for a while."""

    def test_live_and_period_values_go_and_counters_stay(self) -> None:
        shown = apply_staleness(home(), NOON + timedelta(seconds=900), LIMITS)

        assert not shown.up
        assert roles(shown.station) == {Role.LIFETIME, Role.STATIC}
        assert shown.station.name == "Sunny Home"
        assert shown.station.meters[0].grid_export_energy == home().meters[0].grid_export_energy

    def test_until_then_all_is_shown(self) -> None:
        shown = apply_staleness(home(), NOON + timedelta(seconds=900) - INSTANT, LIMITS)

        assert shown.up
        assert shown.station == home()


class TestMidnight:
    """What was today's at 23:59 is nobody's at 00:00."""

    def test_todays_values_end_at_local_midnight(self) -> None:
        late = datetime(2026, 6, 10, 21, 55, tzinfo=UTC)
        midnight = datetime(2026, 6, 10, 22, 0, tzinfo=UTC)

        before = apply_staleness(home(late), midnight - INSTANT, LIMITS)
        after = apply_staleness(home(late), midnight, LIMITS)

        assert before.until == midnight
        assert before.station.pv_energy_today == home().pv_energy_today
        assert after.station.pv_energy_today is None
        assert after.station.inverters[0].pv_energy_today is None
        assert after.station.inverters[0].pv_energy_month == home().inverters[0].pv_energy_month
        assert (after.up, after.station.pv_power) == (True, 5000.0)

    @pytest.mark.parametrize(
        "fetched, month, year",
        [((2026, 6, 10), True, True), ((2026, 6, 30), False, True), ((2026, 12, 31), False, False)],
    )
    def test_a_months_and_a_years_end_with_their_last_day(
        self, fetched: tuple[int, int, int], month: bool, year: bool
    ) -> None:
        late = datetime(*fetched, 23, 55, tzinfo=AMSTERDAM).astimezone(UTC)

        [inverter] = apply_staleness(home(late), late + timedelta(minutes=5), LIMITS).station.inverters

        assert inverter.pv_energy_today is None
        assert (inverter.pv_energy_month is not None, inverter.pv_energy_year is not None) == (month, year)

    @pytest.mark.parametrize(
        "zone, fetched, midnight",
        [
            ("Europe/Amsterdam", "2026-03-29T21:50", "2026-03-29T22:00"),
            ("Europe/Amsterdam", "2026-10-24T21:50", "2026-10-24T22:00"),
            ("Europe/Amsterdam", "2026-10-25T22:50", "2026-10-25T23:00"),
            ("Australia/Melbourne", "2026-10-04T12:50", "2026-10-04T13:00"),
            ("Asia/Kolkata", "2026-06-10T18:25", "2026-06-10T18:30"),
            # In Santiago no clock shows the midnight at which summer time begins.
            ("America/Santiago", "2026-09-06T03:55", "2026-09-06T04:00"),
            ("UTC", "2026-06-10T23:55", "2026-06-11T00:00"),
        ],
    )
    def test_midnight_is_the_stations_own_also_around_summer_time(self, zone: str, fetched: str, midnight: str) -> None:
        begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (fetched, midnight))
        station = replace(home(begin), timezone=ZoneInfo(zone))

        assert apply_staleness(station, end - INSTANT, LIMITS).station.pv_energy_today is not None
        assert apply_staleness(station, end, LIMITS).station.pv_energy_today is None

    def test_without_a_zone_there_is_no_midnight(self) -> None:
        late = datetime(2026, 6, 10, 21, 55, tzinfo=UTC)
        station = replace(home(late), timezone=None)

        shown = apply_staleness(station, late + timedelta(minutes=10), LIMITS)

        assert shown.station.pv_energy_today is not None


def test_an_empty_station_is_no_trouble() -> None:
    bare = Station(id="x", fetched_at=NOON)

    assert apply_staleness(bare, NOON + timedelta(days=1), LIMITS).station == bare
    assert apply_staleness(replace(bare, inverters=(Inverter(id="i"),)), NOON, LIMITS).up


def test_the_registers_of_an_offline_device_go_with_its_live_values() -> None:
    station = home()
    broken = replace(station.inverters[0], fault_bits=0b101, state=DeviceState.OFFLINE)

    shown = apply_staleness(replace(station, inverters=(broken,)), NOON + SECOND, LIMITS)

    assert shown.station.inverters[0].fault_bits is None

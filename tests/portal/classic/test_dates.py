"""When classic reports are from, where the portal gives no time or repeats one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import DeviceState, Station, StationState
from sems_exporter.pipeline.derived_values import derived
from sems_exporter.pipeline.repeated_answers import RepeatedAnswers
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from sems_exporter.portal.classic.report_dates import dated
from sems_exporter.portal.classic.station_decoder import monitor
from tests.portal.classic.plants import NOW, house, inverter

LIMITS = Limits(data_max_age=1200.0, snapshot_max_age=900.0)


class Look:
    """One account that reads the same station again and again."""

    def __init__(self) -> None:
        self._repeats = RepeatedAnswers()

    def read(self, data: object, at: datetime) -> Station:
        return dated(monitor(data, at, Diagnostics()), self._repeats)

    def __call__(self, data: object, at: datetime) -> Station:
        """What is shown of the station right after such an answer."""
        return apply_staleness(derived(self.read(data, at), at), at, LIMITS).station


def undated(**registers: Any) -> dict[str, Any]:
    """The house, whose inverter tells no time."""
    made = house(registers)
    made["inverter"][0]["invert_full"].pop("last_time")
    return made


def test_a_report_without_a_time_that_repeats_itself_goes() -> None:
    look = Look()

    shown = [look(undated(), NOW + timedelta(minutes=after)) for after in (0, 10, 20, 600)]

    assert [station.inverters[0].ac_power for station in shown] == [2000.0, 2000.0, None, None]
    assert [station.pv_power for station in shown] == [3000.0, 3000.0, None, None]
    assert [station.inverters[0].state for station in shown] == [DeviceState.RUNNING, DeviceState.RUNNING, None, None]
    assert [station.batteries[0].state for station in shown[1:3]] == [DeviceState.CHARGING, None]
    assert shown[-1].inverters[0].pv_energy == shown[0].inverters[0].pv_energy


def test_anything_of_an_inverter_that_moves_vouches_for_what_hangs_on_it() -> None:
    look = Look()
    look(undated(), NOW)

    station = look(undated(tempperature=41.6), NOW + timedelta(hours=1))

    assert (station.inverters[0].ac_power, station.batteries[0].state_of_charge) == (2000.0, 0.6)
    assert station.meters[0].grid_export_power == 500.0


def test_one_inverter_does_not_vouch_for_another() -> None:
    look = Look()

    def plant(temperature: float) -> dict[str, Any]:
        made = undated(tempperature=temperature)
        dead = inverter("INV2")
        dead["invert_full"].pop("last_time")
        return made | {"inverter": [*made["inverter"], dead]}

    look(plant(40.0), NOW)
    station = look(plant(41.0), NOW + timedelta(hours=1))

    assert [each.ac_power for each in station.inverters] == [2000.0, None]


def test_a_report_with_a_time_may_say_the_same_for_hours() -> None:
    look = Look()

    def at(instant: datetime) -> Station:
        return look(house({"last_time": int(instant.timestamp() * 1000)}), instant)

    assert [at(NOW + timedelta(minutes=after)).inverters[0].ac_power for after in (0, 30, 90)] == [2000.0] * 3


def test_offline_is_told_of_now_however_old_the_report() -> None:
    look = Look()
    data = house({"status": -1}, info={"status": -1})

    station = look(data, NOW + timedelta(hours=9))

    assert (station.state, station.inverters[0].state) == (StationState.OFFLINE, DeviceState.OFFLINE)
    assert station.batteries[0].state is DeviceState.OFFLINE
    assert station.inverters[0].ac_power is None


def test_a_local_time_that_stands_still_is_not_an_hour_younger_after_summer_time() -> None:
    """The offset of the plant changes, the dead inverter's local time does not."""
    look, start = Look(), datetime(2026, 10, 25, 0, 51, tzinfo=UTC)

    def at(instant: datetime) -> Station:
        hours = -2.0 if instant < datetime(2026, 10, 25, 1, 0, tzinfo=UTC) else -1.0
        made = undated()
        made["info"]["time_span"] = hours
        made["inverter"][0]["last_refresh_time"] = "10/25/2026 02:50:00"
        return look(made, instant)

    first = at(start)
    later = [at(start + timedelta(minutes=after)) for after in range(20, 120, 5)]

    assert first.inverters[0].ac_power == 2000.0
    assert {station.inverters[0].ac_power for station in later} == {None}
    assert {station.pv_power for station in later} == {None}
    stamps = {station.data_timestamp for station in later}
    assert all(stamp is None or stamp <= start for stamp in stamps)


def test_no_report_is_dated_in_the_future() -> None:
    ahead = int((NOW + timedelta(minutes=9)).timestamp() * 1000)

    station = Look().read(house({"last_time": ahead}), NOW)

    assert station.data_timestamp == station.inverters[0].data_timestamp == NOW

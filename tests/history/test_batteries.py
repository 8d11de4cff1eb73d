"""A battery that is alone at its station has the past of the station's batteries; of two, neither has one."""

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from sems_exporter.history.batteries import only_battery_series
from sems_exporter.history.days import dates, midnight
from sems_exporter.model.plant import KWH, Battery
from tests.history.pasts import AMSTERDAM, NOW, Built, Plant, built, falls, increase

SINCE = date(2026, 11, 15)
SERIAL = "BAT-1"
CHARGE = "sems_battery_charge_energy_joules_total"


def used(at: datetime) -> float:
    """Charged with two kilowatts from eleven to thirteen o'clock, half of that out in the evening."""
    return {11: -2.0, 12: -2.0, 20: 2.0}.get(at.hour, 0.0)


def battery(serial: str = SERIAL, **values: float | str) -> Battery:
    return Battery(id=serial, name="Cellar", inverter="INV-1", **values)  # type: ignore[arg-type]


def made_of(folder: Path, *batteries: Battery) -> Built:
    there = Plant(begin=SINCE, battery=used)
    station = there.station(
        batteries=batteries,
        battery_charge_energy=20 * KWH,
        battery_discharge_energy=10 * KWH,
        battery_charge_energy_today=4 * KWH,
        battery_discharge_energy_today=0.0,
    )
    return built(there, folder, SINCE, station=station, further=[only_battery_series])


def at(hour: int, minute: int) -> int:
    return int(datetime(2026, 11, 17, hour, minute, tzinfo=AMSTERDAM).timestamp())


def test_the_only_battery_has_powers_and_charge_under_its_live_labels(tmp_path: Path) -> None:
    made = made_of(tmp_path, battery())

    charge, discharge = (made.samples(f"sems_battery_{way}_power_watts") for way in ("charge", "discharge"))
    assert (charge[at(11, 35)], discharge[at(11, 35)]) == (2000.0, 0.0)
    assert (charge[at(20, 35)], discharge[at(20, 35)]) == (0.0, 2000.0)
    assert made.samples("sems_battery_state_of_charge_ratio")[at(11, 35)] == 0.5
    [text] = made.texts.values()
    assert 'station="plant-1",battery="BAT-1",name="Cellar",inverter="INV-1"} 1.0' in text
    assert set(charge) <= set(made.samples("sems_battery_info"))
    assert list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def test_counters_that_it_has_lead_to_what_they_stand_at(tmp_path: Path) -> None:
    stands = 17.3 * KWH
    made = made_of(tmp_path, battery(charge_energy=stands, charge_energy_today=4 * KWH))

    counter, today = made.samples(CHARGE), made.samples("sems_battery_charge_energy_today_joules")
    assert falls(counter) == []
    # The last day until now: all of today's four kilowatt hours have come when the counter is read.
    assert counter[midnight(NOW.date(), AMSTERDAM)] == pytest.approx(stands - 4 * KWH, abs=1)
    assert max(counter.values()) <= stands
    for day in dates(date(2026, 11, 17), NOW.date() - timedelta(days=1)):
        begin, end = midnight(day, AMSTERDAM), midnight(day + timedelta(days=1), AMSTERDAM)
        assert increase(counter, begin, end) == today[end - 1] == 4 * KWH
    assert made.samples("sems_battery_discharge_energy_joules_total") == {}


def test_racks_that_name_their_system_are_parts_of_one_battery(tmp_path: Path) -> None:
    made = made_of(tmp_path, battery(), battery("RACK-1", system=SERIAL), battery("RACK-2", system=SERIAL))

    assert made.samples("sems_battery_charge_power_watts") != {}
    assert not any("RACK" in text for text in made.texts.values())


def test_of_two_batteries_nothing_is_guessed(tmp_path: Path) -> None:
    made = made_of(tmp_path, battery(charge_energy=5 * KWH), battery("BAT-2", charge_energy=5 * KWH))

    assert not any("sems_battery_" in text for text in made.texts.values())
    assert made.samples("sems_station_battery_charge_power_watts") != {}

"""The plants obey physics, whatever the calendar does."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from sems_exporter.simulator import BatterySpec, InverterSpec, Plant, PlantSpec, PlantState, PvInputSpec, SimulatedClock
from sems_exporter.simulator.plant.demo_plants import demo_plants
from sems_exporter.simulator.plant.energy import ByPeriod, Energies
from sems_exporter.simulator.plant.plant_state import Running

KINDS = ("pv", "charge", "discharge", "grid_export", "grid_import", "load")


def plants_at(start: datetime, count: int = 3) -> list[Plant]:
    return demo_plants(count, clock=SimulatedClock(start, speed=0))


def moments(first: datetime, hours: float, step: timedelta) -> Iterator[datetime]:
    for number in range(int(timedelta(hours=hours) / step)):
        yield first + number * step


# Clocks go forward and back in Europe on the second and third day, and in Melbourne on the last two.
@pytest.mark.parametrize(
    "day,places",
    [("2026-06-10", (0, 1, 2)), ("2026-03-29", (0,)), ("2026-10-25", (2,)), ("2026-04-05", (1,)), ("2026-10-04", (1,))],
)
def test_power_is_balanced_at_every_instant(day: str, places: tuple[int, ...]) -> None:
    start = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)

    for plant in (plants_at(start)[place] for place in places):
        for instant in moments(plant.begin, 26, timedelta(minutes=23, seconds=17)):
            state = plant.state(instant)
            assert state.pv_watts + state.battery_watts == pytest.approx(state.load_watts + state.grid_watts, abs=1e-9)
            assert state.load_watts > 0
            assert state.pv_watts >= 0


def test_devices_add_up_to_the_station() -> None:
    for plant in plants_at(datetime(2026, 6, 10, tzinfo=UTC)):
        for instant in moments(plant.begin, 24, timedelta(minutes=37)):
            state = plant.state(instant)
            assert sum(i.ac_watts for i in state.inverters) == pytest.approx(state.pv_watts + state.battery_watts)
            assert sum(i.pv_watts for i in state.inverters) == pytest.approx(state.pv_watts)
            assert sum(p.watts for p in state.meter_phases) == pytest.approx(state.grid_watts, abs=1e-6)
            assert sum(b.watts for b in state.batteries) == pytest.approx(state.battery_watts)
            _assert_electrics(state)


def _assert_electrics(state: PlantState) -> None:
    for inverter in state.inverters:
        assert sum(entry.watts for entry in inverter.inputs) == pytest.approx(inverter.pv_watts)
        assert sum(phase.watts for phase in inverter.phases) == pytest.approx(inverter.ac_watts)
        assert abs(inverter.ac_watts) <= inverter.spec.rated_watts + 1e-6
        assert 0 < inverter.temperature_celsius < 80
        assert 49.9 < inverter.hertz < 50.1
        for entry in inverter.inputs:
            assert entry.volts * entry.amperes == pytest.approx(entry.watts, abs=1e-6)
    for battery in state.batteries:
        assert battery.volts * battery.amperes == pytest.approx(battery.watts, abs=1e-6)
    for phase in state.meter_phases:
        assert 215 < phase.volts < 245
        assert phase.volts * phase.amperes == pytest.approx(abs(phase.watts))


def test_counters_are_the_integrals_of_the_powers() -> None:
    plant = plants_at(datetime(2026, 6, 10, 12, tzinfo=UTC))[0]
    before = plant.state(plant.begin).energy.lifetime
    integrals = dict.fromkeys(KINDS, 0.0)

    for instant in moments(plant.begin, 20, timedelta(minutes=1)):
        for kind, watts in _directions(plant.state(instant)).items():
            integrals[kind] += watts * 60

    after = plant.state(plant.begin + timedelta(hours=20)).energy.lifetime
    for kind in KINDS:
        assert getattr(after, kind) - getattr(before, kind) == pytest.approx(integrals[kind], abs=1.0), kind


def _directions(state: PlantState) -> dict[str, float]:
    return {
        "pv": state.pv_watts,
        "charge": -sum(min(0.0, battery.watts) for battery in state.batteries),
        "discharge": sum(max(0.0, battery.watts) for battery in state.batteries),
        "grid_export": max(0.0, state.grid_watts),
        "grid_import": max(0.0, -state.grid_watts),
        "load": state.load_watts,
    }


def test_counters_run_on_inside_a_minute() -> None:
    plant = plants_at(datetime(2026, 6, 10, 12, tzinfo=UTC))[0]
    minute = datetime(2026, 6, 10, 11, 30, tzinfo=UTC)

    early, late = (plant.state(minute + timedelta(seconds=seconds)) for seconds in (10, 50))

    assert early.pv_watts == late.pv_watts > 0
    assert late.energy.today.pv - early.energy.today.pv == pytest.approx(40 * early.pv_watts)


def test_energy_is_balanced_in_every_period() -> None:
    for plant in plants_at(datetime(2026, 6, 10, 12, tzinfo=UTC)):
        by_period = plant.state(datetime(2026, 6, 11, 15, tzinfo=UTC)).energy
        for period in ("today", "week", "month", "year", "lifetime"):
            energy = getattr(by_period, period)
            into, out_of = (
                energy.pv + energy.discharge + energy.grid_import,
                energy.load + energy.charge + energy.grid_export,
            )
            assert into == pytest.approx(out_of), period


def test_longer_periods_never_hold_less() -> None:
    for plant in plants_at(datetime(2026, 6, 10, 12, tzinfo=UTC), 4):
        energy = plant.state(datetime(2026, 6, 10, 18, tzinfo=UTC)).energy
        for kind in KINDS:
            periods = [getattr(getattr(energy, period), kind) for period in ("today", "week", "month", "year")]
            assert periods == sorted(periods), (plant.spec.name, kind)
            assert periods[-1] < energy.lifetime.load * 3


@pytest.mark.parametrize(
    "start", [datetime(2026, 6, 29, 12, tzinfo=UTC), datetime(2026, 12, 30, 12, tzinfo=UTC)], ids=["month", "year"]
)
def test_periods_restart_at_local_midnight_and_nowhere_else(start: datetime) -> None:
    for plant in plants_at(start, 2):
        earlier = plant.state(plant.begin)
        for instant in moments(plant.begin, 50, timedelta(minutes=15)):
            state = plant.state(instant)
            for period in ("today", "week", "month", "year", "lifetime"):
                falls = getattr(state.energy, period).load < getattr(earlier.energy, period).load
                assert falls == _restarts(period, earlier.local_time, state.local_time), (period, state.local_time)
            earlier = state


def _restarts(period: str, before: datetime, after: datetime) -> bool:
    return {
        "today": before.date() != after.date(),
        "week": before.isocalendar()[:2] != after.isocalendar()[:2],
        "month": (before.year, before.month) != (after.year, after.month),
        "year": before.year != after.year,
        "lifetime": False,
    }[period]


@pytest.mark.parametrize("day,hours", [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-10", 24)])
def test_a_day_is_as_long_as_the_clock_on_the_wall_says(day: str, hours: int) -> None:
    plant = plants_at(datetime.fromisoformat(day).replace(hour=9, tzinfo=UTC), 1)[0]
    end = plant.begin + timedelta(hours=hours)

    last, first = plant.state(end - timedelta(seconds=1)), plant.state(end)

    assert last.energy.today.load > 6 * 3.6e6
    assert first.energy.today.load == 0
    assert first.local_time.isoformat()[11:16] == "00:00"
    assert plant.energy_on(date.fromisoformat(day), end).load == pytest.approx(last.energy.today.load, rel=1e-3)


def test_counters_never_fall_over_days() -> None:
    for plant in plants_at(datetime(2026, 10, 24, 12, tzinfo=UTC)):
        earlier = plant.state(plant.begin)
        for instant in moments(plant.begin, 50, timedelta(minutes=23, seconds=7)):
            state = plant.state(instant)
            _assert_not_fallen(earlier.energy, state.energy)
            for before, after in zip(earlier.inverters, state.inverters, strict=True):
                assert after.energy.lifetime.pv >= before.energy.lifetime.pv
            earlier = state


def _assert_not_fallen(before: ByPeriod[Energies], after: ByPeriod[Energies]) -> None:
    for kind in KINDS:
        assert getattr(after.lifetime, kind) >= getattr(before.lifetime, kind), kind


def test_the_battery_keeps_its_limits_and_its_losses() -> None:
    for plant in (plants_at(datetime(2026, 6, 10, tzinfo=UTC))[i] for i in (0, 2)):
        origin = plant.state(plant.begin)
        levels = []
        for instant in moments(plant.begin, 40, timedelta(minutes=17)):
            state = plant.state(instant)
            for battery in state.batteries:
                spec = battery.spec
                assert spec.min_state_of_charge - 1e-9 <= battery.state_of_charge <= spec.max_state_of_charge + 1e-9
                assert -spec.max_charge_watts <= battery.watts <= spec.max_discharge_watts
                assert 0.9 < battery.state_of_health < 1.0
            levels.append(state.state_of_charge)
            assert _stored(state) - _stored(origin) == pytest.approx(_kept(origin, state), abs=5.0)
        assert max(filter(None, levels)) > 0.9
        assert min(filter(None, levels)) < 0.5


def _stored(state: PlantState) -> float:
    return sum(b.state_of_charge * b.spec.capacity_watt_hours * 3600 for b in state.batteries)


def _kept(before: PlantState, after: PlantState) -> float:
    """What must have stayed inside: all batteries of the demo lose 4 % each way."""
    charged = after.energy.lifetime.charge - before.energy.lifetime.charge
    discharged = after.energy.lifetime.discharge - before.energy.lifetime.discharge
    return charged * 0.96 - discharged / 0.96


def test_a_flat_battery_stops_giving_and_the_grid_takes_over() -> None:
    plant = plants_at(datetime(2026, 12, 10, tzinfo=UTC))[0]

    state = next(
        state
        for state in map(plant.state, moments(plant.begin + timedelta(hours=12), 60, timedelta(minutes=10)))
        if state.state_of_charge is not None and state.state_of_charge < 0.1001 and state.pv_watts == 0
    )

    assert state.battery_watts == pytest.approx(0, abs=15)
    assert state.grid_watts == pytest.approx(-state.load_watts, abs=15)


def test_the_same_seed_gives_the_same_state_however_it_was_reached() -> None:
    start, goal = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 14, 20, 33, tzinfo=UTC)
    walked, jumped, back_and_forth = (plants_at(start)[2] for _ in range(3))

    for instant in moments(start, 26, timedelta(minutes=143)):
        walked.state(instant)
    later = back_and_forth.state(goal + timedelta(hours=8))
    past = back_and_forth.state(goal)

    assert walked.state(goal) == jumped.state(goal) == past
    assert jumped.state(goal + timedelta(hours=8)) == later


def test_another_seed_gives_another_day() -> None:
    clock = SimulatedClock(datetime(2026, 6, 10, 12, tzinfo=UTC), speed=0)
    one, two = (demo_plants(1, clock=clock, seed=seed)[0] for seed in (1, 2))

    assert one.state(clock.now()).load_watts != two.state(clock.now()).load_watts
    assert one.spec.station_id != two.spec.station_id


def test_the_day_has_a_shape() -> None:
    home, seaside, _ = plants_at(datetime(2026, 6, 10, tzinfo=UTC))
    local = home.begin  # 00:00 in Amsterdam; 08:00 in Melbourne, where it is winter

    night, dawn, noon = (home.state(local + timedelta(hours=hours)) for hours in (2, 6.5, 13))
    assert night.pv_watts == 0
    assert night.inverters[0].running is Running.RUNNING
    assert 0 < dawn.pv_watts < noon.pv_watts

    states = [seaside.state(seaside.begin + timedelta(minutes=minutes)) for minutes in range(0, 1440, 3)]
    phases = [state.inverters[0].running for state in states]
    assert phases[0] is phases[-1] is Running.OFFLINE
    changes = [after for before, after in pairwise(phases) if before is not after]
    assert changes == [Running.WAITING, Running.RUNNING, Running.WAITING, Running.OFFLINE]


def test_running_hours_count_daylight_for_a_grid_inverter_only() -> None:
    for plant in plants_at(datetime(2026, 6, 10, tzinfo=UTC), 2):
        begin, end = (plant.state(plant.begin + timedelta(hours=hours)) for hours in (0, 24))
        ran = end.inverters[0].energy.lifetime.running_seconds - begin.inverters[0].energy.lifetime.running_seconds
        if plant.spec.batteries:
            assert ran == pytest.approx(86400)
        else:
            assert 8 * 3600 < ran < 11 * 3600


def test_ten_days_are_simulated() -> None:
    plant = plants_at(datetime(2026, 6, 10, tzinfo=UTC), 1)[0]

    state = plant.state(plant.begin + timedelta(days=10))

    assert 100 < (state.energy.year.pv - plant.state(plant.begin).energy.year.pv) / 3.6e6 < 400


def test_days_add_up_to_the_month() -> None:
    plant = plants_at(datetime(2026, 6, 10, tzinfo=UTC), 1)[0]
    now = datetime(2026, 6, 12, 14, tzinfo=UTC)

    days = [plant.energy_on(date(2026, 6, day), now) for day in range(1, 31)]

    month = plant.state(now).energy.month
    for kind in KINDS:
        assert sum(getattr(day, kind) for day in days) == pytest.approx(getattr(month, kind)), kind
    assert days[-1].load == 0


def test_there_is_nothing_before_the_first_day() -> None:
    plant = plants_at(datetime(2026, 6, 10, 12, tzinfo=UTC), 1)[0]

    assert plant.state(plant.begin).energy.today.load == 0
    with pytest.raises(ValueError, match="begins at 2026-06-09T22:00"):
        plant.state(plant.begin - timedelta(seconds=1))
    assert plant.energy_on(date(2020, 1, 1), plant.begin).pv == 0  # not built yet


@pytest.mark.parametrize("zone,start", [("Africa/Cairo", "2026-10-30"), ("Africa/Cairo", "2026-04-24")])
def test_a_clock_that_changes_at_midnight_restarts_the_day_once(zone: str, start: str) -> None:
    first = datetime.fromisoformat(start).replace(tzinfo=UTC) - timedelta(days=1)
    plant = Plant(replace(plants_at(first, 1)[0].spec, zone=zone, latitude=30.0, longitude=31.2), first)
    today = [plant.state(instant).energy.today.load for instant in moments(plant.begin, 50, timedelta(minutes=15))]

    assert sum(after < before for before, after in pairwise(today)) == 2


def test_impossible_plants_are_refused() -> None:
    with pytest.raises(ValueError, match="hybrid"):
        InverterSpec("SIM", 5000, (PvInputSpec(5000),), batteries=(BatterySpec("BAT", 5000),))
    with pytest.raises(ValueError, match="state of charge"):
        BatterySpec("BAT", 5000, min_state_of_charge=0.9, max_state_of_charge=0.5)
    with pytest.raises(ValueError, match="efficiency"):
        BatterySpec("BAT", 5000, efficiency=1.1)


def test_a_plant_needs_neither_meter_nor_modules() -> None:
    spec = PlantSpec("id", "Dark", "UTC", 0.0, 0.0, (InverterSpec("SIM", 3000, ()),))
    state = Plant(spec, datetime(2026, 6, 10, tzinfo=UTC)).state(datetime(2026, 6, 10, 12, tzinfo=UTC))

    assert state.pv_watts == 0
    assert state.meter_phases == ()
    assert state.state_of_charge is None
    assert state.grid_watts == -state.load_watts


def test_demo_plants_differ_and_are_clearly_simulated() -> None:
    specs = [plant.spec for plant in plants_at(datetime(2026, 6, 10, tzinfo=UTC), 12)]

    assert [spec.name for spec in specs[:3]] == ["Sunny Home", "Seaside Roof", "Two Barns"]
    assert len({spec.station_id for spec in specs}) == len(specs)
    serials = [inverter.serial for spec in specs for inverter in spec.inverters]
    assert len(set(serials)) == len(serials)
    assert all(serial.startswith("SIM") for serial in serials)
    assert {bool(spec.batteries) for spec in specs[3:]} == {True, False}

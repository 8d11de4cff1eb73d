"""One minute of a plant: constant powers, worked out from the instant and the energy stored."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sems_exporter.simulator.plant.battery import battery_watts, stored_after
from sems_exporter.simulator.plant.disturbances import UNDISTURBED, Disturbed, island
from sems_exporter.simulator.plant.house import ev_watts, load_watts
from sems_exporter.simulator.plant.noise import smooth
from sems_exporter.simulator.plant.plant_state import Running
from sems_exporter.simulator.plant.specs import InverterSpec, PlantSpec
from sems_exporter.simulator.plant.sun import Irradiance, SunPosition, clear_sky, on_plane, sun_position, under_clouds
from sems_exporter.simulator.plant.weather import air_temperature, cloud_cover

STEP_SECONDS = 60
TWILIGHT = -1.0  # degrees; the modules carry a voltage a little before sunrise
_EPOCH_ORDINAL = 719_163  # the ordinal of 1970-01-01
_WAKE_SHARE = 0.003  # of rated power; below it an inverter does not start


class StepPowers(NamedTuple):
    """The powers of one step in watts; `rates` are those of every counter, in joules per second."""

    input_watts: tuple[tuple[float, ...], ...]
    pv_watts: tuple[float, ...]
    running: tuple[Running, ...]
    battery_watts: list[float]
    load_watts: float
    ev_watts: float
    grid_watts: float
    grid_up: bool
    air_celsius: float
    rates: list[float]
    third_watts: float


def solve(
    spec: PlantSpec, zone: ZoneInfo, step: int, stored: Sequence[float], disturbed: Disturbed = UNDISTURBED
) -> StepPowers:
    """The powers during the step that begins at `step` x `STEP_SECONDS`, with `stored` joules in the batteries.

    Without a grid only inverters with a battery go on, and no car charges.
    """
    timestamp = step * STEP_SECONDS
    air = air_temperature(spec.seed, timestamp, spec.latitude, spec.longitude)
    sun = sun_position(timestamp, spec.latitude, spec.longitude)
    light = _light(spec.seed, timestamp, sun)
    able = [_able(inverter, place, disturbed) for place, inverter in enumerate(spec.inverters)]
    inputs = [
        _input_watts(inverter, light, sun, air) if works else (0.0,) * len(inverter.inputs)
        for inverter, works in zip(spec.inverters, able, strict=True)
    ]
    pv = [sum(watts) for watts in inputs]
    day, seconds = local_day(zone, timestamp)
    house = load_watts(spec.house, spec.seed, timestamp, seconds)
    third = 0.0 if disturbed.grid_down else _third_watts(spec, light, sun, air)
    if disturbed.grid_down:
        ev = 0.0
        alone = island(spec, stored, pv, house, STEP_SECONDS, failed=disturbed.failed)
        inputs = [tuple(value * alone.pv_share for value in watts) for watts in inputs]
        pv, battery = [sum(watts) for watts in inputs], alone.battery_watts
        load, grid = sum(pv) + sum(battery), 0.0
    else:
        ev = ev_watts(spec.ev_charger, spec.seed, day, seconds)
        load = house + ev
        surplus = _to_store(spec, seconds, sum(pv) + third - load + _control_error(spec.seed, timestamp))
        battery = battery_watts(spec.inverters, stored, pv, surplus, STEP_SECONDS, failed=disturbed.failed)
        grid = sum(pv) + sum(battery) + third - load
    running = tuple(
        _running(inverter, watts, sun, disturbed, place)
        for place, (inverter, watts) in enumerate(zip(spec.inverters, pv, strict=True))
    )
    rates = _rates(spec, pv, running, battery)
    rates += (max(0.0, grid), max(0.0, -grid), load, max(0.0, -sum(pv) - sum(battery)), third)
    up = not disturbed.grid_down
    return StepPowers(tuple(inputs), tuple(pv), running, battery, load, ev, grid, up, air, rates, third)


def possible_watts(spec: PlantSpec, timestamp: int) -> tuple[float, float]:
    """What the sky over a plant lets its own modules give at a Unix timestamp, and those of another maker."""
    air = air_temperature(spec.seed, timestamp, spec.latitude, spec.longitude)
    sun = sun_position(timestamp, spec.latitude, spec.longitude)
    light = _light(spec.seed, timestamp, sun)
    own = sum(sum(_input_watts(inverter, light, sun, air)) for inverter in spec.inverters)
    return own, _third_watts(spec, light, sun, air)


def stored_after_step(spec: PlantSpec, stored: Sequence[float], powers: StepPowers, seconds: float) -> list[float]:
    """The joules in every battery `seconds` into a step that began with `stored`."""
    return [
        stored_after(battery, joules, watts, seconds)
        for battery, joules, watts in zip(spec.batteries, stored, powers.battery_watts, strict=True)
    ]


def local_day(zone: ZoneInfo, timestamp: int) -> tuple[int, int]:
    """The ordinal of the local date at a Unix timestamp, and the seconds on the wall clock since 00:00."""
    days, seconds = divmod(timestamp + _utc_offset(zone, timestamp // 900), 86400)
    return days + _EPOCH_ORDINAL, seconds


@lru_cache(maxsize=1024)
def _utc_offset(zone: ZoneInfo, quarter: int) -> int:
    """Seconds east of UTC; zones change on quarter hours only."""
    offset = datetime.fromtimestamp(quarter * 900, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def _to_store(spec: PlantSpec, seconds: int, surplus: float) -> float:
    """What the batteries are to take, from the grid if need be: the surplus, or more while a cheap tariff lasts."""
    night = spec.night_charge
    if night is None or not night.from_hour <= seconds / 3600.0 < night.to_hour:
        return surplus
    return max(surplus, night.watts)


def _third_watts(spec: PlantSpec, light: Irradiance, sun: SunPosition, air: float) -> float:
    return sum(_input_watts(spec.third_party, light, sun, air)) if spec.third_party else 0.0


def _control_error(seed: int, timestamp: int) -> float:
    """A real controller misses the zero at the grid by some watts, to either side."""
    return (smooth(seed, "control", timestamp, 180.0) - 0.5) * 50.0


def _light(seed: int, timestamp: int, sun: SunPosition) -> Irradiance:
    sky = clear_sky(sun.elevation)
    return under_clouds(sky, cloud_cover(seed, timestamp)) if sky.diffuse else sky


def _input_watts(inverter: InverterSpec, light: Irradiance, sun: SunPosition, air: float) -> tuple[float, ...]:
    if light.direct + light.diffuse <= 0.0:
        return (0.0,) * len(inverter.inputs)
    watts = []
    for modules in inverter.inputs:
        irradiance = on_plane(light, sun, modules.tilt_degrees, modules.azimuth_degrees)
        cell_celsius = air + 0.027 * irradiance
        watts.append(modules.peak_watts * irradiance / 1000.0 * (1.0 - 0.0037 * (cell_celsius - 25.0)) * 0.95)
    total = sum(watts)
    if total < _WAKE_SHARE * inverter.rated_watts:
        return (0.0,) * len(watts)
    scale = min(1.0, inverter.rated_watts / total)
    return tuple(value * scale for value in watts)


def _able(inverter: InverterSpec, place: int, disturbed: Disturbed) -> bool:
    return place not in disturbed.failed and not (disturbed.grid_down and not inverter.batteries)


def _running(inverter: InverterSpec, pv: float, sun: SunPosition, disturbed: Disturbed, place: int) -> Running:
    if place in disturbed.failed:
        return Running.FAULT
    if inverter.batteries or pv > 0.0:
        return Running.RUNNING
    return Running.WAITING if sun.elevation > TWILIGHT else Running.OFFLINE


def _rates(spec: PlantSpec, pv: Sequence[float], running: Sequence[Running], battery: Sequence[float]) -> list[float]:
    rates: list[float] = []
    first = 0
    for inverter, watts, state in zip(spec.inverters, pv, running, strict=True):
        own = battery[first : first + len(inverter.batteries)]
        first += len(own)
        charge, discharge = -sum(w for w in own if w < 0.0), sum(w for w in own if w > 0.0)
        rates += (watts, charge, discharge, 1.0 if state is Running.RUNNING else 0.0)
    return rates

"""The days before the simulation began: estimated, in balance, and always the same for a seed."""

from __future__ import annotations

from datetime import date, timedelta
from math import acos, cos, pi, radians, sin, tan

from sems_exporter.simulator.chance import uniform
from sems_exporter.simulator.energy import vector_length
from sems_exporter.simulator.house import ev_session
from sems_exporter.simulator.specs import HouseSpec, PlantSpec

_WATT_HOUR = 3600.0


def past_day(spec: PlantSpec, ordinal: int) -> list[float]:
    """The counter vector of one whole day before the simulated time, by the ordinal of its date."""
    if ordinal < spec.commissioned.toordinal():
        return [0.0] * vector_length(len(spec.inverters))
    insolation, daylight = _sunshine(spec.latitude, ordinal)
    clearness = 0.18 + 0.42 * uniform(spec.seed, "past-sky", ordinal)
    pv = spec.peak_watts * insolation * clearness * _WATT_HOUR
    load = _house_day(spec.house) * (0.8 + 0.4 * uniform(spec.seed, "past-load", ordinal)) * _WATT_HOUR
    load += _ev_day(spec, ordinal)
    direct = min(0.45 * load, 0.8 * pv)
    charge, discharge = _cycled(spec, pv - direct, load - direct)
    per_inverter = [
        value
        for inverter in spec.inverters
        for value in (
            pv * _share(inverter.peak_watts, spec.peak_watts),
            charge * _battery_share(spec, inverter.serial),
            discharge * _battery_share(spec, inverter.serial),
            86400.0 if inverter.batteries else daylight,
        )
    ]
    return [*per_inverter, pv - direct - charge, load - direct - discharge, load]


def before(spec: PlantSpec, first: date, start: date) -> list[float]:
    """The counter vector of the days from `first` up to and without `start`."""
    totals = [0.0] * vector_length(len(spec.inverters))
    for ordinal in range(max(first, spec.commissioned).toordinal(), start.toordinal()):
        totals = [sum(pair) for pair in zip(totals, past_day(spec, ordinal), strict=True)]
    return totals


def period_starts(day: date) -> dict[str, date]:
    """The first day of every period that `day` belongs to."""
    return {
        "today": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "year": day.replace(month=1, day=1),
    }


def _sunshine(latitude: float, ordinal: int) -> tuple[float, float]:
    """Hours of full sun outside the atmosphere on the flat (kWh per kW/m2), and seconds of daylight."""
    angle = 2.0 * pi * (date.fromordinal(ordinal).timetuple().tm_yday - 81) / 365.2425
    declination, phi = radians(23.44) * sin(angle), radians(latitude)
    half_day = acos(max(-1.0, min(1.0, -tan(phi) * tan(declination))))
    height = cos(phi) * cos(declination) * sin(half_day) + half_day * sin(phi) * sin(declination)
    return 24.0 / pi * 1.353 * height, half_day / pi * 86400.0


def _house_day(house: HouseSpec) -> float:
    """Watt-hours of an ordinary day: the integrals of the habits in the house module."""
    peaks = house.morning_peak_watts * 2.2 + house.evening_peak_watts * 4.2
    return house.base_watts * 24.0 + peaks + house.spike_watts * house.spikes_per_day / 15.0


def _ev_day(spec: PlantSpec, ordinal: int) -> float:
    """Joules into the car."""
    if spec.ev_charger is None:
        return 0.0
    begin, end = ev_session(spec.ev_charger, spec.seed, ordinal)
    return spec.ev_charger.rated_watts * (end - begin)


def _cycled(spec: PlantSpec, surplus: float, missing: float) -> tuple[float, float]:
    """Joules charged and discharged on a day: what fits once into the batteries, less their losses."""
    if not spec.batteries:
        return 0.0, 0.0
    usable = sum(b.capacity_watt_hours * (b.max_state_of_charge - b.min_state_of_charge) for b in spec.batteries)
    kept = min(battery.efficiency for battery in spec.batteries) ** 2
    discharge = min(0.85 * usable * _WATT_HOUR, surplus * kept, missing)
    return discharge / kept, discharge


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _battery_share(spec: PlantSpec, serial: str) -> float:
    whole = sum(battery.capacity_watt_hours for battery in spec.batteries)
    own = sum(b.capacity_watt_hours for i in spec.inverters if i.serial == serial for b in i.batteries)
    return _share(own, whole)

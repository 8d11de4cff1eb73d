"""The battery strategy: take the surplus, cover the load, stay inside every limit."""

from collections.abc import Sequence

from sems_exporter.simulator.plant.specs import BatterySpec, InverterSpec

_DEAD_BAND_WATTS = 15.0  # a real controller leaves small differences to the grid
_TAPER_FROM = 0.93  # state of charge above which charging slows down


def battery_watts(
    inverters: Sequence[InverterSpec],
    stored: Sequence[float],
    pv_watts: Sequence[float],
    surplus: float,
    seconds: float,
    *,
    failed: frozenset[int] = frozenset(),
) -> list[float]:
    """Terminal power of every battery for the next `seconds`: + discharge, - charge.

    `stored` is the energy in each battery in joules, `pv_watts` the PV power of each inverter, `surplus` what PV gives
    beyond the load (negative: what is missing). Batteries of `failed` inverters, by place, rest.
    """
    if not stored:
        return []
    if abs(surplus) < _DEAD_BAND_WATTS:
        return [0.0] * len(stored)
    if surplus > 0.0:
        return [0.0 - watts for watts in _shared(surplus, _charge_limits(inverters, stored, seconds, failed))]
    return _shared(-surplus, _discharge_limits(inverters, stored, pv_watts, seconds, failed))


def stored_after(spec: BatterySpec, joules: float, watts: float, seconds: float) -> float:
    """Energy inside after `seconds` at terminal power `watts` (+ discharge); the losses stay in the battery."""
    if watts >= 0.0:
        return joules - watts * seconds / spec.efficiency
    return joules - watts * seconds * spec.efficiency


def capacity_joules(spec: BatterySpec) -> float:
    """What the battery holds when full."""
    return spec.capacity_watt_hours * 3600.0


def _charge_limits(
    inverters: Sequence[InverterSpec], stored: Sequence[float], seconds: float, failed: frozenset[int]
) -> list[float]:
    joules = iter(stored)
    return [
        0.0 if place in failed else _charge_limit(spec, content, seconds)
        for place, inverter in enumerate(inverters)
        for spec, content in zip(inverter.batteries, joules, strict=False)
    ]


def _charge_limit(spec: BatterySpec, joules: float, seconds: float) -> float:
    capacity = capacity_joules(spec)
    room = spec.max_state_of_charge * capacity - joules
    taper = min(1.0, max(0.08, (1.0 - joules / capacity) / (1.0 - _TAPER_FROM)))
    return max(0.0, min(spec.max_charge_watts * taper, room / (spec.efficiency * seconds)))


def _discharge_limits(
    inverters: Sequence[InverterSpec],
    stored: Sequence[float],
    pv_watts: Sequence[float],
    seconds: float,
    failed: frozenset[int],
) -> list[float]:
    limits: list[float] = []
    for place, (inverter, pv) in enumerate(zip(inverters, pv_watts, strict=True)):
        first = len(limits)
        for spec in inverter.batteries:
            usable = stored[len(limits)] - spec.min_state_of_charge * capacity_joules(spec)
            limits.append(max(0.0, min(spec.max_discharge_watts, usable * spec.efficiency / seconds)))
        limits[first:] = _shared(0.0 if place in failed else max(0.0, inverter.rated_watts - pv), limits[first:])
    return limits


def _shared(wanted: float, limits: Sequence[float]) -> list[float]:
    """`wanted` spread over `limits` in proportion, never above any of them."""
    total = sum(limits)
    if wanted >= total:
        return list(limits)
    return [limit * wanted / total for limit in limits]

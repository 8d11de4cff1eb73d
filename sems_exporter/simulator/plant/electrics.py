"""Voltages, currents and temperatures that belong to the powers. Volts x amperes = watts throughout."""

from datetime import date

from sems_exporter.simulator.plant.battery import capacity_joules
from sems_exporter.simulator.plant.noise import smooth
from sems_exporter.simulator.plant.plant_state import BatteryState, InputState, PhaseState
from sems_exporter.simulator.plant.specs import BatterySpec, PlantSpec, PvInputSpec

_AGEING_PER_YEAR = 0.015


def input_state(modules: PvInputSpec, watts: float) -> InputState:
    """An MPPT input at `watts`: the voltage sags a little in weak light."""
    if watts <= 0.0:
        return InputState(0.0, 0.0, 0.0)
    share = min(1.0, watts / modules.peak_watts)
    volts = modules.nominal_volts * (0.86 + 0.14 * share**0.2)
    return InputState(watts, volts, watts / volts)


def grid_hertz(spec: PlantSpec, timestamp: float) -> float:
    """The frequency of the grid."""
    return spec.grid_hertz + (smooth(0, "hertz", timestamp, 240.0) - 0.5) * 0.08


def phase_volts(spec: PlantSpec, timestamp: float, phase: int, export_watts: float) -> float:
    """The voltage of a phase: it wanders, and feeding in lifts it."""
    wander = (smooth(spec.seed, f"volts-{phase}", timestamp, 1_200.0) - 0.5) * 6.0
    return spec.grid_volts + wander + max(-6.0, min(6.0, export_watts * 0.0008))


def phase_state(volts: float, watts: float) -> PhaseState:
    """A phase at `watts`; its current has no sign."""
    return PhaseState(watts, volts, abs(watts) / volts)


def load_shares(spec: PlantSpec, timestamp: float) -> tuple[float, ...]:
    """How the house spreads over the phases; the shares sum to 1."""
    weights = [
        weight * (0.6 + 0.8 * smooth(spec.seed, f"phase-{phase}", timestamp, 1_800.0))
        for phase, weight in zip(range(spec.phases), (0.45, 0.33, 0.22), strict=False)
    ]
    return tuple(weight / sum(weights) for weight in weights)


def inverter_celsius(air: float, loading: float) -> float:
    """The chamber of an inverter under shelter, `loading` being the share of its rated power."""
    return max(air, 4.0) + 4.0 + 24.0 * min(1.0, loading)


def battery_state(spec: BatterySpec, joules: float, watts: float, air: float, age_years: float) -> BatteryState:
    """A battery indoors with `joules` inside at `watts` (+ discharge)."""
    charge = joules / capacity_joules(spec)
    volts = spec.nominal_volts * (0.94 + 0.10 * charge) - 0.001 * watts
    return BatteryState(
        spec=spec,
        watts=watts,
        volts=volts,
        amperes=watts / volts,
        state_of_charge=charge,
        state_of_health=max(0.6, 1.0 - _AGEING_PER_YEAR * age_years),
        temperature_celsius=17.0 + 0.25 * max(0.0, air - 10.0) + 6.0 * abs(watts) / spec.max_discharge_watts,
    )


def age_years(spec: PlantSpec, day: date) -> float:
    """Years since the plant was commissioned."""
    return max(0, (day - spec.commissioned).days) / 365.2425

"""What a plant looks like at one instant. Powers in watts, energies in joules."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sems_exporter.simulator.plant.energy import ByPeriod, Energies, InverterEnergies
from sems_exporter.simulator.plant.specs import BatterySpec, EvChargerSpec, InverterSpec


class Running(Enum):
    """What an inverter does."""

    OFFLINE = "offline"
    WAITING = "waiting"
    RUNNING = "running"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class InputState:
    """One MPPT input; watts = volts x amperes."""

    watts: float
    volts: float
    amperes: float


@dataclass(frozen=True, slots=True)
class PhaseState:
    """One phase of an inverter (watts + into the house) or of the meter (watts + export)."""

    watts: float
    volts: float
    amperes: float


@dataclass(frozen=True, slots=True)
class BatteryState:
    """One battery system; watts and amperes + discharge, - charge; watts = volts x amperes; shares 0 to 1."""

    spec: BatterySpec
    watts: float
    volts: float
    amperes: float
    state_of_charge: float
    state_of_health: float
    temperature_celsius: float


@dataclass(frozen=True, slots=True)
class EvChargerState:
    """A charger; `watts` is 0 while no car charges."""

    spec: EvChargerSpec
    watts: float


@dataclass(frozen=True, slots=True)
class InverterState:
    """One inverter; `ac_watts` is PV plus battery."""

    spec: InverterSpec
    running: Running
    pv_watts: float
    ac_watts: float
    inputs: tuple[InputState, ...]
    phases: tuple[PhaseState, ...]
    hertz: float
    temperature_celsius: float
    batteries: tuple[BatteryState, ...]
    energy: ByPeriod[InverterEnergies]


@dataclass(frozen=True, slots=True)
class PlantState:
    """The whole station; pv + battery + third party = load + grid, with battery + = discharge and grid + = export.

    What the `ev_charger` draws is in `load_watts`.
    """

    instant: datetime
    local_time: datetime
    pv_watts: float
    battery_watts: float
    load_watts: float
    grid_watts: float
    state_of_charge: float | None
    energy: ByPeriod[Energies]
    inverters: tuple[InverterState, ...]
    meter_phases: tuple[PhaseState, ...]
    grid_up: bool = True
    ev_charger: EvChargerState | None = None
    third_party_watts: float | None = None

    @property
    def batteries(self) -> tuple[BatteryState, ...]:
        """All batteries, inverter by inverter."""
        return tuple(battery for inverter in self.inverters for battery in inverter.batteries)

"""What a simulated plant consists of. Watts, watt-hours, degrees; shares are 0 to 1."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

InverterKind = Literal["store", "grid"]
InverterType = Literal["INVERTER", "ENERGY_STORAGE_INTEGRATED_CABINET", "INVERTER_GRID"]
"""What the portal calls an inverter, an all-in-one, and on its Chinese gateway a grid inverter."""


YIELD_RATE = 0.25
"""What a kilowatt hour earns, in the currency of the plant."""


@dataclass(frozen=True, slots=True)
class PvInputSpec:
    """The modules on one MPPT input; azimuth clockwise from north (south = 180)."""

    peak_watts: float
    tilt_degrees: float = 35.0
    azimuth_degrees: float = 180.0
    nominal_volts: float = 380.0


@dataclass(frozen=True, slots=True)
class BatterySpec:
    """A battery system; `efficiency` is one way, so a round trip keeps its square.

    `racks` are the serial numbers of the racks it consists of, where the portal lists them as devices of their own.
    """

    serial: str
    capacity_watt_hours: float
    max_charge_watts: float = 4000.0
    max_discharge_watts: float = 4000.0
    min_state_of_charge: float = 0.10
    max_state_of_charge: float = 1.0
    efficiency: float = 0.96
    nominal_volts: float = 330.0
    initial_state_of_charge: float = 0.45
    racks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse limits that no battery can have."""
        if not 0.0 <= self.min_state_of_charge < self.max_state_of_charge <= 1.0:
            raise ValueError("state of charge limits must satisfy 0 <= min < max <= 1")
        if not 0.0 < self.efficiency <= 1.0:
            raise ValueError("efficiency must be above 0 and at most 1")


@dataclass(frozen=True, slots=True)
class InverterSpec:
    """A hybrid ("store") or a pure grid inverter, with one or three phases.

    `reports_signal`: whether it says how well its radio is heard; else only the dongle does.
    """

    serial: str
    rated_watts: float
    inputs: tuple[PvInputSpec, ...]
    kind: InverterKind = "grid"
    phases: Literal[1, 3] = 1
    batteries: tuple[BatterySpec, ...] = ()
    model: str = "SIM5K"
    device_type: InverterType = "INVERTER"
    reports_signal: bool = True

    def __post_init__(self) -> None:
        """Refuse a battery on an inverter that cannot hold one."""
        if self.batteries and self.kind != "store":
            raise ValueError("only a hybrid inverter (kind 'store') can have batteries")

    @property
    def peak_watts(self) -> float:
        """Peak power of all modules on this inverter."""
        return sum(entry.peak_watts for entry in self.inputs)


@dataclass(frozen=True, slots=True)
class HouseSpec:
    """What the house draws: an always-on base, two peaks of the day, and short spikes such as a kettle."""

    base_watts: float = 250.0
    morning_peak_watts: float = 700.0
    evening_peak_watts: float = 1500.0
    spike_watts: float = 2000.0
    spikes_per_day: float = 9.0


@dataclass(frozen=True, slots=True)
class EvChargerSpec:
    """A charger for a car that comes home on some evenings; what it draws is part of the house's load.

    `needs_model`: the portal tells its details only to those who name its model, as for the newer ones.
    """

    serial: str
    rated_watts: float = 7400.0
    evenings: float = 0.4
    session_watt_hours: float = 12_000.0
    model: str = "SIM7K-HCA"
    needs_model: bool = False


@dataclass(frozen=True, slots=True)
class NightCharge:
    """A cheap tariff: between these hours of the local day the batteries are charged, from the grid if need be."""

    watts: float = 2500.0
    from_hour: float = 1.0
    to_hour: float = 5.0


@dataclass(frozen=True, slots=True)
class PlantSpec:
    """One station. `date_format` is the user's own.

    Without `meter_serial` nobody measures the grid or the house, unless `measures_grid` says that the inverter does it
    by itself. `rack_serial` is a battery rack that the portal lists as offline and knows nothing about, beside whatever
    batteries there are. `installed_watts` is what the owner entered as installed power where that is not the power of
    the modules. `third_party` is an inverter of another maker, of which the portal knows nothing but its power.
    `china`: it is on the Chinese gateway, which names groups of counters otherwise.
    """

    station_id: str
    name: str
    zone: str
    latitude: float
    longitude: float
    inverters: tuple[InverterSpec, ...]
    house: HouseSpec = field(default_factory=HouseSpec)
    meter_serial: str | None = None
    dongle_serial: str | None = None
    commissioned: date = date(2023, 4, 1)
    currency: str = "EUR"
    grid_volts: float = 230.0
    grid_hertz: float = 50.0
    seed: int = 1
    date_format: str = "dd/MM/yyyy"
    ev_charger: EvChargerSpec | None = None
    rack_serial: str | None = None
    measures_grid: bool = False
    installed_watts: float | None = None
    night_charge: NightCharge | None = None
    third_party: InverterSpec | None = None
    china: bool = False

    @property
    def metered(self) -> bool:
        """Tell whether anybody measures the grid and so knows what the house draws."""
        return self.meter_serial is not None or self.measures_grid

    @property
    def all_in_one(self) -> bool:
        """Tell whether inverter and batteries are one cabinet."""
        return any(inverter.device_type == "ENERGY_STORAGE_INTEGRATED_CABINET" for inverter in self.inverters)

    @property
    def batteries(self) -> tuple[BatterySpec, ...]:
        """All batteries, inverter by inverter."""
        return tuple(battery for inverter in self.inverters for battery in inverter.batteries)

    @property
    def peak_watts(self) -> float:
        """Peak power of all modules."""
        return sum(inverter.peak_watts for inverter in self.inverters)

    @property
    def phases(self) -> int:
        """Phases of the connection to the grid."""
        return max((inverter.phases for inverter in self.inverters), default=1)

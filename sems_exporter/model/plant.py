"""What is measured, of a station, its devices and their parts.

Base units only: watts, joules, volts, amperes, hertz, celsius, ratio (0-1), seconds, ohms, vars. A value that is
not known is None, never 0. Directions are separate attributes and never negative.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from sems_exporter.model.money import Money
from sems_exporter.model.schema import Entity, Role, S, bits, enumerated, info, lifetime, live, period, static

KWH = 3.6e6
"""Joules in a kilowatt hour."""

POWER = 1e8
"""Watts that no single station reaches (100 MW)."""
DEVICE_POWER = 5e6
"""Watts that no single device reaches (5 MW)."""
ENERGY = 1e9 * KWH
"""Joules that no station reaches in its life (1 TWh)."""
DAY_ENERGY = 24 * POWER / 1000 * KWH
"""Joules that no station reaches in a day."""

TimeZone = ZoneInfo | timezone


class StationState(StrEnum):
    """What the portal says of a station as a whole; a code that nobody knows is unknown."""

    OFFLINE = "offline"
    RUNNING = "running"
    FAULT = "fault"
    WAITING = "waiting"
    CONSTRUCTING = "constructing"
    UNKNOWN = "unknown"


class DeviceState(StrEnum):
    """What the portal says of a device; a code that nobody knows is unknown."""

    OFFLINE = "offline"
    ONLINE = "online"
    FAULT = "fault"
    WAITING = "waiting"
    SHUTDOWN = "shutdown"
    RUNNING = "running"
    CHARGING = "charging"
    DISCHARGING = "discharging"
    AVAILABLE = "available"
    MAINTENANCE = "maintenance"
    UNKNOWN = "unknown"


class AlarmLevel(StrEnum):
    """How grave the portal thinks an alarm is, from least to most; others are unknown."""

    PROMPT = "prompt"
    ALARM = "alarm"
    FAULT = "fault"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm that is active now. `device` is a serial number, `code` as the portal writes it ("E-G3-0-12")."""

    device: str
    code: str
    level: AlarmLevel
    name: str | None = None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PvInput(Entity):
    """One MPPT input of an inverter, `number` counting from 1."""

    scope: ClassVar[str] = "inverter_input"
    label: ClassVar[str] = "input"
    key: ClassVar[str] = "number"
    noun: ClassVar[str] = "MPPT input"

    number: str
    power: float | None = live("watts", "DC power of the MPPT input.", 0, DEVICE_POWER)
    voltage: float | None = live("volts", "DC voltage of the MPPT input.", 0, 2000)
    current: float | None = live("amperes", "DC current of the MPPT input.", 0, 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase(Entity):
    """One AC phase of an inverter: L1, L2 or L3; a single-phase inverter has L1."""

    scope: ClassVar[str] = "inverter_phase"
    label: ClassVar[str] = "phase"
    key: ClassVar[str] = "name"
    noun: ClassVar[str] = "AC phase of the inverter"

    name: str
    power: float | None = live(
        "watts",
        "AC active power of the phase; negative while the inverter takes power in.",
        -DEVICE_POWER,
        DEVICE_POWER,
    )
    voltage: float | None = live("volts", "AC voltage of the phase.", 0, 1500)
    current: float | None = live("amperes", "AC current of the phase, a magnitude.", 0, 5000)
    backup_power: float | None = live("watts", "Power of the phase at the backup output.", 0, DEVICE_POWER)
    backup_voltage: float | None = live("volts", "Voltage of the phase at the backup output.", 0, 1500)
    backup_current: float | None = live("amperes", "Current of the phase at the backup output.", 0, 5000)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterPhase(Entity):
    """One phase of a meter: L1, L2 or L3."""

    scope: ClassVar[str] = "meter_phase"
    label: ClassVar[str] = "phase"
    key: ClassVar[str] = "name"
    noun: ClassVar[str] = "phase of the meter"

    name: str
    grid_import_power: float | None = live("watts", "Power taken from the grid on the phase.", 0, POWER)
    grid_export_power: float | None = live("watts", "Power fed into the grid on the phase.", 0, POWER)
    voltage: float | None = live("volts", "Voltage of the phase.", 0, 50_000)
    current: float | None = live("amperes", "Current of the phase, a magnitude.", 0, 50_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device(Entity):
    """What every device has; instants are aware, UTC.

    `data_timestamp` is the instant the portal says its data are from. Where it says none, `unchanged_since` is the one
    since when the answer has said the same to the last digit. `fetched_at` is the instant of the answer. `state_at` and
    `counted_at` are the ones that the state and the lifetime counters are from, where other answers told them.
    """

    id: str
    name: str | None = info("name the owner gave the device")
    model: str | None = info("model as the maker calls it")
    firmware: str | None = info("firmware version")
    state: DeviceState | None = enumerated(DeviceState, "state", dated_by="state_at")
    data_timestamp: datetime | None = None
    unchanged_since: datetime | None = None
    fetched_at: datetime | None = None
    state_at: datetime | None = None
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverter(Device):
    """A grid, hybrid, micro or all-in-one inverter."""

    scope: ClassVar[str] = "inverter"
    label: ClassVar[str] = "inverter"
    noun: ClassVar[str] = "inverter"

    communication_mode: str | None = info("how its dongle reaches the portal")
    communication_firmware: str | None = info("firmware of its dongle")
    ac_power: float | None = live(
        "watts",
        "AC output of the inverter, the battery's share included; negative while it takes power in.",
        -DEVICE_POWER,
        DEVICE_POWER,
    )
    reactive_power: float | None = live(
        "vars", "Reactive power, signed as the portal gives it.", -DEVICE_POWER, DEVICE_POWER
    )
    pv_power: float | None = live("watts", "DC power of all MPPT inputs together.", -1000, DEVICE_POWER)
    power_factor: float | None = live("ratio", "Power factor as the portal gives it.", -1, 1, sentinels=(-0.001,))
    grid_frequency: float | None = live("hertz", "Grid frequency at the AC side.", 40, 70)
    temperature: float | None = live("celsius", "Temperature inside the inverter.", -60, 150)
    backup_power: float | None = live("watts", "Power at the backup (EPS) output.", 0, DEVICE_POWER)
    insulation_resistance: float | None = live("ohms", "Insulation resistance of the PV side to earth.", 0, 1e9)
    leakage_current: float | None = live("amperes", "Residual (leakage) current.", 0, 5)
    rated_power: float | None = static("watts", "Rated AC power.", 1, DEVICE_POWER)
    signal_strength: float | None = live("dbm", "Strength of its radio link, negative; best near 0.", -130, -1)
    signal_quality: float | None = live(
        "ratio", "Quality of its radio link where the portal gives a share, 0 to 1.", 0, 1
    )
    work_mode_code: float | None = live("", "Work mode as a raw code, whose meaning depends on the family.", 0, 65534)
    fault_bits: int | None = bits("fault register")
    operating_time: float | None = lifetime("seconds", "Time in operation since commissioning.", 1e6 * 3600)
    pv_energy: float | None = lifetime("joules", "PV energy since commissioning.", ENERGY)
    battery_charge_energy: float | None = lifetime("joules", "Energy into its batteries since commissioning.", ENERGY)
    battery_discharge_energy: float | None = lifetime(
        "joules", "Energy out of its batteries since commissioning.", ENERGY
    )
    grid_import_energy: float | None = lifetime(
        "joules", "Energy taken from the grid, as the inverter's own meter sees it.", ENERGY
    )
    grid_export_energy: float | None = lifetime(
        "joules", "Energy fed into the grid, as the inverter's own meter sees it.", ENERGY
    )
    pv_energy_today: float | None = period(Role.DAY, "joules", "PV energy of the station-local day.", DAY_ENERGY)
    battery_charge_energy_today: float | None = period(
        Role.DAY, "joules", "Energy into its batteries today.", DAY_ENERGY
    )
    battery_discharge_energy_today: float | None = period(
        Role.DAY, "joules", "Energy out of its batteries today.", DAY_ENERGY
    )
    grid_import_energy_today: float | None = period(Role.DAY, "joules", "Energy taken from the grid today.", DAY_ENERGY)
    grid_export_energy_today: float | None = period(Role.DAY, "joules", "Energy fed into the grid today.", DAY_ENERGY)
    pv_energy_month: float | None = period(Role.MONTH, "joules", "PV energy of the station-local month.", ENERGY)
    battery_charge_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy into its batteries this month.", ENERGY
    )
    battery_discharge_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy out of its batteries this month.", ENERGY
    )
    grid_import_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy taken from the grid this month.", ENERGY
    )
    grid_export_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy fed into the grid this month.", ENERGY
    )
    pv_energy_year: float | None = period(Role.YEAR, "joules", "PV energy of the station-local year.", ENERGY)
    battery_charge_energy_year: float | None = period(
        Role.YEAR, "joules", "Energy into its batteries this year.", ENERGY
    )
    battery_discharge_energy_year: float | None = period(
        Role.YEAR, "joules", "Energy out of its batteries this year.", ENERGY
    )
    grid_import_energy_year: float | None = period(Role.YEAR, "joules", "Energy taken from the grid this year.", ENERGY)
    grid_export_energy_year: float | None = period(Role.YEAR, "joules", "Energy fed into the grid this year.", ENERGY)
    inputs: tuple[PvInput, ...] = ()
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery(Device):
    """A battery system behind one battery port of an inverter, or one of its racks, which then names its `system`."""

    scope: ClassVar[str] = "battery"
    label: ClassVar[str] = "battery"
    noun: ClassVar[str] = "battery"

    inverter: str | None = info("serial number of the inverter it belongs to")
    system: str | None = info("of a rack: serial number of the battery system it is a part of")
    state_of_charge: float | None = live("ratio", "State of charge, 0 empty to 1 full.", 0, 1)
    # A pack at 0 % would be no battery any more; the portal writes it where the pack does not tell.
    state_of_health: float | None = live("ratio", "State of health, 1 as new.", 0, 1, sentinels=(-0.001, 0.0))
    charge_power: float | None = live("watts", "Power into the battery; 0 while it discharges.", 0, DEVICE_POWER)
    discharge_power: float | None = live("watts", "Power out of the battery; 0 while it charges.", 0, DEVICE_POWER)
    voltage: float | None = live("volts", "Voltage of the battery.", 0, 2000)
    current: float | None = live(
        "amperes", "Current of the battery, a magnitude; the powers tell its direction.", 0, 5000
    )
    temperature: float | None = live("celsius", "Temperature of the battery.", -60, 120)
    charge_current_limit: float | None = live(
        "amperes", "Highest charge current that its management allows now.", 0, 5000
    )
    discharge_current_limit: float | None = live(
        "amperes", "Highest discharge current that its management allows now.", 0, 5000
    )
    charge_power_limit: float | None = live(
        "watts", "Highest charge power that its management allows now.", 0, DEVICE_POWER
    )
    discharge_power_limit: float | None = live(
        "watts", "Highest discharge power that its management allows now.", 0, DEVICE_POWER
    )
    work_mode_code: float | None = live("", "Work mode of the battery as a raw code.", 0, 65534)
    warning_bits: int | None = bits("warning register of the battery management")
    alarm_bits: int | None = bits("alarm register of the battery management")
    cell_temperature_max: float | None = live("celsius", "Temperature of the warmest cell.", -60, 120)
    cell_temperature_min: float | None = live("celsius", "Temperature of the coldest cell.", -60, 120)
    cell_voltage_max: float | None = live("volts", "Voltage of the highest cell.", 0, 10)
    cell_voltage_min: float | None = live("volts", "Voltage of the lowest cell.", 0, 10)
    charge_energy: float | None = lifetime("joules", "Energy into the rack since commissioning.", ENERGY)
    discharge_energy: float | None = lifetime("joules", "Energy out of the rack since commissioning.", ENERGY)
    charge_energy_today: float | None = period(Role.DAY, "joules", "Energy into the rack today.", DAY_ENERGY)
    discharge_energy_today: float | None = period(Role.DAY, "joules", "Energy out of the rack today.", DAY_ENERGY)
    charge_energy_month: float | None = period(Role.MONTH, "joules", "Energy into the rack this month.", ENERGY)
    discharge_energy_month: float | None = period(Role.MONTH, "joules", "Energy out of the rack this month.", ENERGY)
    charge_energy_year: float | None = period(Role.YEAR, "joules", "Energy into the rack this year.", ENERGY)
    discharge_energy_year: float | None = period(Role.YEAR, "joules", "Energy out of the rack this year.", ENERGY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter(Device):
    """A smart meter at the grid connection."""

    scope: ClassVar[str] = "meter"
    label: ClassVar[str] = "meter"
    noun: ClassVar[str] = "meter"

    grid_import_power: float | None = live("watts", "Power taken from the grid; 0 while exporting.", 0, POWER)
    grid_export_power: float | None = live("watts", "Power fed into the grid; 0 while importing.", 0, POWER)
    power_factor: float | None = live("ratio", "Power factor as the portal gives it.", -1, 1, sentinels=(-0.001,))
    grid_frequency: float | None = live("hertz", "Grid frequency.", 40, 70)
    grid_import_energy: float | None = lifetime("joules", "Energy taken from the grid since commissioning.", ENERGY)
    grid_export_energy: float | None = lifetime("joules", "Energy fed into the grid since commissioning.", ENERGY)
    grid_import_energy_today: float | None = period(Role.DAY, "joules", "Energy taken from the grid today.", DAY_ENERGY)
    grid_export_energy_today: float | None = period(Role.DAY, "joules", "Energy fed into the grid today.", DAY_ENERGY)
    grid_import_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy taken from the grid this month.", ENERGY
    )
    grid_export_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy fed into the grid this month.", ENERGY
    )
    grid_import_energy_year: float | None = period(Role.YEAR, "joules", "Energy taken from the grid this year.", ENERGY)
    grid_export_energy_year: float | None = period(Role.YEAR, "joules", "Energy fed into the grid this year.", ENERGY)
    phases: tuple[MeterPhase, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvCharger(Device):
    """A charger for electric vehicles."""

    scope: ClassVar[str] = "ev_charger"
    label: ClassVar[str] = "ev_charger"
    noun: ClassVar[str] = "EV charger"

    charging_power: float | None = live(
        "watts", "Power into the vehicle; absent while none is charged.", 0, DEVICE_POWER
    )
    charging_power_limit: float | None = live("watts", "Charging power that is set as the limit.", 0, DEVICE_POWER)
    rated_power: float | None = static("watts", "Rated charging power.", 1, DEVICE_POWER)
    session_energy: float | None = live(
        "joules", "Energy of the charging session that is or was last under way.", 0, DAY_ENERGY
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Station(Entity):
    """A plant with all that belongs to it, as one refresh found it.

    Instants are those of a device, with `fetched_at` that of the newest answer. `has_battery` is None where nothing
    tells. Coordinates, in degrees, never leave the process. `alarms` is None where the portal did not tell;
    `alarms_unlisted` counts active ones beyond those listed. `money` is None where the settings give it no tariff.
    """

    scope: ClassVar[str] = "station"
    label: ClassVar[str] = "station"
    noun: ClassVar[str] = "station"

    id: str
    fetched_at: datetime
    name: str | None = info("name the owner gave the station")
    timezone_name: str | None = info("time zone of the station")
    currency: str | None = info("currency of its income")
    account: str | None = info("account that reads it, where the settings name accounts")
    state: StationState | None = enumerated(StationState, "state", dated_by="state_at")
    state_at: datetime | None = None
    data_timestamp: datetime | None = None
    unchanged_since: datetime | None = None
    counted_at: datetime | None = None
    timezone: TimeZone | None = None
    has_battery: bool | None = None
    latitude: float | None = field(default=None, repr=False)
    longitude: float | None = field(default=None, repr=False)

    pv_power: float | None = live(
        "watts",
        "PV power; slightly negative at night where the portal reports the inverters' own draw.",
        -10_000,
        POWER,
    )
    load_power: float | None = live("watts", "Power that the house consumes.", 0, POWER)
    grid_import_power: float | None = live("watts", "Power taken from the grid; 0 while exporting.", 0, POWER)
    grid_export_power: float | None = live("watts", "Power fed into the grid; 0 while importing.", 0, POWER)
    battery_charge_power: float | None = live("watts", "Power into the batteries; 0 while they discharge.", 0, POWER)
    battery_discharge_power: float | None = live("watts", "Power out of the batteries; 0 while they charge.", 0, POWER)
    battery_state_of_charge: float | None = live("ratio", "State of charge of all batteries together, 0 to 1.", 0, 1)
    ac_power: float | None = live(
        "watts", "AC output of all inverters; negative while they take power in.", -POWER, POWER
    )
    ev_charger_power: float | None = live("watts", "Power of the EV chargers.", 0, POWER)
    heat_pump_power: float | None = live("watts", "Power of the heat pump.", 0, POWER)
    generator_power: float | None = live("watts", "Power of the diesel generator.", 0, POWER)
    third_party_power: float | None = live(
        "watts", "Power of generators of other makers, signed as the portal gives it.", -10_000, POWER
    )
    power_residual: float | None = live(
        "watts",
        "pv + third party + battery discharge + grid import - load - battery charge - grid export; "
        "far from 0 a meter is missing or a sign is wrong. Absent while a generator runs.",
        -2 * POWER,
        2 * POWER,
    )
    sun_elevation: float | None = live("degrees", "Height of the sun above the horizon; negative at night.", -90, 90)
    clear_sky_power: float | None = live(
        "watts", "PV power that a clear sky would give on horizontal modules of the installed power.", 0, POWER
    )
    details_timestamp: float | None = static("seconds", "Instant at which its devices were last read.", 0, 1e11)
    installed_power: float | None = static("watts", "Installed PV peak power.", 1, POWER)
    battery_capacity: float | None = static("joules", "Nominal capacity of the batteries.", 1, 1e6 * KWH)
    pv_energy: float | None = lifetime("joules", "PV energy since commissioning, all inverters.", ENERGY)
    load_energy: float | None = lifetime("joules", "Energy consumed since commissioning.", ENERGY)
    grid_import_energy: float | None = lifetime("joules", "Energy taken from the grid since commissioning.", ENERGY)
    grid_export_energy: float | None = lifetime("joules", "Energy fed into the grid since commissioning.", ENERGY)
    battery_charge_energy: float | None = lifetime("joules", "Energy into the batteries since commissioning.", ENERGY)
    battery_discharge_energy: float | None = lifetime(
        "joules", "Energy out of the batteries since commissioning.", ENERGY
    )
    pv_energy_today: float | None = period(Role.DAY, "joules", "PV energy of the station-local day.", DAY_ENERGY)
    load_energy_today: float | None = period(Role.DAY, "joules", "Energy consumed today.", DAY_ENERGY)
    grid_import_energy_today: float | None = period(Role.DAY, "joules", "Energy taken from the grid today.", DAY_ENERGY)
    grid_export_energy_today: float | None = period(Role.DAY, "joules", "Energy fed into the grid today.", DAY_ENERGY)
    battery_charge_energy_today: float | None = period(
        Role.DAY, "joules", "Energy into the batteries today.", DAY_ENERGY
    )
    battery_discharge_energy_today: float | None = period(
        Role.DAY, "joules", "Energy out of the batteries today.", DAY_ENERGY
    )
    self_consumption_energy_today: float | None = period(
        Role.DAY, "joules", "Energy of the plant that was used on the spot today.", DAY_ENERGY, falls=True
    )
    self_sufficiency_today: float | None = period(
        Role.DAY, "ratio", "Share of today's consumption that the plant itself covered.", 1
    )
    self_consumption_today: float | None = period(
        Role.DAY, "ratio", "Share of today's production that was used on the spot.", 1
    )
    full_load_time_today: float | None = period(
        Role.DAY, "seconds", "Specific yield: today's PV energy over the installed power (3600 s = 1 kWh/kWp).", 86400
    )
    pv_energy_month: float | None = period(Role.MONTH, "joules", "PV energy of the station-local month.", ENERGY)
    load_energy_month: float | None = period(Role.MONTH, "joules", "Energy consumed this month.", ENERGY)
    grid_import_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy taken from the grid this month.", ENERGY
    )
    grid_export_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy fed into the grid this month.", ENERGY
    )
    battery_charge_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy into the batteries this month.", ENERGY
    )
    battery_discharge_energy_month: float | None = period(
        Role.MONTH, "joules", "Battery discharge of the month.", ENERGY
    )
    self_consumption_energy_month: float | None = period(
        Role.MONTH, "joules", "Energy of the plant that was used on the spot this month.", ENERGY, falls=True
    )
    income_today: float | None = period(Role.DAY, "", "Income of today, in the currency of the info series.", 1e12)
    income: float | None = lifetime("", "Income since commissioning, in the currency of the info series.", 1e15)
    inverters: tuple[Inverter, ...] = ()
    batteries: tuple[Battery, ...] = ()
    meters: tuple[Meter, ...] = ()
    ev_chargers: tuple[EvCharger, ...] = ()
    alarms: tuple[Alarm, ...] | None = None
    alarms_unlisted: int = 0
    money: Money | None = None


CHILDREN: dict[type[Entity], tuple[tuple[str, type[Entity]], ...]] = {
    Station: (("inverters", Inverter), ("batteries", Battery), ("meters", Meter), ("ev_chargers", EvCharger)),
    Inverter: (("inputs", PvInput), ("phases", Phase)),
    Meter: (("phases", MeterPhase),),
    Battery: (),
    EvCharger: (),
    PvInput: (),
    Phase: (),
    MeterPhase: (),
}
"""Which attribute of a scope holds parts of which scope."""

Path = tuple[str, ...]


def label_value(scope: Entity) -> str:
    """The label value that tells `scope` from its siblings."""
    return str(getattr(scope, type(scope).key))


def transform(scope: S, change: Callable[[Entity, Path], Entity], path: Path = ()) -> S:
    """`scope` with `change` applied to its parts and then to itself; `path` holds the identities from the top."""
    here = (*path, type(scope).scope, label_value(scope))
    changed: dict[str, tuple[Entity, ...]] = {}
    for attribute, _ in CHILDREN[type(scope)]:
        parts = getattr(scope, attribute)
        new = tuple(transform(part, change, here) for part in parts)
        if any(one is not other for one, other in zip(new, parts, strict=True)):
            changed[attribute] = new
    # Most looks change nothing, and a dataclass of fifty fields is not rebuilt for free.
    result: S = change(replace(scope, **changed) if changed else scope, here)  # type: ignore[assignment, arg-type]
    return result

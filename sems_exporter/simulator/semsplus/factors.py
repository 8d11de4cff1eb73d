"""Telemetry and telecounting: groups of factors, numbers as text, the unit beside each number.

Codes, aliases, units and gaps as seen in captures of 2026-09. Three-phase inverters replace Vac and Iac by one pair per
phase; Fac stays single.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import hypot
from types import MappingProxyType

from sems_exporter.simulator.plant.plant_state import BatteryState, InverterState, PhaseState, PlantState, Running
from sems_exporter.simulator.server.wire import JsonObject, decimal_text, kilo, kilowatt_hours

_PHASES = "ABC"
_REACTIVE_WATTS = 40.0
_ISLAND_VOLTS = 230.0
_CELL_VOLTS = 3.3
_CHARGE_COUNTERS = [
    ("proCharStats", "charge", "charge_energy"),
    ("proDischarStats", "discharge", "discharge_energy"),
]
# Two captures of hybrids name their counters so, in whatever period.
_HYBRID_ALIASES = {
    "proPvStats": "power_generation",
    "proCharStats": "charge_quantity",
    "proDischarStats": "energy_discharged",
}
_PERIODS = (
    ("today", "Today", "day"),
    ("week", "Week", "week"),
    ("month", "Month", "month"),
    ("year", "Year", "year"),
    ("lifetime", "Total", "total"),
)


def inverter_telemetry(state: InverterState) -> list[JsonObject]:
    """The live values of an inverter: hybrids and grid inverters differ in factors and in how gaps look."""
    groups = [
        _group("system", "system_parameters", _system(state)),
        _group("ac", "ac_parameters", _ac(state)),
    ]
    if state.spec.kind == "store":
        groups.append(_group("backup", "backup_parameters", _backup(state)))
    groups.append(_group("pv", "pv_parameters", _pv(state)))
    if state.spec.kind == "grid":
        _drop_nulls(groups)
    return groups


def battery_telemetry(battery: BatteryState) -> list[JsonObject]:
    """The live values of a battery system; its one group has no alias."""
    volts, amperes = round(battery.volts, 1), round(battery.amperes, 1)
    full = battery.state_of_charge >= battery.spec.max_state_of_charge - 0.005
    empty = battery.state_of_charge <= battery.spec.min_state_of_charge + 0.005
    factors = [
        _factor("soh", str(round(battery.state_of_health * 100)), "%", "soh"),
        _factor("soc", str(round(battery.state_of_charge * 100)), "%", "soc"),
        _factor("pBat", decimal_text(published_battery_watts(battery) / 1000.0, 5), "kW", "power"),
        _factor("voltage", decimal_text(volts, 1), "V", "volt"),
        _factor("a", decimal_text(amperes, 1), "A", "cur"),
        _factor("batSysTemp", decimal_text(battery.temperature_celsius, 1), "℃", "batt_temp"),
        _factor("aMaxChar", _limit(battery.spec.max_charge_watts, volts, reached=full), "A", "chargecur_limit"),
        _factor(
            "aMaxDischar",
            _limit(battery.spec.max_discharge_watts, volts, reached=empty),
            "A",
            "discharge_current_limit",
        ),
    ]
    return [{"code": "runtime", "factors": factors}]


def rack_telemetry(battery: BatteryState, serial: str) -> list[JsonObject]:
    """The live values of one of the racks of a battery system, which are alike; cells in millivolts."""
    racks = len(battery.spec.racks)
    cells = round(battery.volts / _CELL_VOLTS)
    millivolts, spread = battery.volts / cells * 1000.0, 4.0
    live: list[tuple[str, str, str, str]] = [
        ("soc", str(round(battery.state_of_charge * 100)), "%", "soc"),
        ("soh", str(round(battery.state_of_health * 100)), "%", "soh"),
        ("pBat", decimal_text(published_battery_watts(battery) / racks / 1000.0, 5), "kW", "power"),
        ("voltage", decimal_text(battery.volts, 1), "V", "volt"),
        ("pMaxChar", decimal_text(battery.spec.max_charge_watts / racks / 1000.0, 2), "kW", "pw_limit"),
        ("pMaxDischar", decimal_text(battery.spec.max_discharge_watts / racks / 1000.0, 2), "kW", "discharge_limit_pw"),
        ("tempMaxCell", decimal_text(battery.temperature_celsius + 1.5, 1), "℃", "max_cell_temperature"),
        ("tempMinCell", decimal_text(battery.temperature_celsius - 1.5, 1), "℃", "min_cell_temperature"),
        ("vMaxCell", str(round(millivolts + spread)), "mV", "max_cell_voltage"),
        ("vMinCell", str(round(millivolts - spread)), "mV", "min_cell_voltage"),
    ]
    fixed = [
        ("sn", serial, "serial_number_1"),
        ("serCellTotal", str(cells), "total_cells_in_series"),
        ("version", "1.0", "bms_ver"),
        ("dcdcVersion", "1.0", "dcdc_ver"),
    ]
    return [
        _bare_group("system", [_factor(code, data, "", alias, kind="STRING") for code, data, alias in fixed]),
        _bare_group("runtime", [_factor(*factor) for factor in live]),
    ]


def rack_telecounting(inverter: InverterState, share: float) -> list[JsonObject]:
    """The counters of a rack: its share of what the batteries of its inverter took and gave."""
    return list(_counters(inverter.energy, _CHARGE_COUNTERS, share))


def as_in_china(counters: list[JsonObject]) -> list[JsonObject]:
    """The same groups as the Chinese gateway sends them: without aliases, and lifetime under another name."""
    names = {"telecounting_lifetime": "telecounting_total"}
    return [_bare_group(str(names.get(group["code"], group["code"])), group["factors"]) for group in counters]


def published_battery_watts(battery: BatteryState) -> float:
    """The portal multiplies the rounded voltage and current, which a capture of 2026-09 shows to the last digit."""
    return round(battery.volts, 1) * round(battery.amperes, 1)


def meter_telemetry(state: PlantState) -> list[JsonObject]:
    """The live values of the meter; power + export, - import, currents without a sign."""
    factors = [
        _factor("totalPac", decimal_text(kilo(state.grid_watts, 3), 3), "kW", "total_active_power_1"),
        *_meter_powers(state),
        *(_per_phase("voltage", state.meter_phases, lambda p: decimal_text(p.volts, 1), "V", "volt")),
        *(_per_phase("current", state.meter_phases, lambda p: decimal_text(p.amperes, 2), "A", "cur")),
    ]
    return [_group("runtime", "operating_param", factors)]


def inverter_telecounting(state: InverterState) -> list[JsonObject]:
    """The counters of an inverter; charge and discharge only where there is a battery."""
    now = [
        _factor("pAc", decimal_text(kilo(state.ac_watts, 3), 3), "kW", "active_power"),
        _factor("ratedPower", decimal_text(state.spec.rated_watts / 1000.0, 2), "kW", "rated_power"),
    ]
    names = [("proPvStats", "pv", "pv_generation")]
    if state.batteries:
        names += _CHARGE_COUNTERS
    aliases = _HYBRID_ALIASES if state.spec.kind == "store" else {}
    return [_group("telecounting_real", "realtime_data", now), *_counters(state.energy, names, aliases=aliases)]


def meter_telecounting(state: PlantState) -> list[JsonObject]:
    """The counters of the meter: export (proGrid) and import (proPurchase)."""
    names = [
        ("proGridStats", "grid_export", "grid_energy"),
        ("proPurchaseStats", "grid_import", "purchased_electricity"),
    ]
    return list(_counters(state.energy, names))


def _counters(
    energy: object,
    names: Iterable[tuple[str, str, str]],
    share: float = 1.0,
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[JsonObject]:
    for period, suffix, alias in _PERIODS:
        counted = getattr(energy, period)
        factors = []
        for code, field, meaning in names:
            value = kilowatt_hours(getattr(counted, field) * share)
            # Lifetime totals come with six decimals, of which two say something.
            text = f"{value:.6f}" if suffix == "Total" else decimal_text(value, 2)
            factors.append(_factor(code + suffix, text, "kWh", aliases.get(code) or f"{alias}_{meaning}"))
        yield _group(f"telecounting_{period}", alias, factors)


def _system(state: InverterState) -> list[JsonObject]:
    hours = state.energy.lifetime.running_seconds / 3600.0
    celsius = 0.0 if state.running is Running.OFFLINE else state.temperature_celsius
    return [
        _factor("sn", state.spec.serial, None, "serial_number_1", kind="STRING"),
        _factor("hTotal", str(int(hours)), "H", "total_worke_time"),
        _factor("Temperature", decimal_text(celsius, 1), "℃", "chamber_temperature"),
    ]


def _ac(state: InverterState) -> list[JsonObject]:
    active = kilo(state.ac_watts, 3)
    if state.spec.kind == "store":
        power_factor = abs(state.ac_watts) / hypot(state.ac_watts, _REACTIVE_WATTS)
        reactive = _factor("qAc", decimal_text(_REACTIVE_WATTS / 1000.0, 3), "kVar", "reactive_power")
        quality = _factor("storagePF", decimal_text(power_factor, 2), None, "power_factor")
    else:
        # -0.001 is 0xFFFF in disguise: this family does not report a power factor.
        reactive = _factor("qAc", "-0.001", "kVar", "reactive_power")
        quality = _factor("gridPF", "-0.001", None, "power_factor")
    return [
        _factor("pAc", decimal_text(active, 3), "kW", "active_power"),
        reactive,
        quality,
        *_ac_phases(state),
        _factor(
            "Fac",
            "0" if state.running is Running.OFFLINE else decimal_text(state.hertz, 2),
            "Hz",
            "grid_freq",
        ),
    ]


def _ac_phases(state: InverterState) -> list[JsonObject]:
    phases = state.phases
    if state.running is Running.OFFLINE:
        phases = tuple(PhaseState(0.0, 0.0, 0.0) for _ in phases)
    if len(phases) == 1:
        return [
            _factor("Vac", decimal_text(phases[0].volts, 1), "V", "single_phase_volt"),
            _factor("Iac", decimal_text(phases[0].amperes, 1), "A", "single_phase_current"),
        ]
    return [
        *_per_phase("Vac", phases, lambda p: decimal_text(p.volts, 1), "V", "volt"),
        *_per_phase("Iac", phases, lambda p: decimal_text(p.amperes, 1), "A", "cur"),
    ]


def _backup(state: InverterState) -> list[JsonObject]:
    """Without a grid the house hangs here; otherwise the output idles a little below the grid's voltage."""
    alone = state.hertz == 0.0
    volts = _ISLAND_VOLTS if alone else state.phases[0].volts - 0.6
    watts = state.ac_watts if alone else 0.0
    return [
        _factor("pBackup", decimal_text(kilo(watts, 3), 3), "kW", "power"),
        _factor("vBackupPhA", decimal_text(volts, 1), "V", "volt"),
        _factor("aBackupPhA", decimal_text(watts / len(state.phases) / volts if alone else 0.2, 1), "A", "cur"),
    ]


def _pv(state: InverterState) -> list[JsonObject]:
    inputs = [(round(entry.volts, 1), round(entry.amperes, 1)) for entry in state.inputs]
    watts = [volts * amperes for volts, amperes in inputs]
    store = state.spec.kind == "store"
    gaps = [_factor("ISOLimit", None, "kΩ" if store else "kOhm", "insulation_resistance")]
    if store:
        gaps.insert(0, _factor("pDc", decimal_text(sum(watts) / 1000.0, 5), "kW", "dc_input_total_power"))
    else:
        gaps.append(_factor("LeakageCurrent", None, "A", "leakage_cur"))
    numbered = list(enumerate(zip(watts, inputs, strict=True), start=1))
    return [
        *gaps,
        *(_factor(f"MPPT-{n}:Ppv", decimal_text(p / 1000.0, 5), "kW", "power") for n, (p, _) in numbered),
        *(_factor(f"MPPT-{n}:Vpv", decimal_text(v, 1), "V", "volt") for n, (_, (v, _a)) in numbered),
        *(_factor(f"MPPT-{n}:Ipv", decimal_text(a, 1), "A", "cur") for n, (_, (_v, a)) in numbered),
    ]


def _meter_powers(state: PlantState) -> list[JsonObject]:
    """The last phase takes the rounding, so that the phases sum to the total as in the captures."""
    phases = [round(phase.watts) for phase in state.meter_phases]
    phases[-1] = round(state.grid_watts) - sum(phases[:-1])
    return [
        _factor(f"PHASE-{_PHASES[n]}:pAc", decimal_text(watts / 1000.0, 3), "kW", "power")
        for n, watts in enumerate(phases)
    ]


def _per_phase(
    name: str, phases: Iterable[PhaseState], value: Callable[[PhaseState], str], unit: str, alias: str
) -> list[JsonObject]:
    return [
        _factor(f"PHASE-{letter}:{name}", value(phase), unit, alias)
        for letter, phase in zip(_PHASES, phases, strict=False)
    ]


def _limit(watts: float, volts: float, *, reached: bool) -> str:
    return "0" if reached else str(round(watts / volts))


def _group(code: str, alias: str, factors: list[JsonObject]) -> JsonObject:
    return {"code": code, "alias": alias, "factors": factors}


def _bare_group(code: str, factors: list[JsonObject]) -> JsonObject:
    return {"code": code, "factors": factors}


def _factor(code: str, data: str | None, unit: str | None, alias: str, kind: str = "NUMERIC") -> JsonObject:
    return {
        "code": code,
        "data": data,
        "dataType": kind,
        "defaultFlag": False,
        "hiddenInMore": False,
        "unit": unit,
        "alias": alias,
        "supportCurve": unit in ("kW", "V", "A"),
    }


def _drop_nulls(groups: list[JsonObject]) -> None:
    """Grid inverters leave the key out where hybrids send null."""
    for group in groups:
        group["factors"] = [{k: v for k, v in factor.items() if v is not None} for factor in group["factors"]]

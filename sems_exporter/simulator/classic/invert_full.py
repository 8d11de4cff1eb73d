"""`invert_full`: the classic portal's one big dictionary about an inverter.

Keys, types, signs, gaps and sentinels as in captures of 2025 and 2026: numbers are floats, 6553.5 and 655.35 stand for
phases that are not there, and a sleeping inverter reads zero.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import NamedTuple

from sems_exporter.simulator.classic.quiet_fields import quiet_fields
from sems_exporter.simulator.classic.wire import tenths
from sems_exporter.simulator.plant.alarms import Alarm
from sems_exporter.simulator.plant.noise import uniform
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.plant.plant_state import BatteryState, InverterState, PlantState, Running
from sems_exporter.simulator.plant.specs import YIELD_RATE
from sems_exporter.simulator.server.wire import JsonObject

STATUS = {Running.OFFLINE: -1, Running.WAITING: 0, Running.RUNNING: 1, Running.FAULT: 2}
NO_VALUE, NO_HERTZ, NO_CURRENT = 6553.5, 655.35, 4294967.295
_MAX_INPUTS, _MAX_PHASES, _STRINGS = 4, 3, 16
_CHARGES, _DISCHARGES, _STANDS_BY = 3, 2, 1  # battary_work_mode (sic)


@dataclass(frozen=True, slots=True)
class InverterView:
    """One inverter as the classic portal shows it; the one that leads a plant also reports its meter."""

    plant: Plant
    state: PlantState
    inverter: InverterState
    leads: bool
    last_report: datetime

    @property
    def asleep(self) -> bool:
        """Tell whether the inverter is offline, so that its live values read zero."""
        return self.inverter.running is Running.OFFLINE

    @property
    def metered(self) -> bool:
        """Tell whether this inverter reports the meter."""
        return self.leads and self.plant.spec.metered


class Yield(NamedTuple):
    """PV energy in tenths of a kWh: today, this month without today, until last month; they sum to the total."""

    today: int
    this_month: int
    before: int

    @property
    def total(self) -> int:
        """Since commissioning."""
        return self.today + self.this_month + self.before


def yield_of(inverter: InverterState) -> Yield:
    """Count as an inverter does: each counter in whole tenths of what it counts, however it came together."""
    energy = inverter.energy
    today, month, lifetime = tenths(energy.today.pv), tenths(energy.month.pv), tenths(energy.lifetime.pv)
    return Yield(today, month - today, lifetime - month)


def invert_full(view: InverterView) -> JsonObject:
    """The whole dictionary."""
    live = _ac(view) | _pv(view) | _battery_live(view) | _meter_live(view)
    if view.asleep:
        live = dict.fromkeys(live, 0.0)
    return quiet_fields() | _identity(view) | _energies(view) | _battery_facts(view) | _meter_counters(view) | live


def milliseconds(instant: datetime) -> int:
    """Epoch milliseconds."""
    return int(instant.timestamp() * 1000)


def check_code(view: InverterView) -> str:
    """The code on the sticker, which pairs the dongle."""
    return f"{int(uniform(view.plant.spec.seed, view.inverter.spec.serial, 0) * 1e6):06d}"


def empty_soc(view: InverterView) -> float:
    """What models without a battery say about its charge."""
    return 400.0 if view.inverter.spec.phases == _MAX_PHASES else 536.0


def _identity(view: InverterView) -> JsonObject:
    spec, plant = view.inverter.spec, view.plant.spec
    added = datetime.combine(plant.commissioned, time(10), UTC)
    return {
        "sn": spec.serial,
        "check_code": check_code(view),
        "powerstation_id": plant.station_id,
        "name": spec.serial,
        "model_type": spec.model,
        "capacity": spec.rated_watts / 1000.0,
        "status": STATUS[view.inverter.running],
        "turnon_time": milliseconds(added),
        "last_time": milliseconds(view.last_report) + 619,
        "firmwareversion": 1717.0,
        "ram": 24.0,
        "safetyConutry": 20.0,
        "workmode": 0 if view.inverter.running is Running.WAITING else 1,
        "hour_total": float(int(view.inverter.energy.lifetime.running_seconds / 3600.0)),
        "errors": [_error(alarm) for alarm in view.plant.alarms_at(view.state.instant) if alarm.device == spec.serial],
    }


def _error(alarm: Alarm) -> JsonObject:
    when = milliseconds(alarm.start)
    return {"error_code": alarm.code, "error_id": 0, "error_type": None, "show": True, "time": when, "index": None}


def _energies(view: InverterView) -> JsonObject:
    counted = yield_of(view.inverter)
    today, total = counted.today / 10.0, counted.total / 10.0
    return {
        "eday": today,
        "all_eday": today,
        "output_eday": today,
        "iday": today * YIELD_RATE,
        "etotal": total,
        "output_etotal": total,
        "itotal": total * YIELD_RATE,
        "thismonthetotle": counted.this_month / 10.0,
        "lastmonthetotle": counted.before / 10.0,
        "output_yeasterdayTotal": (counted.total - counted.today) / 10.0,
    }


def _ac(view: InverterView) -> JsonObject:
    inverter = view.inverter
    watts = round(inverter.ac_watts, 1) + 0.0
    live: JsonObject = {"pac": watts, "outputpower": watts, "tempperature": round(inverter.temperature_celsius, 1)}
    for number in range(1, _MAX_PHASES + 1):
        there = number <= len(inverter.phases)
        phase = inverter.phases[number - 1] if there else None
        live[f"vac{number}"] = round(phase.volts, 1) if phase else NO_VALUE
        live[f"iac{number}"] = round(phase.amperes, 1) if phase else NO_VALUE
        live[f"fac{number}"] = round(inverter.hertz, 2) if there else NO_HERTZ
    # Models that do not watch their strings fill these registers with something.
    for number in range(1, _STRINGS + 1):
        garbage = uniform(view.plant.spec.seed, inverter.spec.serial, number)
        live[f"istr{number}"] = round(garbage * 10.0 ** (number % 4), 1)
    live["pf"] = -0.001 if inverter.spec.kind == "grid" else 1.0
    return live | {"vload": 0.0, "iload": NO_CURRENT}


def _pv(view: InverterView) -> JsonObject:
    """Inputs that do not exist read 6553.5 on hybrids and 0.0 on grid inverters, which report no PV power either."""
    hybrid = view.inverter.spec.kind == "store"
    absent = NO_VALUE if hybrid else 0.0
    live: JsonObject = {"pv_power": round(view.inverter.pv_watts, 1) if hybrid else 0.0}
    inputs = view.inverter.inputs
    for number in range(1, _MAX_INPUTS + 1):
        there = number <= len(inputs)
        live[f"vpv{number}"] = round(inputs[number - 1].volts, 1) if there else absent
        live[f"ipv{number}"] = round(inputs[number - 1].amperes, 1) if there else absent
    return live


def _battery_live(view: InverterView) -> JsonObject:
    """Negative current and power mean charging."""
    batteries = view.inverter.batteries
    watts = sum(battery.watts for battery in batteries)
    return {
        "vbattery1": round(batteries[0].volts, 1) if batteries else 0.0,
        "ibattery1": round(batteries[0].amperes, 1) + 0.0 if batteries else 0.0,
        "total_pbattery": round(watts, 1) + 0.0,
    }


def _battery_facts(view: InverterView) -> JsonObject:
    batteries = view.inverter.batteries
    if not batteries:
        return {"soc": empty_soc(view), "soh": -0.1, "battary_work_mode": 0}
    watts, energy = sum(battery.watts for battery in batteries), view.inverter.energy
    return {
        "battary_work_mode": _DISCHARGES if watts > 0.0 else _CHARGES if watts < 0.0 else _STANDS_BY,
        "soc": float(round(100.0 * sum(b.state_of_charge for b in batteries) / len(batteries))),
        "soh": float(round(100.0 * batteries[0].state_of_health)),
        "bms_charge_i_max": float(round(batteries[0].spec.max_charge_watts / batteries[0].volts)),
        "bms_discharge_i_max": float(round(batteries[0].spec.max_discharge_watts / batteries[0].volts)),
        "isbuettey": True,
        "battery_count": len(batteries),
        "battery1sn": batteries[0].spec.serial,
        "battery1_capacity": batteries[0].spec.capacity_watt_hours / 1000.0,
        "more_batterys": [_pack(battery) for battery in batteries],
        "eBatteryCharge": _thousandths(energy.lifetime.charge),
        "eChargeDay": _thousandths(energy.today.charge),
        "eBatteryDischarge": _thousandths(energy.lifetime.discharge),
        "eDischargeDay": _thousandths(energy.today.discharge),
    }


def _pack(battery: BatteryState) -> JsonObject:
    return {
        "pbattery": round(battery.watts, 1) + 0.0,
        "vbattery": round(battery.volts, 1),
        "ibattery": round(battery.amperes, 1) + 0.0,
        "soc": float(round(100.0 * battery.state_of_charge)),
        "soh": float(round(100.0 * battery.state_of_health)),
        "bms_temperature": round(battery.temperature_celsius, 1),
        "bms_charge_i_max": float(round(battery.spec.max_charge_watts / battery.volts)),
        "bms_discharge_i_max": float(round(battery.spec.max_discharge_watts / battery.volts)),
    }


def _meter_live(view: InverterView) -> JsonObject:
    """Positive is export; grid inverters mirror the meter in a backup output they do not have."""
    watts = float(round(view.state.grid_watts)) + 0.0 if view.metered else 0.0
    phases = [float(round(phase.watts)) for phase in view.state.meter_phases] if view.metered else []
    phases += [0.0] * (_MAX_PHASES - len(phases))
    return {
        "pmeter": watts,
        "pbackup": watts if view.inverter.spec.kind == "grid" else 0.0,
        **{f"mtActivepower{letter}": value for letter, value in zip("RST", phases, strict=True)},
    }


def _meter_counters(view: InverterView) -> JsonObject:
    """Readings at midnight plus today give the totals to the last digit."""
    if not view.metered:
        return dict.fromkeys(("seller", "buy", "total_sell", "total_buy", "yesterdaysellertotal"), 0.0)
    energy, found = view.state.energy, {}
    for total, today, yesterday, direction in (
        ("total_sell", "seller", "yesterdaysellertotal", "grid_export"),
        ("total_buy", "buy", "yesterdaybuytotal", "grid_import"),
    ):
        counted = getattr(energy.today, direction)
        found[today] = _thousandths(counted)
        found[yesterday] = _thousandths(getattr(energy.lifetime, direction) - counted)
        found[total] = round(found[yesterday] + found[today], 3)
    hybrid = view.inverter.spec.kind == "store"
    return found | {"hasmeter": hybrid, "eDayBuy": found["buy"] if hybrid else 0.0}


def _thousandths(joules: float) -> float:
    return round(joules) // 3600 / 1000.0

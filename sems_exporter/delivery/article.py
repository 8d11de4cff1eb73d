"""The inverter as the article of 2022 saved it: one flat object each, by the keys of `invert_full`, in their units.

A line an inverter, so that a home with one has a file that is one JSON object. All keys stand in each; what is not
known is null, as the portal wrote it then, and never 0.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from sems_exporter.model.plant import KWH, Battery, DeviceState, Inverter, Meter, Station
from sems_exporter.pipeline.staleness import StationView

Value: TypeAlias = str | float | bool | None
STATUS = {
    DeviceState.OFFLINE: -1,
    DeviceState.WAITING: 0,
    DeviceState.RUNNING: 1,
    DeviceState.ONLINE: 1,
    DeviceState.FAULT: 2,
}
INPUTS, PHASES = range(1, 5), range(1, 4)
_HOUR = 3600.0


def article_file(stations: Iterable[StationView]) -> bytes:
    """A line for each inverter of `stations`."""
    rows = (row(shown.station, inverter) for shown in stations for inverter in shown.station.inverters)
    return "".join(f"{json.dumps(found, ensure_ascii=False)}\n" for found in rows).encode("utf-8", "replace")


def row(station: Station, inverter: Inverter) -> dict[str, Value]:
    """One inverter, with the battery that it has and, where it is the station's only one, the meter."""
    battery = next(
        (one for one in station.batteries if one.inverter in (None, inverter.id) and one.system is None), None
    )
    alone = len(station.inverters) == 1
    meter = station.meters[0] if alone and len(station.meters) == 1 else None
    return {
        "sn": inverter.id,
        "powerstation_id": station.id,
        "name": inverter.name,
        "model_type": inverter.model,
        "firmwareversion": inverter.firmware,
        **_live(inverter),
        **_energies(inverter),
        **_battery(battery),
        **_grid(station if alone else None, meter),
    }


def _live(inverter: Inverter) -> dict[str, Value]:
    inputs = {one.number: one for one in inverter.inputs}
    phases = {one.name: one for one in inverter.phases}
    taken = inverter.data_timestamp
    return {
        "capacity": _in(inverter.rated_power, 1000),
        "status": None if inverter.state is None else STATUS.get(inverter.state),
        "last_time": None if taken is None else int(taken.timestamp() * 1000),
        "pac": _in(inverter.ac_power),
        "pv_power": _in(inverter.pv_power),
        "reactive_power": _in(inverter.reactive_power),
        "pf": _in(inverter.power_factor),
        "tempperature": _in(inverter.temperature),
        "workmode": _in(inverter.work_mode_code),
        "pbackup": _in(inverter.backup_power),
        "leakage_current": _in(inverter.leakage_current, 0.001),
        "hour_total": _in(inverter.operating_time, _HOUR),
        **_numbered("vpv", INPUTS, lambda n: inputs.get(str(n)), "voltage"),
        **_numbered("ipv", INPUTS, lambda n: inputs.get(str(n)), "current"),
        **_numbered("vac", PHASES, lambda n: phases.get(f"L{n}"), "voltage"),
        **_numbered("iac", PHASES, lambda n: phases.get(f"L{n}"), "current"),
        "fac1": _in(inverter.grid_frequency),
    }


def _numbered(
    name: str, numbers: Iterable[int], part: Callable[[int], object | None], attribute: str
) -> Mapping[str, Value]:
    return {f"{name}{number}": _in(getattr(part(number), attribute, None)) for number in numbers}


def _energies(inverter: Inverter) -> dict[str, Value]:
    month, today = inverter.pv_energy_month, inverter.pv_energy_today
    return {
        "eday": _in(today, KWH),
        "etotal": _in(inverter.pv_energy, KWH),
        # The portal counts the month up to last midnight.
        "thismonthetotle": None if month is None or today is None else _in(max(0.0, month - today), KWH),
        "eBatteryCharge": _in(inverter.battery_charge_energy, KWH),
        "eBatteryDischarge": _in(inverter.battery_discharge_energy, KWH),
        "eChargeDay": _in(inverter.battery_charge_energy_today, KWH),
        "eDischargeDay": _in(inverter.battery_discharge_energy_today, KWH),
    }


def _battery(battery: Battery | None) -> dict[str, Value]:
    found = battery or Battery(id="")
    return {
        "battery1sn": battery.id if battery else None,
        "vbattery1": _in(found.voltage),
        "ibattery1": _current(found),
        "soc": _in(found.state_of_charge, 0.01),
        "soh": _in(found.state_of_health, 0.01),
        "bms_charge_i_max": _in(found.charge_current_limit),
        "bms_discharge_i_max": _in(found.discharge_current_limit),
        "bms_warning": found.warning_bits,
        "bms_alarm": found.alarm_bits,
        "battary_work_mode": _in(found.work_mode_code),
    }


def _current(battery: Battery) -> float | None:
    """Negative while it charges; not known where nothing tells which way it flows."""
    if battery.charge_power and battery.current is not None:
        return _in(-battery.current)
    return _in(battery.current) if battery.discharge_power or battery.current == 0 else None


def _grid(station: Station | None, meter: Meter | None) -> dict[str, Value]:
    """The flow is positive while power is fed in; the meter's own counters where it has any, else the station's."""

    def counter(attribute: str) -> float | None:
        own = getattr(meter, attribute, None)
        return _in(getattr(station, attribute, None) if own is None else own, KWH)

    sources = [source for source in (meter, station) if source is not None]
    flows = (
        source.grid_export_power - source.grid_import_power
        for source in sources
        if source.grid_export_power is not None and source.grid_import_power is not None
    )
    return {
        "pmeter": _in(next(flows, None)),
        "seller": counter("grid_export_energy_today"),
        "buy": counter("grid_import_energy_today"),
        "total_sell": counter("grid_export_energy"),
        "total_buy": counter("grid_import_energy"),
    }


def _in(value: float | None, unit: float = 1.0) -> float | None:
    """`value` in a unit that is `unit` base units, to three decimals."""
    return None if value is None else round(value / unit, 3) + 0.0

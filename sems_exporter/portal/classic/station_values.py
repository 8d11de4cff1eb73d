"""What an answer says of the plant as a whole: its powers, its income, its consumption of today."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import KWH, DeviceState, Inverter, Station
from sems_exporter.model.schema import Entity, with_values
from sems_exporter.pipeline.sun import elevation
from sems_exporter.portal.classic import keys
from sems_exporter.portal.classic.batteries import with_power
from sems_exporter.portal.classic.device_decoder import Unit
from sems_exporter.portal.classic.display_texts import Document, document, flag, number, some
from sems_exporter.portal.classic.field_reader import fill
from sems_exporter.portal.classic.power_flow import NOTHING, NOTICEABLE, PowerFlow, directed
from sems_exporter.portal.classic.register_filter import Plant
from sems_exporter.portal.decoding.field_mapping import Values, assign
from sems_exporter.protocol.rows import FieldMapping, split

TO_GRID = split("grid_export_power", "grid_import_power", "W")
OUT_OF_BATTERIES = split("battery_discharge_power", "battery_charge_power", "W")
ENERGY_TOLERANCE = 0.2
"""By how much two statements of one energy may differ: they are not from the same minute."""
NEGLIGIBLE_ENERGY = 0.2 * KWH
CIVIL_TWILIGHT = -6.0
"""Degrees; below it no panel gives anything."""
INCOME_TOLERANCE = 0.05
"""By which a price of three digits and an energy of one may miss an income."""
SAME_MOMENT = timedelta(minutes=20)
"""Reports of two inverters that are further apart tell of two moments."""


def complete(station: Station, units: list[Unit], body: Document, plant: Plant, findings: Diagnostics) -> Station:
    """`station` with its powers and energies; powers only while one of its inverters, if it has any, reports."""
    values = {
        **_income(document(body.get("kpi")), station.inverters, findings),
        **_today(body, station, plant, findings),
    }
    values.update(_month(document(body.get("kpi")), station, findings))
    live = [unit for unit in units if not unit.offline and not _lags(unit, station)]
    if units and not live:
        return _asleep(with_values(station, values), plant, findings)
    plant = replace(plant, flow=_flow(units, live, plant))
    known = {**_powers(units, live, station, plant, findings), **_charge(body, live, station, plant, findings)}
    return _with_battery_powers(with_values(station, {**values, **known}), findings)


def _asleep(station: Station, plant: Plant, findings: Diagnostics) -> Station:
    """A plant whose inverters are silent. A HomeKit has a supply and a radio of its own, and goes on with the import.

    Owners saw that all night, and empty texts where the inverter reads the meter. Nothing tells when it reported, nor
    what panels and house have: in the day, an inverter that cannot be reached may well be at work. Where the sun is
    down, the panels have nothing, and the house all that is imported.
    """
    flow = replace(plant.flow, values={"pv_power": 0.0, **plant.flow.values})
    grid, _ = directed(flow, None, 0.0)
    if plant.home_kit is None or station.has_battery is not False or not flow.imports or not grid or grid > 0:
        return station
    values: Values = {}
    assign(values, Station, TO_GRID, grid, findings=findings)
    if _is_night(station):
        values["load_power"] = flow.values["load_power"]
    return with_values(replace(station, data_timestamp=None), values)


def _is_night(station: Station) -> bool:
    north, east = station.latitude, station.longitude
    return north is not None and east is not None and elevation(north, east, station.fetched_at) < CIVIL_TWILIGHT


def _lags(unit: Unit, station: Station) -> bool:
    """Tell whether the inverter last reported so long before another that its values are not of the same moment."""
    newest, taken = station.data_timestamp, unit.inverter.data_timestamp
    return newest is not None and taken is not None and newest - taken > SAME_MOMENT


def _flow(units: list[Unit], live: list[Unit], plant: Plant) -> PowerFlow:
    """The flow without what it has from inverters that are silent: the portal goes on with their last values, or 0."""
    flow, silent = plant.flow, [unit for unit in units if unit not in live]
    if any(not unit.offline for unit in silent):
        return NOTHING
    gone: set[str] = set()
    if _only_in(silent, live, lambda unit: unit.meter is not None) and plant.home_kit is None:
        flow, gone = replace(flow, grid=None), {"load_power"}
    if _only_in(silent, live, lambda unit: bool(unit.batteries)):
        flow, gone = replace(flow, battery=None), {*gone, "battery_state_of_charge"}
    return replace(flow, values={name: value for name, value in flow.values.items() if name not in gone})


def _only_in(silent: list[Unit], live: list[Unit], has: Callable[[Unit], bool]) -> bool:
    return any(map(has, silent)) and not any(map(has, live))


def _total(inverters: tuple[Inverter, ...], attribute: str) -> float | None:
    """The sum over all inverters, known only if each one is."""
    values = [getattr(inverter, attribute) for inverter in inverters]
    return sum(values) if values and None not in values else None


def _powers(units: list[Unit], live: list[Unit], station: Station, plant: Plant, findings: Diagnostics) -> Values:
    flow = plant.flow
    values = {name: watts for name, watts in flow.values.items() if name != "battery_state_of_charge"}
    if len(live) == len(units):
        output = _total(station.inverters, "ac_power")
        assign(values, Station, FieldMapping("ac_power", "W"), output, findings=findings)
        # Without a battery, all that comes out of the inverters comes from the panels.
        panels = output if station.has_battery is False else _total(station.inverters, "pv_power")
        assign(values, Station, FieldMapping("pv_power", "W", last=True), panels, findings=findings)
    battery = _battery_power(live, station, plant)
    grid, battery = directed(flow, _grid_power(live, plant), battery)
    assign(values, Station, TO_GRID, grid, findings=findings)
    if station.has_battery:
        assign(values, Station, OUT_OF_BATTERIES, battery, findings=findings)
    return values


def _grid_power(live: list[Unit], plant: Plant) -> float | None:
    """Power to the grid by the meters' signs. Several inverters may read one; where they differ, the flow tells."""
    meters = [unit.meter for unit in live if unit.meter]
    known = {
        meter.grid_export_power - meter.grid_import_power
        for meter in meters
        if meter.grid_export_power is not None and meter.grid_import_power is not None
    }
    if len(known) > 1:
        known.discard(0.0)
    if len(known) > 1 and plant.flow.grid is not None:
        size = plant.flow.grid
        known = {watts for watts in known if abs(abs(watts) - size) <= max(NOTICEABLE, 0.1 * size)}
    return known.pop() if len(known) == 1 else None


def _battery_power(live: list[Unit], station: Station, plant: Plant) -> float | None:
    """Power out of the batteries by the direction that all of them tell; 0 on a plant without any."""
    if not station.has_battery:
        return 0.0
    ways = {way for unit in live for way in unit.directions}
    if plant.flow.battery is None or len(ways) != 1:
        return 0.0 if plant.flow.battery == 0 else None
    return plant.flow.battery * ways.pop().value


def _charge(body: Document, live: list[Unit], station: Station, plant: Plant, findings: Diagnostics) -> Values:
    """The state of charge of the plant: that of its only battery, else what the portal makes of several.

    It is not known while one of them is silent, because the portal goes on with its last one.
    """
    keys.meet("soc", document(body.get("soc")), findings)
    felt = sum(len(unit.batteries) for unit in live)
    if not station.has_battery or felt < len(station.batteries):
        return {}
    charges = [battery.state_of_charge for battery in station.batteries]
    values: Values = {}
    if len(charges) == 1 and charges[0] is not None:
        return {"battery_state_of_charge": charges[0]}
    if "battery_state_of_charge" in plant.flow.values:
        return {"battery_state_of_charge": plant.flow.values["battery_state_of_charge"]}
    raw = document(body.get("soc")).get("power")
    if number(raw):
        assign(values, Station, FieldMapping("battery_state_of_charge", "%"), raw, findings=findings)
    return values


def _with_battery_powers(station: Station, findings: Diagnostics) -> Station:
    """The powers of the plant's only battery, which are the plant's; its own, if they go the same way, are finer."""
    charge, discharge = station.battery_charge_power, station.battery_discharge_power
    if len(station.batteries) != 1 or charge is None or discharge is None:
        return station
    battery = station.batteries[0]
    ways, told = (bool(charge), bool(discharge)), (bool(battery.charge_power), bool(battery.discharge_power))
    kept = battery.charge_power is not None and (ways == told or not any(ways))
    if kept or battery.state is DeviceState.OFFLINE:
        return station
    return replace(station, batteries=(with_power(battery, charge, discharge, findings),))


def _month(kpi: Document, station: Station, findings: Diagnostics) -> Values:
    """The month of the inverters, else of the plant where its energies of today and ever are those of the inverters."""
    values: Values = {}
    if (months := _total(station.inverters, "pv_energy_month")) is not None:
        return {"pv_energy_month": months}
    today, ever, month = (number(kpi.get(key)) for key in ("power", "total_power", "month_generation"))
    own = _agree(today, _total(station.inverters, "pv_energy_today"))
    own = own and _agree(ever, _total(station.inverters, "pv_energy"))
    if own and month and today is not None and month >= today and _of_this_month(station):
        assign(values, Station, FieldMapping("pv_energy_month", "kWh"), month, findings=findings)
    return values


def _of_this_month(station: Station) -> bool:
    taken, zone = station.data_timestamp, station.timezone
    if taken is None or zone is None:
        return True
    then, now = taken.astimezone(zone), station.fetched_at.astimezone(zone)
    return (then.year, then.month) == (now.year, now.month)


def _income(kpi: Document, inverters: tuple[Inverter, ...], findings: Diagnostics) -> Values:
    """Money, where the energy it is made from is that of the inverters; on HomeKit plants it is not."""
    keys.meet("kpi", kpi, findings)
    values = fill(protocol.classic().blocks["kpi"], kpi, findings).get((Station, ""), {})
    if not _agree(number(kpi.get("power")), _total(inverters, "pv_energy_today")) or _contradicted(kpi):
        values.pop("income_today", None)
    if not _agree(number(kpi.get("total_power")), _total(inverters, "pv_energy")):
        values.pop("income", None)
    return values


def _contradicted(kpi: Document) -> bool:
    """Tell whether the income of today is another's: that of the lifetime in a list of 2019, or of another price."""
    money, ever = number(kpi.get("day_income")), number(kpi.get("total_income"))
    today, lifetime, price = (number(kpi.get(key)) for key in ("power", "total_power", "yield_rate"))
    if not money or today is None:
        return False
    if money == ever and lifetime is not None and lifetime - today > NEGLIGIBLE_ENERGY / KWH:
        return True
    return bool(price) and abs(money - today * (price or 0.0)) > max(INCOME_TOLERANCE, ENERGY_TOLERANCE * abs(money))


def _agree(kilowatt_hours: float | None, joules: float | None) -> bool:
    if kilowatt_hours is None or joules is None:
        return False
    stated = kilowatt_hours * KWH
    return abs(stated - joules) <= max(NEGLIGIBLE_ENERGY, ENERGY_TOLERANCE * max(abs(stated), abs(joules)))


def _today(body: Document, station: Station, plant: Plant, findings: Diagnostics) -> Values:
    """Today's load and use on the spot, which only the charts tell, and what else no device counts.

    They count where a meter takes part and where another value of theirs proves the unit: some plants get Wh.
    """
    charts: dict[str, Any] = document(body.get("energeStatisticsCharts"))
    keys.meet("energeStatisticsCharts", charts, findings)
    keys.meet("energeStatisticsTotals", document(body.get("energeStatisticsTotals")), findings)
    told = body.get("hasEnergeStatisticsCharts")  # Answers of 2019 do not say whether they have charts.
    if not (told is None or flag(told)) or not _metered(charts, station, plant):
        return {}
    meter = station.meters[0] if len(station.meters) == 1 else None
    pairs = [
        (number(charts.get("sum")), _total(station.inverters, "pv_energy_today")),
        (number(charts.get("buy")), meter.grid_import_energy_today if meter else None),
        (number(charts.get("sell")), meter.grid_export_energy_today if meter else None),
    ]
    known = [(stated, joules) for stated, joules in pairs if stated is not None and joules is not None]
    proven = any(stated and joules for stated, joules in known)
    if not proven or not all(_agree(stated, joules) for stated, joules in known):
        return {}
    values = fill(protocol.classic().blocks["energeStatisticsCharts"], charts, findings).get((Station, ""), {})
    return {name: joules for name, joules in values.items() if _only_here(name, charts, station)}


def _metered(charts: Document, station: Station, plant: Plant) -> bool:
    """Tell whether a meter takes part: an inverter's, or a HomeKit, of which the charts alone tell what it counts."""
    apart = plant.home_kit is not None or plant.flow.grid is not None
    return bool(station.meters) or (apart and any(some(charts.get(key)) for key in ("buy", "sell")))


def _only_here(name: str, charts: Document, station: Station) -> bool:
    """Tell whether no device counts the energy `name`: counters of devices are finer, and sum up to the plant's."""
    if name.startswith("battery_"):
        charged = flag(charts.get("hasCharge")) or any(some(charts.get(key)) for key in ("charge", "disCharge"))
        return bool(station.has_battery) and charged and _total(station.inverters, name) is None
    if name.startswith("grid_"):
        counting: tuple[Entity, ...] = station.meters or station.inverters
        return len(counting) != 1 or getattr(counting[0], name) is None
    return True

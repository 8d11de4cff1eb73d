"""The classic monitor detail of a station: description, key figures, inverters, power flow, energies."""

from datetime import datetime, timedelta

from sems_exporter.simulator.classic.invert_full import STATUS, InverterView, yield_of
from sems_exporter.simulator.classic.inverter_rows import inverter_row
from sems_exporter.simulator.classic.wire import portal_time
from sems_exporter.simulator.plant.energy import Energies
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.plant.plant_state import InverterState, PlantState, Running
from sems_exporter.simulator.plant.solver import STEP_SECONDS, TWILIGHT
from sems_exporter.simulator.plant.specs import YIELD_RATE
from sems_exporter.simulator.plant.sun import sun_position
from sems_exporter.simulator.server.wire import JsonObject, kilowatt_hours

_LONGEST_NIGHT = timedelta(days=2)
_KINDS = (Running.RUNNING, Running.FAULT, Running.WAITING, Running.OFFLINE)


def detail(plant: Plant, now: datetime, reported: datetime, account: str) -> JsonObject:
    """The whole `data`; values are those of `reported`, only the clock on the page shows `now`."""
    state = plant.state(reported)
    metered, hybrid = plant.spec.metered, bool(plant.spec.batteries)
    return {
        "info": _info(plant, state, now, account),
        "kpi": _kpi(plant, state),
        "powercontrol_status": 0,
        "images": [],
        "weather": {"HeWeather6": [{"status": "ok", "daily_forecast": []}]},
        "inverter": [inverter_row(view) for view in views(plant, state)],
        "hjgx": _footprint(state),
        "homKit": {"homeKitLimit": False, "sn": None if hybrid else plant.spec.meter_serial},
        "isTigo": False,
        "tigoIntervalTimeMinute": 15,
        "smuggleInfo": {"isAllSmuggle": False, "isSmuggle": False, "descriptionText": None, "sns": None},
        **_flow_flags(plant, state),
        "hasGridLoad": metered,
        "isShowBattery": hybrid,
        "hasMicroInverter": False,
        "hasLayout": False,
        "layout_id": "",
        "is3rdEms": False,
        "hasEnergeStatisticsCharts": metered,
        "energeStatisticsCharts": _charts(plant, state.energy.today),
        "energeStatisticsTotals": _charts(plant, state.energy.lifetime),
        "soc": {"power": round(100.0 * (state.state_of_charge or 0.0)), "status": _battery_status(state)},
        "environmental": [],
        "equipment": [_equipment(inverter) for inverter in state.inverters],
        "isSec1000EtPlant": False,
    }


def powerflow_answer(plant: Plant, reported: datetime) -> JsonObject:
    """The `data` of the power flow by itself."""
    state = plant.state(reported)
    return {
        **_flow_flags(plant, state),
        "hasMoreInverter": len(state.inverters) > 1,
        "hasGridLoad": plant.spec.metered,
        "isStored": bool(plant.spec.batteries),
    }


def station_status(state: PlantState) -> int:
    """The classic status of a station: that of its liveliest inverter."""
    kinds = {inverter.running for inverter in state.inverters}
    return next((STATUS[kind] for kind in _KINDS if kind in kinds), -1)


def station_watts(state: PlantState) -> float:
    """AC power of a station's inverters, those that sleep at 0."""
    return round(sum(_shown_watts(inverter) for inverter in state.inverters), 1) + 0.0


def views(plant: Plant, state: PlantState) -> list[InverterView]:
    """The inverters of a station; the first one reports the meter."""
    return [
        InverterView(plant, state, inverter, index == 0, _last_report(plant, state, inverter))
        for index, inverter in enumerate(state.inverters)
    ]


def _last_report(plant: Plant, state: PlantState, inverter: InverterState) -> datetime:
    """The minute of the last values; for an inverter that sleeps, the last one with some light."""
    minute = state.local_time.replace(second=0, microsecond=0)
    if inverter.running is not Running.OFFLINE:
        return minute
    earliest = minute - _LONGEST_NIGHT
    latitude, longitude = plant.spec.latitude, plant.spec.longitude
    timestamp = minute.timestamp()
    while timestamp > earliest.timestamp() and sun_position(timestamp, latitude, longitude).elevation <= TWILIGHT:
        timestamp -= STEP_SECONDS
    return datetime.fromtimestamp(timestamp, plant.zone)


def _info(plant: Plant, state: PlantState, now: datetime, account: str) -> JsonObject:
    spec, local = plant.spec, now.astimezone(plant.zone)
    hours = (local.utcoffset() or timedelta()).total_seconds() / 3600.0
    return {
        "powerstation_id": spec.station_id,
        "time": portal_time(local),
        "date_format": spec.date_format,
        "date_format_ym": spec.date_format.replace("dd", "").strip("/.-"),
        "stationname": spec.name,
        "address": "1 Example Street, Exampleville",
        "owner_name": account,
        "owner_phone": None,
        "owner_email": account,
        "battery_capacity": sum(battery.capacity_watt_hours for battery in spec.batteries) / 1000.0,
        "turnon_time": f"{spec.commissioned:%m/%d/%Y} 00:00:00",
        "create_time": f"{spec.commissioned:%m/%d/%Y} 10:00:00",
        "capacity": round(spec.peak_watts / 1000.0, 2),
        "longitude": spec.longitude,
        "latitude": spec.latitude,
        "powerstation_type": "Battery Storage" if spec.batteries else "Residential",
        "status": station_status(state),
        "is_stored": bool(spec.batteries),
        "is_powerflow": False,
        "charts_type": 4,
        "has_pv": True,
        "has_statistics_charts": False,
        "only_bps": False,
        "only_bpu": False,
        "time_span": -hours + 0.0,  # minus what everybody else calls the offset
        "pr_value": "",
        "org_code": "",
        "org_name": "",
    }


def _kpi(plant: Plant, state: PlantState) -> JsonObject:
    counted = [yield_of(inverter) for inverter in state.inverters]
    today, total = (sum(values) / 10.0 for values in zip(*((c.today, c.total) for c in counted), strict=True))
    return {
        "month_generation": sum(c.today + c.this_month for c in counted) / 10.0,
        "pac": station_watts(state),
        "power": today,  # the name is wrong, and always was
        "total_power": total,
        "day_income": round(today * YIELD_RATE, 2),
        "total_income": round(total * YIELD_RATE, 2),
        "yield_rate": YIELD_RATE,
        "currency": plant.spec.currency,
    }


def _shown_watts(inverter: InverterState) -> float:
    return 0.0 if inverter.running is Running.OFFLINE else inverter.ac_watts


def _flow_flags(plant: Plant, state: PlantState) -> JsonObject:
    has_flow = plant.spec.metered or bool(plant.spec.batteries)
    return {
        "hasPowerflow": has_flow,
        "hasGenset": False,
        "hasMicroGrid": False,
        "powerflow": _powerflow(plant, state) if has_flow else None,
        "isParallelInventers": False,
        "isEvCharge": False,
        "evCharge": None,
    }


def _powerflow(plant: Plant, state: PlantState) -> JsonObject:
    """Magnitudes as text; of the statuses only that of the grid has a known sign (-1 import)."""
    grid = round(state.grid_watts)
    load = round(state.pv_watts) + round(state.battery_watts) + round(state.third_party_watts or 0.0) - grid
    metered = plant.spec.metered
    return {
        "pv": _watts(state.pv_watts),
        "pvStatus": int(state.pv_watts > 0.0),
        "bettery": _watts(state.battery_watts),
        "betteryStatus": _battery_status(state),
        "betteryStatusStr": None,
        "load": _watts(load) if metered else "",
        "loadStatus": 1 if grid <= 0 else -1,
        "grid": _watts(grid) if metered else "",
        "gridStatus": (grid > 0) - (grid < 0),
        "soc": round(100.0 * (state.state_of_charge or 0.0)),
        "socText": f"{round(100.0 * (state.state_of_charge or 0.0))}%",
        "hasEquipment": True,
        "isHomKit": not plant.spec.batteries,
        "isBpuAndInverterNoBattery": False,
        "isMoreBettery": len(plant.spec.batteries) > 1,
        "genset": "0(W)",
        "gensetStatus": 1,
        "gridGensetStatus": 0,
        "microGrid": "0(W)",
        "microGridStatus": 0,
    }


def _battery_status(state: PlantState) -> int:
    """-1 discharges, 1 charges."""
    return (state.battery_watts < 0.0) - (state.battery_watts > 0.0)


def _watts(value: float) -> str:
    return f"{abs(round(value))}(W)"


def _charts(plant: Plant, energy: Energies) -> JsonObject:
    """Energies in kWh, shares as fractions except the two that are percentages."""
    own_use = max(0.0, energy.pv - energy.charge + energy.discharge - energy.grid_export)
    return {
        "contributingRate": round(_part(own_use, energy.load), 4),
        "selfUseRate": round(_part(own_use, energy.pv), 4),
        "sum": kilowatt_hours(energy.pv),
        "buy": kilowatt_hours(energy.grid_import),
        "buyPercent": round(100.0 * _part(energy.grid_import, energy.load), 1),
        "sell": kilowatt_hours(energy.grid_export),
        "sellPercent": round(100.0 * _part(energy.grid_export, energy.pv), 1),
        "selfUseOfPv": kilowatt_hours(own_use),
        "consumptionOfLoad": kilowatt_hours(energy.load),
        "chartsType": 4,
        "hasPv": True,
        "hasCharge": bool(plant.spec.batteries),
        "charge": kilowatt_hours(energy.charge),
        "disCharge": kilowatt_hours(energy.discharge),
        "gensetGen": 0.0,
        "hasGenset": False,
        "isStored": bool(plant.spec.batteries),
        "hasMicroGrid": False,
        "microGridGen": 0.0,
    }


def _part(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 0.0


def _footprint(state: PlantState) -> JsonObject:
    produced = kilowatt_hours(state.energy.lifetime.pv)
    return {"co2": 0.000997 * produced, "tree": 0.045 * produced, "coal": 0.000404 * produced}


def _equipment(inverter: InverterState) -> JsonObject:
    soc = round(100.0 * inverter.batteries[0].state_of_charge) if inverter.batteries else 536
    return {
        "type": "5",
        "title": inverter.spec.serial,
        "status": STATUS[inverter.running],
        "powerGeneration": f"Power: {round(_shown_watts(inverter) / 1000.0, 3)}kW",
        "eday": f"Generation Today: {yield_of(inverter).today / 10.0}kWh",
        "isStored": bool(inverter.batteries),
        "soc": f"SOC: {soc}%",
        "sn": inverter.spec.serial,
    }

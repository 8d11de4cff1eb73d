"""What the portal says about a station: the list, its description, the flow of power, energies and alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from sems_exporter.simulator.energy import Energies
from sems_exporter.simulator.plant import Plant, days_between
from sems_exporter.simulator.specs import YIELD_RATE
from sems_exporter.simulator.state import PlantState, Running
from sems_exporter.simulator.wire import Call, JsonObject, Refusal, kilo, kilowatt_hours

_MAX_PAGE = 100
_STATUS = {Running.RUNNING: "1", Running.FAULT: "2", Running.WAITING: "3", Running.OFFLINE: "0"}

_ITEMS: Mapping[str, Callable[[Energies], float]] = {
    "proSystemTotalStats": lambda e: e.pv,
    "proConsumStats": lambda e: e.load,
    "proCharStats": lambda e: e.charge,
    "proDischarStats": lambda e: e.discharge,
    "proGridStats": lambda e: e.grid_export,
    "proPurchaseStats": lambda e: e.grid_import,
    "proSelfConsumStats": lambda e: _produced(e) - e.grid_export,
}
# How a date is cut to the row it belongs to.
_DIMENSIONS = {"day": 10, "month": 7, "year": 4}


def stations_page(plants: Sequence[Plant], now: datetime, call: Call) -> JsonObject:
    """One page of the account's stations."""
    current, size = call.number("current", 1), min(_MAX_PAGE, call.number("size", 15))
    rows = [_row(plant, plant.state(now)) for plant in plants[(current - 1) * size : current * size]]
    return {"dataList": rows, "size": size, "current": current, "total": len(plants), "extras": {}}


def basic_info(plant: Plant, now: datetime) -> JsonObject:
    """The description of a station; `gridStatus` only where there is a battery."""
    spec, state = plant.spec, plant.state(now)
    info: JsonObject = {
        "stationId": spec.station_id,
        "name": spec.name,
        "status": status(state),
        "powerStationType": "2" if spec.batteries else "1",
        "installedPower": kilo(spec.peak_watts, 2),
        "pvCapacity": kilo(spec.peak_watts, 2),
        "batteryCapacity": sum(battery.capacity_watt_hours for battery in spec.batteries) / 1000.0,
        "timeZone": spec.zone,
        "zoneId": spec.zone,
        "createTime": f"{spec.commissioned.isoformat()}T10:00:00",
        "latitude": spec.latitude,
        "longitude": spec.longitude,
        "isAllInOne": False,
        "permissions": ["station_view"],
        "chartMap": {"energy_flow": ",".join(_flow_fields(plant))},
    }
    if spec.batteries:
        info["gridStatus"] = str(int(state.grid_up))
    return info


def flow(plant: Plant, now: datetime) -> JsonObject:
    """The flow of power in kW; what does not exist is left out, and the rest adds up to five decimals."""
    state = plant.state(now)
    spec = plant.spec
    if not spec.batteries and spec.meter_serial is None and state.pv_watts == 0.0:
        return {}
    pv, battery, grid = kilo(state.pv_watts, 5), kilo(state.battery_watts, 5), kilo(state.grid_watts, 3)
    answer: JsonObject = {
        "id": spec.station_id,
        "name": spec.name,
        "status": status(state),
        "isGoodweInverter": True,
        "flows": _arrows(pv, battery, grid if spec.meter_serial else 0.0, metered=spec.meter_serial is not None),
    }
    if pv:
        answer["pSystem"] = pv
    answer["pAc"] = round(pv + battery, 5) + 0.0
    if spec.batteries:
        answer |= {"pBat": battery, "soc": round((state.state_of_charge or 0.0) * 100)}
    if spec.meter_serial is not None:
        answer |= {"pGrid": grid, "pConsum": round(pv + battery - grid, 5) + 0.0, "consumFlag": False}
    if state.ev_charger is not None:
        answer["pEvChar"] = kilo(state.ev_charger.watts, 3)
    # The minute is the finest the portal says, in local time without its zone.
    answer["refreshTime"] = state.local_time.replace(tzinfo=None, second=0, microsecond=0).isoformat()
    return answer


def status(state: PlantState) -> str:
    """The station's state: that of its liveliest inverter."""
    kinds = {inverter.running for inverter in state.inverters}
    return next((_STATUS[kind] for kind in _STATUS if kind in kinds), "0")


def statistics(plant: Plant, now: datetime, call: Call) -> JsonObject:
    """Energies by day, month or year over a range of local dates, both ends included."""
    rows = _energies(plant, now, call)
    whole = _sum(rows.values())
    produced, used = _produced(whole), _produced(whole) - whole.grid_export
    wanted = [item for item in _items(call) if item in _ITEMS]
    return {
        "proSelfConsum": kilowatt_hours(used),
        "proSelfConsumRate": _percent(used, produced),
        "production": kilowatt_hours(produced),
        "proGrid": kilowatt_hours(whole.grid_export),
        "proGridRate": _percent(whole.grid_export, produced),
        "proConsum": kilowatt_hours(whole.load),
        "contributionRate": _percent(used, whole.load),
        "proPurchase": kilowatt_hours(whole.grid_import),
        "proPurchaseRate": _percent(whole.grid_import, whole.load),
        "proPvStoreContribution": kilowatt_hours(used),
        "proAcTotal": kilowatt_hours(produced),
        "dataList": [_series(item, rows) for item in wanted],
        "hasProfit": False,
    }


def production(plant: Plant, now: datetime, call: Call) -> JsonObject:
    """The same energies as flat numbers; only what was asked for comes back, with the currency."""
    whole = _sum(_energies(plant, now, call).values())
    answer: JsonObject = {}
    for item in _items(call):
        if item in _ITEMS:
            answer[item] = kilowatt_hours(_ITEMS[item](whole))
        elif item in ("profitProStats", "profitGridStats"):
            energy = whole.pv if item == "profitProStats" else whole.grid_export
            answer[item] = round(energy / 3.6e6 * YIELD_RATE, 2)
    return answer | {"currency": plant.spec.currency}


def _row(plant: Plant, state: PlantState) -> JsonObject:
    spec = plant.spec
    today = kilowatt_hours(state.energy.today.pv)
    peak = spec.peak_watts / 1000.0
    return {
        "id": spec.station_id,
        "name": spec.name,
        "status": status(state),
        "installedPower": round(peak, 2),
        "isCollected": False,
        "isShared": False,
        "powerStationTypeWeb": 2 if spec.batteries else 1,
        "pvInstallP": round(peak, 2),
        "createTime": f"{spec.commissioned.isoformat()}T10:00:00",
        "remark": "",
        "productionToday": today,
        # MWh, unlike today's kWh: a capture of 2026-09 shows a 3 kW plant with 21.852.
        "productionTotal": round(state.energy.lifetime.pv / 3.6e9, 3),
        "pSystem": kilo(state.pv_watts, 2),
        "fullHourToday": round(today / peak, 2) if peak else 0,
        "timeZone": spec.zone,
    }


def _flow_fields(plant: Plant) -> list[str]:
    fields = ["pSystem"]
    if plant.spec.batteries:
        fields += ["pBat", "soc"]
    if plant.spec.meter_serial is not None:
        fields += ["pGrid", "pConsum"]
    if plant.spec.ev_charger is not None:
        fields.append("pEvChar")
    return fields


def _arrows(pv: float, battery: float, grid: float, *, metered: bool) -> dict[str, list[str]]:
    """From each source to its sinks."""
    sinks = (("pConsum", metered), ("pBat", battery < 0.0), ("pGrid", grid > 0.0))
    arrows: dict[str, list[str]] = {}
    if pv > 0.0:
        arrows["pSystem"] = [name for name, takes in sinks if takes]
    if battery > 0.0:
        arrows["pBat"] = [name for name, takes in sinks if takes]
    if grid < 0.0:
        arrows["pGrid"] = ["pConsum"]
    return arrows


def _items(call: Call) -> list[str]:
    items = call.parameters.get("items")
    return [str(item) for item in items] if isinstance(items, list) else list(_ITEMS)


def _energies(plant: Plant, now: datetime, call: Call) -> dict[str, Energies]:
    """The energies of the range by row."""
    cut = _DIMENSIONS.get(call.text("dimension"))
    if cut is None:
        raise Refusal("S0327")
    first, last = _date(call, "startTime"), _date(call, "endTime")
    rows: dict[str, list[Energies]] = {}
    for day in days_between(first, last):
        rows.setdefault(day.isoformat()[:cut], []).append(plant.energy_on(day, now))
    if call.text("dimension") == "year" and first.year != last.year:
        # Reported in 2026: a yearly request over more than one calendar year gives zeros.
        return {row: _sum([]) for row in rows}
    return {row: _sum(days) for row, days in rows.items()}


def _date(call: Call, name: str) -> date:
    try:
        return date.fromisoformat(call.text(name)[:10])
    except ValueError:
        raise Refusal("P0214") from None


def _sum(days: Iterable[Energies]) -> Energies:
    energies = list(days)
    return Energies(*(sum(getattr(day, name) for day in energies) for name in Energies.__slots__))


def _produced(energy: Energies) -> float:
    """What left the inverters on the AC side."""
    return energy.pv + energy.discharge - energy.charge


def _percent(part: float, whole: float) -> float:
    return round(100.0 * part / whole, 2) if whole else 0.0


def _series(item: str, rows: Mapping[str, Energies]) -> JsonObject:
    values = [{"date": row, "val": kilowatt_hours(_ITEMS[item](energy))} for row, energy in rows.items()]
    return {"item": item, "unit": "kWh", "statisticsList": values}

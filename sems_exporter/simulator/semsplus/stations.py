"""What the portal says about a station: the list, its description, the flow of power, energies and alarms."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime

from sems_exporter.simulator.plant.energy import Energies
from sems_exporter.simulator.plant.plant import Plant, days_between
from sems_exporter.simulator.plant.plant_state import PlantState, Running
from sems_exporter.simulator.plant.specs import YIELD_RATE, PlantSpec
from sems_exporter.simulator.semsplus.signin import WebQuirks
from sems_exporter.simulator.server.wire import Call, JsonObject, Refusal, kilo, kilowatt_hours

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
_OF_THE_GRID = ("proConsumStats", "proGridStats", "proPurchaseStats", "proSelfConsumStats")
_NOT_BY_YEAR = ("proGridRate", "proPurchaseRate", "proPvStoreContribution", "proAcTotal")
# How a date is cut to the row it belongs to.
_DIMENSIONS = {"day": 10, "month": 7, "year": 4}


def stations_page(plants: Sequence[Plant], now: datetime, call: Call) -> JsonObject:
    """One page of the account's stations."""
    current, size = call.number("current", 1), min(_MAX_PAGE, call.number("size", 15))
    rows = [_row(plant, plant.state(now)) for plant in plants[(current - 1) * size : current * size]]
    return {"dataList": rows, "size": size, "current": current, "total": len(plants), "extras": {}}


def simple_list(plants: Sequence[Plant], now: datetime, call: Call) -> JsonObject:
    """One page of the stations by the shorter of the two lists."""
    index, size = call.number("pageIndex", 1), min(_MAX_PAGE, call.number("pageSize", 15))
    rows = [_row(plant, plant.state(now)) for plant in plants[(index - 1) * size : index * size]]
    names = ("id", "name", "status", "timeZone")
    return {"dataList": [{name: row[name] for name in names} for row in rows], "total": len(plants)}


def station(plant: Plant, now: datetime) -> JsonObject:
    """A station by its address alone, in two parts."""
    info = basic_info(plant, now)
    where = ("latitude", "longitude", "timeZone", "zoneId")
    base = {name: value for name, value in info.items() if name not in where}
    return {"baseInfo": base, "addressInfo": {name: info[name] for name in where}}


def basic_info(plant: Plant, now: datetime) -> JsonObject:
    """The description of a station; `gridStatus` only where there is a battery."""
    spec, state = plant.spec, plant.state(now)
    info: JsonObject = {
        "stationId": spec.station_id,
        "name": spec.name,
        "status": status(state),
        "powerStationType": "2" if spec.batteries else "1",
        "installedPower": kilo(_installed_watts(plant), 2),
        "pvCapacity": kilo(spec.peak_watts, 2),
        "batteryCapacity": sum(battery.capacity_watt_hours for battery in spec.batteries) / 1000.0,
        "timeZone": spec.zone,
        "zoneId": spec.zone,
        "createTime": f"{spec.commissioned.isoformat()}T10:00:00",
        "latitude": spec.latitude,
        "longitude": spec.longitude,
        "isAllInOne": spec.all_in_one,
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
    if not spec.batteries and not spec.metered and state.pv_watts == 0.0:
        return {}
    pv, battery, grid = kilo(state.pv_watts, 5), kilo(state.battery_watts, 5), kilo(state.grid_watts, 3)
    third = kilo(state.third_party_watts or 0.0, 3)
    answer: JsonObject = {
        "id": spec.station_id,
        "name": spec.name,
        "status": status(state),
        "isGoodweInverter": True,
        "flows": _arrows(pv, third, battery, grid if spec.metered else 0.0, metered=spec.metered),
    }
    if pv:
        answer["pSystem"] = pv
    answer["pAc"] = round(pv + battery, 5) + 0.0
    if spec.batteries:
        answer |= {"pBat": battery, "soc": round((state.state_of_charge or 0.0) * 100)}
    if spec.third_party is not None:
        answer["pThird"] = third
    if spec.metered:
        answer |= {"pGrid": grid, "pConsum": round(pv + battery + third - grid, 5) + 0.0, "consumFlag": False}
    if state.ev_charger is not None:
        answer["pEvChar"] = kilo(state.ev_charger.watts, 3)
    # The minute is the finest the portal says, in local time without its zone.
    answer["refreshTime"] = state.local_time.replace(tzinfo=None, second=0, microsecond=0).isoformat()
    return answer


def status(state: PlantState) -> str:
    """The station's state: that of its liveliest inverter."""
    kinds = {inverter.running for inverter in state.inverters}
    return next((_STATUS[kind] for kind in _STATUS if kind in kinds), "0")


def statistics(plant: Plant, now: datetime, call: Call, quirks: WebQuirks) -> JsonObject:
    """Energies by day, month or year over a range of local dates, both ends included.

    Days before the commissioning have no row; an item without any data is left out, and what follows from it too, as is
    what a capture of a year lacks. A past day of which nothing was heard has a row without a reading; longer rows count
    its energies in, as the plant's own counters do.
    """
    rows = _energies(plant, now, call)
    measured = _measured(plant.spec) if rows else frozenset()
    whole = _sum(rows.values())
    produced, used = _produced(whole), _produced(whole) - whole.grid_export
    derived: list[tuple[str, str, float]] = [
        ("proSelfConsumStats", "proSelfConsum", kilowatt_hours(used)),
        ("proSelfConsumStats", "proSelfConsumRate", _percent(used, produced)),
        ("proSystemTotalStats", "production", kilowatt_hours(produced)),
        ("proGridStats", "proGrid", kilowatt_hours(whole.grid_export)),
        ("proGridStats", "proGridRate", _percent(whole.grid_export, produced)),
        ("proConsumStats", "proConsum", kilowatt_hours(whole.load)),
        ("proSelfConsumStats", "contributionRate", _percent(used, whole.load)),
        ("proPurchaseStats", "proPurchase", kilowatt_hours(whole.grid_import)),
        ("proPurchaseStats", "proPurchaseRate", _percent(whole.grid_import, whole.load)),
        ("proSelfConsumStats", "proPvStoreContribution", kilowatt_hours(used)),
        ("proSystemTotalStats", "proAcTotal", kilowatt_hours(produced)),
    ]
    lacking = _NOT_BY_YEAR if call.text("dimension") == "year" else ()
    answer: JsonObject = {name: value for item, name, value in derived if item in measured and name not in lacking}
    wanted = [item for item in _items(call) if item in measured]
    series = [_series(item, rows) for item in wanted]
    if call.text("dimension") == "day":
        lost = {row for row in rows if not plant.heard_on(date.fromisoformat(row))}
        for row in (row for own in series for row in own["statisticsList"] if row["date"] in lost):
            row["val"] = quirks.lost_day
    return answer | {"dataList": series, "hasProfit": False}


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
    energy = state.energy
    today = kilowatt_hours(energy.today.pv)
    peak = spec.peak_watts / 1000.0
    row: JsonObject = {
        "id": spec.station_id,
        "name": spec.name,
        "status": status(state),
        "googleAddress": "1 Example Street, Exampleville",
        "installedPower": kilo(_installed_watts(plant), 2),
        "isCollected": False,
        "isShared": False,
        "powerStationTypeWeb": 2 if spec.batteries else 1,
        "pvInstallP": round(peak, 2),
        "createTime": f"{spec.commissioned.isoformat()}T10:00:00",
        "remark": "",
        "productionToday": today,
        # MWh, unlike today's kWh: a capture of 2026-09 shows a 3 kW plant with 21.852.
        "productionTotal": round(energy.lifetime.pv / 3.6e9, 3),
        "pSystem": kilo(state.pv_watts, 2),
        "fullHourToday": round(today / peak, 2) if peak else 0,
        "specificYield": round(today / peak, 2) if peak else 0,
        "timeZone": spec.zone,
    }
    if spec.batteries:
        for suffix, counted in (("Today", energy.today), ("Total", energy.lifetime)):
            row[f"proCharStats{suffix}"] = kilowatt_hours(counted.charge)
            row[f"proDischarStats{suffix}"] = kilowatt_hours(counted.discharge)
    return row


def _installed_watts(plant: Plant) -> float:
    return plant.spec.peak_watts if plant.spec.installed_watts is None else plant.spec.installed_watts


def _flow_fields(plant: Plant) -> list[str]:
    fields = ["pSystem"]
    if plant.spec.batteries:
        fields += ["pBat", "soc"]
    if plant.spec.metered:
        fields += ["pGrid", "pConsum"]
    if plant.spec.third_party is not None:
        fields.append("pThird")
    if plant.spec.ev_charger is not None:
        fields.append("pEvChar")
    return fields


def _arrows(pv: float, third: float, battery: float, grid: float, *, metered: bool) -> dict[str, list[str]]:
    """From each source to its sinks."""
    sinks = (("pConsum", metered), ("pBat", battery < 0.0), ("pGrid", grid > 0.0))
    arrows: dict[str, list[str]] = {}
    if pv > 0.0:
        arrows["pSystem"] = [name for name, takes in sinks if takes]
    if third > 0.0:
        arrows["pThird"] = [name for name, takes in sinks if takes]
    if battery > 0.0:
        arrows["pBat"] = [name for name, takes in sinks if takes]
    if grid < 0.0:
        # Where the sun gives less than the battery takes, the grid gives the rest.
        arrows["pGrid"] = ["pConsum", "pBat"] if battery < -pv - third else ["pConsum"]
    return arrows


def _items(call: Call) -> list[str]:
    items = call.parameters.get("items")
    return [str(item) for item in items] if isinstance(items, list) else list(_ITEMS)


def _energies(plant: Plant, now: datetime, call: Call) -> dict[str, Energies]:
    """The energies of the range by row."""
    cut = _DIMENSIONS.get(call.text("dimension"))
    if cut is None:
        raise Refusal("S0327")
    first, last = call.date("startTime"), call.date("endTime")
    rows: dict[str, list[Energies]] = {}
    if first > now.astimezone(plant.zone).date():
        return {}
    for day in days_between(max(first, plant.spec.commissioned), last):
        rows.setdefault(day.isoformat()[:cut], []).append(plant.energy_on(day, now))
    if call.text("dimension") == "year" and first.year != last.year:
        # Reported in 2026: a yearly request over more than one calendar year gives zeros.
        return {row: _sum([]) for row in rows}
    return {row: _sum(days) for row, days in rows.items()}


def _measured(spec: PlantSpec) -> frozenset[str]:
    """The items of which a plant has data: batteries need one, and the house and the grid somebody who measures."""
    without_battery = () if spec.batteries else ("proCharStats", "proDischarStats")
    return frozenset(_ITEMS) - {*without_battery, *(() if spec.metered else _OF_THE_GRID)}


def _sum(days: Iterable[Energies]) -> Energies:
    energies = list(days)
    return Energies(*(sum(getattr(day, name) for day in energies) for name in Energies.__slots__))


def _produced(energy: Energies) -> float:
    """What came from inverters on the AC side.

    What they drew there to charge batteries is no less of it: in a capture of 2026-09-24 of a plant that charges at
    night production is above pv + discharge - charge, and self-use and import are more than the load together.
    """
    return energy.pv + energy.discharge - energy.charge + energy.drawn + energy.third_party


def _percent(part: float, whole: float) -> float:
    return round(100.0 * part / whole, 2) if whole else 0.0


def _series(item: str, rows: Mapping[str, Energies]) -> JsonObject:
    values = [{"date": row, "val": kilowatt_hours(_ITEMS[item](energy))} for row, energy in rows.items()]
    return {"item": item, "unit": "kWh", "statisticsList": values}

"""Past days of the classic dialect: the day's curve in two calls, and the energies of days.

Reported in 2026: for accounts that were moved to SEMS+ the older curve came back empty.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from sems_exporter.simulator.plant.minutes import Minute
from sems_exporter.simulator.plant.plant import Plant, days_between
from sems_exporter.simulator.plant.specs import YIELD_RATE
from sems_exporter.simulator.server.wire import Call, JsonObject, kilowatt_hours

_PORTAL_DATE = "%m/%d/%Y"
_MOST_DAYS = 366


def power_chart(plant: Plant, now: datetime, call: Call) -> JsonObject:
    """PV every five minutes by the clock on the wall, zeros at night, as captured in 2025."""
    day = call.date("date")
    energy = kilowatt_hours(plant.energy_on(day, now).pv)
    points = [{"x": when[11:16], "y": round(m.pv_watts, 1), "z": None} for when, m in _fives(plant, day, now).items()]
    line = {"key": "PCurve_Power_PV", "unit": "W", "frontColor": "#03bbd6", "isActive": True, "axis": 0, "sort": 1}
    told: list[JsonObject] = [
        {"key": "Generation", "value": energy, "unit_Key": "kWh"},
        {"key": "Income", "value": round(energy * YIELD_RATE, 2), "unit_Key": plant.spec.currency},
    ]
    return {"generateData": told, "lines": [line | {"type": "2", "xy": points}] if points else []}


def pac_by_day(plant: Plant, now: datetime, call: Call) -> JsonObject:
    """What the inverters gave on their AC side every five minutes, as captured in 2018."""
    day = call.date("date")
    pacs = [
        {"sn": None, "date": f"{day:{_PORTAL_DATE}} {when[11:]}", "pac": round(m.pv_watts + m.battery_watts, 2)}
        for when, m in _fives(plant, day, now).items()
    ]
    return {"today_power": kilowatt_hours(plant.energy_on(day, now).pv), "pacs": pacs}


def energy_by_day(plant: Plant, now: datetime, call: Call) -> list[JsonObject]:
    """PV energy and income of `count` days up to `date`."""
    last = call.date("date")
    days = days_between(last - timedelta(days=min(_MOST_DAYS, call.number("count", 1)) - 1), last)
    counted = [(day, kilowatt_hours(plant.energy_on(day, now).pv)) for day in days if day >= plant.spec.commissioned]
    return [{"d": f"{day:{_PORTAL_DATE}}", "p": kwh, "i": round(kwh * YIELD_RATE, 2)} for day, kwh in counted]


def _fives(plant: Plant, day: date, now: datetime) -> Mapping[str, Minute]:
    """Every fifth minute by its local time; an hour that comes twice is told once."""
    minutes = plant.minutes(day, now) if day <= now.astimezone(plant.zone).date() else []
    local = {f"{datetime.fromtimestamp(m.timestamp, plant.zone):%Y-%m-%d %H:%M:%S}": m for m in minutes}
    return {when: minute for when, minute in sorted(local.items()) if when[15] in "05"}

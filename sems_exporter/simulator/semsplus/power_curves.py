"""The power curve of past days, one point a minute, as a capture of 2026-09-29 has it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from sems_exporter.simulator.plant.minutes import Minute
from sems_exporter.simulator.plant.plant import Plant, days_between
from sems_exporter.simulator.plant.specs import PlantSpec
from sems_exporter.simulator.semsplus.signin import WebQuirks
from sems_exporter.simulator.server.wire import Call, JsonObject, Refusal, kilo

_MOST_DAYS = 7  # more was never seen to work
_MINUTE = timedelta(minutes=1)
_UNASKED = ("sell", "buy")

_Value = Callable[[Minute], float]


def curve(plant: Plant, now: datetime, call: Call, quirks: WebQuirks) -> JsonObject:
    """The curves of the items asked for, and sell and buy, which come unasked.

    `startTime` and `endTime` are local dates, both included; `timeZone` and `timeScale` decide nothing. An item that
    the plant does not have is left out, and so is everything where the plant did not exist yet, was not heard, or what
    it did is no longer kept.
    """
    first, last = call.date("startTime"), call.date("endTime")
    if not 0 <= (last - first).days < _MOST_DAYS:
        raise Refusal("P0215")
    today = now.astimezone(plant.zone).date()
    oldest = date.min if quirks.minutes_kept is None else today - timedelta(days=quirks.minutes_kept)
    days = {day: plant.minutes(day, now) for day in days_between(first, last) if oldest <= day <= today}
    known = {day: minutes for day, minutes in days.items() if minutes}
    if not known:
        return {"dataList": []}
    values = _values(plant.spec)
    asked = [str(item) for item in call.parameters.get("items") or ()]
    series = [_series(plant, item, values[item], known, quirks) for item in asked if item in values]
    return {"dataList": [*series, *(_trade(plant, item, known) for item in _UNASKED)]}


def _values(spec: PlantSpec) -> Mapping[str, _Value]:
    """What each item of this plant is, in kW, or in % for the state of charge."""
    values: dict[str, _Value] = {"pSystem": lambda m: kilo(m.pv_watts, 3)}
    if spec.batteries:
        values["pBat"] = lambda m: kilo(m.battery_watts, 3)
        values["soc"] = lambda m: round((m.charge or 0.0) * 100)
    if spec.metered:
        values["pGrid"] = lambda m: kilo(m.grid_watts, 3)
        values["pConsum"] = lambda m: kilo(m.load_watts, 3)
    if spec.third_party is not None:
        values["pThird"] = lambda m: kilo(m.third_watts, 3)
    return values


def _series(plant: Plant, item: str, value: _Value, days: Mapping[date, list[Minute]], quirks: WebQuirks) -> JsonObject:
    points: list[JsonObject] = []
    for day, minutes in days.items():
        awake = [minute for minute in minutes if item != "pSystem" or plant.spec.batteries or minute.pv_watts > 0.0]
        found = [(_local(plant, minute), value(minute)) for minute in awake]
        points += _with_fillers(day, found if quirks.hour_twice else sorted(dict(found).items()))
    return {"item": item, "unit": "%" if item == "soc" else "kW", "powerData": points}


def _with_fillers(day: date, found: Sequence[tuple[datetime, float]]) -> Iterable[JsonObject]:
    """The points of a day; nulls mark its edges and the last minute before data, and are no values."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the portal names local times without a zone
    latest, end = midnight - _MINUTE, midnight + timedelta(hours=23, minutes=59)
    if not found or found[0][0] > midnight:
        yield _filler(midnight)
        latest = midnight
    for instant, power in found:
        if instant - latest > _MINUTE:
            yield _filler(instant - _MINUTE)
        yield {"tp": str(instant), "power": power}
        latest = instant
    if latest < end:
        yield _filler(end)


def _filler(instant: datetime) -> JsonObject:
    return {"tp": str(instant), "power": None, "isCE": True}


def _trade(plant: Plant, item: str, days: Mapping[date, list[Minute]]) -> JsonObject:
    """Energy sold or bought: without a tariff some nulls with an empty price, as captured."""
    start = datetime(*next(iter(days)).timetuple()[:3], 10)  # noqa: DTZ001 - as above
    points = [{"tp": str(start + place * _MINUTE), "power": None, "price": ""} for place in range(5)]
    return {"item": item, "unit": "kWh", "currency": plant.spec.currency, "powerData": points}


def _local(plant: Plant, minute: Minute) -> datetime:
    return datetime.fromtimestamp(minute.timestamp, plant.zone).replace(tzinfo=None, fold=0)

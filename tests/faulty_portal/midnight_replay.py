"""The midnight replay: around local midnight the portal repeats yesterday's period counters."""

from datetime import datetime, time, timedelta

from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.server.wire import JsonObject

_BEGINS, _ENDS = time(23, 58), time(0, 20)
_LASTING = ("telecounting_real", "telecounting_lifetime")
_LISTS = {"stations": ("dataList", "id"), "classic_stations": ("list", "powerstation_id")}
REPLAYED = ("telecounting", "monitor", *_LISTS)
_OF_TODAY = ("eday", "all_eday", "output_eday", "iday", "seller", "buy", "eDayBuy", "eChargeDay", "eDischargeDay")


def end_of_yesterday(plant: Plant, now: datetime) -> datetime | None:
    """The last second of the local day before, during the replay; None outside, and on the plant's first day."""
    local = now.astimezone(plant.zone)
    if _ENDS <= local.time() < _BEGINS:
        return None
    instant = datetime.combine(local.date(), time(0), plant.zone) - timedelta(seconds=1)
    return instant if instant >= plant.begin else None


def replay(endpoint: str, envelope: JsonObject, yesterday: JsonObject, station_id: str) -> None:
    """Put the period counters of `yesterday`, the answer to the same call then, into `envelope`."""
    data, old = envelope["data"], yesterday["data"]
    if endpoint == "telecounting":
        envelope["data"] = [a if a["code"] in _LASTING else b for a, b in zip(data, old, strict=True)]
    elif endpoint == "monitor":
        _replay_monitor(data, old)
    else:
        rows, identifier = _LISTS[endpoint]
        for row, before in zip(data[rows], old[rows], strict=True):
            if row[identifier] == station_id:
                row.update({name: value for name, value in before.items() if name == "eday" or name.endswith("Today")})


def _replay_monitor(data: JsonObject, old: JsonObject) -> None:
    data["kpi"] |= {name: old["kpi"][name] for name in ("power", "day_income")}
    data["energeStatisticsCharts"] = old["energeStatisticsCharts"]
    for row, before in zip(data.get("inverter") or (), old["inverter"], strict=False):
        row["eday"] = before["eday"]
        row["invert_full"] |= {name: before["invert_full"][name] for name in _OF_TODAY}

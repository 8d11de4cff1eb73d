"""The faults that sit in well-formed answers: each edits a decoded success of either dialect."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sems_exporter.simulator.server.wire import JsonObject
from tests.faulty_portal.fault_types import Fault

Edit = Callable[[str, JsonObject], None]

_SENTINELS = {"V": "6553.5", "A": "6553.5", "Hz": "655.35", "%": "65535", "℃": "3276.7", "H": "4294967295"}
_CLASSIC_SENTINELS: Mapping[str, float] = {
    **{f"{name}{n}": 6553.5 for name in ("vac", "iac", "vpv", "ipv") for n in (1, 2, 3)},
    **{f"fac{n}": 655.35 for n in (1, 2, 3)},
    **dict.fromkeys(("pac", "pmeter", "etotal", "total_buy", "total_sell", "iload"), 4294967.295),
    "soc": 536.0,
    "soh": -0.1,
    "pf": -0.001,
    "tempperature": 3276.7,
}
_CLASSIC_LIFETIME = ("etotal", "output_etotal", "itotal", "total_buy", "total_sell", "lastmonthetotle")
_NO_BATTERY: Mapping[str, Any] = {
    **dict.fromkeys(("vbattery1", "ibattery1", "total_pbattery"), 0.0),
    **dict.fromkeys(("battery_count", "more_batterys", "battery1sn"), None),
    "soc": 400.0,
    "soh": -0.1,
    "isbuettey": False,
    "battary_work_mode": 0,
}


def zero_lifetime(endpoint: str, envelope: JsonObject) -> None:
    """Lifetime counters read 0."""
    if endpoint == "telecounting":
        for group in envelope["data"]:
            if group["code"] == "telecounting_lifetime":
                for factor in group["factors"]:
                    factor["data"] = "0.000000"
    for full in _inverts(endpoint, envelope):
        full.update(dict.fromkeys(_CLASSIC_LIFETIME, 0.0))


def _sentinels(endpoint: str, envelope: JsonObject) -> None:
    if endpoint in ("telemetry", "telecounting"):
        for group in envelope["data"]:
            for factor in group["factors"]:
                if factor["dataType"] == "NUMERIC":
                    factor["data"] = _SENTINELS.get(factor.get("unit"), "4294967.295")
    for full in _inverts(endpoint, envelope):
        full.update(_CLASSIC_SENTINELS)


def _inverter_missing(endpoint: str, envelope: JsonObject) -> None:
    if endpoint == "devices":
        _keep_inverters(envelope["data"], first=1)
    if endpoint == "monitor":
        envelope["data"].pop("inverter", None)


def _no_inverters(endpoint: str, envelope: JsonObject) -> None:
    if endpoint == "devices":
        _keep_inverters(envelope["data"], first=None)
    if endpoint == "monitor":
        envelope["data"]["inverter"] = []


def _battery_vanished(endpoint: str, envelope: JsonObject) -> None:
    data = envelope["data"]
    if endpoint == "batteries":
        envelope["data"] = []
    if endpoint == "flow":
        for name in ("pBat", "soc"):
            data.pop(name, None)
    if endpoint in ("monitor", "powerflow") and data.get("powerflow"):
        data["powerflow"] |= {"bettery": "", "betteryStatus": 0, "soc": 0, "socText": ""}
    for full in _inverts(endpoint, envelope):
        full.update(_NO_BATTERY)


def _inverts(endpoint: str, envelope: JsonObject) -> Iterator[JsonObject]:
    if endpoint == "monitor":
        yield from (row["invert_full"] for row in envelope["data"].get("inverter") or ())


def _keep_inverters(data: JsonObject, first: int | None) -> None:
    """Drop the inverters before place `first` (None: all) from the list of devices, and count anew."""
    gone: list[str] = []
    for kind in data["deviceDetailList"]:
        if kind["deviceType"] == "INVERTER":
            gone = [serial for group in kind["statusDetailList"] for serial in group["snList"]][:first]
            for group in kind["statusDetailList"]:
                for serial in set(gone) & set(group["snList"]):
                    group["snList"].remove(serial)
                    del group["isHemsMap"][serial], group["detailMap"][serial]
                group["total"] = len(group["snList"])
            kind["total"] -= len(gone)
            kind["statusDetailList"] = [group for group in kind["statusDetailList"] if group["total"]]
    data["total"] -= len(gone)
    data["deviceDetailList"] = [kind for kind in data["deviceDetailList"] if kind["total"]]


EMPTY: Mapping[Fault, Callable[[], object]] = {
    Fault.DATA_EMPTY_OBJECT: dict,
    Fault.DATA_EMPTY_LIST: list,
    Fault.DATA_EMPTY_TEXT: str,
    Fault.DATA_NULL: lambda: None,
}
EDITS: Mapping[Fault, Edit] = {
    Fault.SENTINELS: _sentinels,
    Fault.INVERTER_MISSING: _inverter_missing,
    Fault.NO_INVERTERS: _no_inverters,
    Fault.BATTERY_VANISHED: _battery_vanished,
}

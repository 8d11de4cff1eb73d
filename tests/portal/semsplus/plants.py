"""Small plants that the simulated portal does not have: what each call brings, and how often it was asked.

Shapes and codes are those of captures of 2026.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.derived_values import derived
from sems_exporter.pipeline.totals import totals
from sems_exporter.portal.client import Call
from sems_exporter.portal.protocol_signs import ProtocolSigns
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.source import SemsPlus
from tests.portal.semsplus.homes import SharedClock

STATION = "s-1"
INVERTER, SYSTEM, DONGLE, CHARGER = "INV1", "VD2001INV1", "DONGLE1", "EV1"
RACKS = ("RACK1", "RACK2")


@dataclass
class Spoken:
    """A client that answers from `answers`, by endpoint and serial number or by endpoint alone.

    An answer is the data, a failure to raise, or a function of the call. What is missing is refused.
    """

    answers: dict[str, Any]
    asked: Counter[str] = field(default_factory=Counter)
    calls: list[Call] = field(default_factory=list)
    signs: ProtocolSigns = field(default_factory=ProtocolSigns)

    @property
    def session(self) -> SimpleNamespace:
        """A session that never ends."""
        return SimpleNamespace(is_open=True)

    @contextmanager
    def request(self, call: Call) -> Iterator[Any]:
        """What the portal says."""
        parts = urlsplit(call.path)
        query = parse_qs(parts.query)
        names = [part for part in parts.path.split("/") if f"{call.endpoint} {part}" in self.answers]
        names += [value for values in query.values() for value in values if f"{call.endpoint} {value}" in self.answers]
        key = f"{call.endpoint} {names[0]}" if names else call.endpoint
        self.asked[key] += 1
        self.calls.append(call)
        if key not in self.answers:
            raise errors.PermissionDenied("not told")
        answer = self.answers[key]
        if callable(answer):
            answer = answer(call)
        if isinstance(answer, errors.PortalError):
            raise answer
        yield answer


@dataclass
class Account:
    """An account with one station whose answers a test may change between refreshes."""

    answers: dict[str, Any]
    clock: SharedClock = field(default_factory=SharedClock)
    findings: Diagnostics = field(default_factory=Diagnostics)

    def __post_init__(self) -> None:
        self.client = Spoken(self.answers)
        self._portal = SemsPlus(cast("Client", self.client), self.clock)

    def read(self) -> Station:
        """One refresh; what was odd is in `findings` afterwards."""
        self.findings = Diagnostics()
        return self._portal.read(self._portal.stations(self.findings)[0], self.findings)

    def shown(self) -> Station:
        """One refresh with what follows from it."""
        return derived(totals(self.read()), self.clock.now())


def answers(*devices: dict[str, Any], flow: Any = None, **more: Any) -> dict[str, Any]:
    """A station in Berlin with `devices` and the powers of `flow`, in kW; `more` are further answers by endpoint."""
    return {
        "stations": {"dataList": [{"id": STATION, "name": "Plant", "timeZone": "Europe/Berlin"}], "total": 1},
        "info": {"stationId": STATION, "zoneId": "Europe/Berlin"},
        "flow": {"refreshTime": "2026-06-10T12:30:00", **(flow or {"pSystem": 3.0})},
        "devices": all_status(*devices),
        "statistics": {"dataList": []},
        "statistics_month": {"dataList": []},
        "alarms": {"dataList": [], "total": 0},
        **more,
    }


def device(serial: str, kind: str, status: int = 5, **details: Any) -> dict[str, Any]:
    """A device as the list of all devices has it."""
    return {"sn": serial, "name": serial, "deviceType": kind, "status": status, **details}


def all_status(*devices: dict[str, Any]) -> dict[str, Any]:
    """The list of all devices."""
    return {
        "total": len(devices),
        "deviceDetailList": [
            {
                "deviceType": each["deviceType"],
                "statusDetailList": [{"status": each["status"], "detailMap": {each["sn"]: each}}],
            }
            for each in devices
        ],
    }


def factors(**units: tuple[Any, str | None]) -> list[dict[str, Any]]:
    """One group of factors: data and unit by code, an underscore for each colon or hyphen that a name cannot have."""
    rows = [{"code": code, "data": data, "unit": unit} for code, (data, unit) in units.items()]
    return [{"code": "runtime", "factors": rows}]


def repeated(*rows: tuple[str, Any, str]) -> list[dict[str, Any]]:
    """One group of factors in which a code may stand more than once."""
    return [{"code": "l", "factors": [{"code": code, "data": data, "unit": unit} for code, data, unit in rows]}]


def energies(day: str, **kilowatt_hours: float | None) -> dict[str, Any]:
    """Statistics of a day, month or year; an item without energy is left out, as the portal does."""
    rows = [
        {"item": item, "unit": "kWh", "statisticsList": [{"date": day, "val": value}]}
        for item, value in kilowatt_hours.items()
        if value is not None
    ]
    return {"dataList": rows, "hasProfit": False}


def rack(soc: str, warmest: str, coldest: str, health: str) -> list[dict[str, Any]]:
    """The telemetry of a rack: numbers as text, cells in millivolts, half of the system's power."""
    return factors(
        sn=("RACK", ""),
        soc=(soc, "%"),
        soh=(health, "%"),
        pBat=("0.25", "kW"),
        voltage=("380", "V"),
        pMaxChar=("5", "kW"),
        pMaxDischar=("4", "kW"),
        tempMaxCell=(warmest, "℃"),
        tempMinCell=(coldest, "℃"),
        vMaxCell=("3300", "mV"),
        vMinCell=("3290", "mV"),
    )


def two_racks(flow: Any = None, **more: Any) -> Account:
    """An all-in-one whose battery system has two racks, one of them hot; the house takes what they give."""
    system = [{"sn": SYSTEM, "no": "1", "name": "BAT1", "type": "BAT_SYS", "status": 7, "soc": 50.0, "pbat": 0.5}]
    return Account(
        answers(
            device(INVERTER, "ENERGY_STORAGE_INTEGRATED_CABINET", subtype="RESIDENTIAL", isAllInOne=True),
            *(device(serial, "BATTERY_RACK") for serial in RACKS),
            device(DONGLE, "DONGLE", 1),
            flow=flow or {"pSystem": 0.0, "pBat": 0.5, "pGrid": 0.0, "pConsum": 0.5, "soc": 50},
            **{
                "batteries": system,
                f"telemetry {INVERTER}": factors(pAc=("0.5", "kW"), pDc=("0", "kW")),
                f"telecounting {INVERTER}": factors(
                    proPvStatsTotal=("1000", "kWh"),
                    proCharStatsTotal=("400", "kWh"),
                    proDischarStatsTotal=("300", "kWh"),
                ),
                f"telemetry {SYSTEM}": factors(soc=("50", "%"), pBat=("0.5", "kW"), batSysTemp=("29", "℃")),
                f"telemetry {RACKS[0]}": rack("52", "31", "28", "98"),
                f"telemetry {RACKS[1]}": rack("48", "55", "-2", "70"),
                f"telecounting {RACKS[0]}": factors(
                    proCharStatsTotal=("200", "kWh"), proDischarStatsTotal=("150", "kWh")
                ),
                f"telecounting {RACKS[1]}": factors(
                    proCharStatsTotal=("200", "kWh"), proDischarStatsTotal=("150", "kWh")
                ),
                **more,
            },
        )
    )

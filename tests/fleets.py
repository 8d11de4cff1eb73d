"""A portal on paper with as many stations as wanted: it answers on the wire, at once, and counts what it is asked.

Each station is a hybrid inverter with a battery, a meter and a dongle's worth of questions. The sun is a cosine.
"""

import json
import math
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from sems_exporter.app import App, build_app
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.portal.http.envelope import HttpResponse
from sems_exporter.portal.http.transport import HttpRequest, Transport
from sems_exporter.telemetry.redaction import Secret
from tests.clocks import FakeClock

MIDNIGHT = datetime(2026, 6, 10, 0, 0, tzinfo=UTC)
PLACES = (
    ("Europe/Amsterdam", 52.1, 5.1),
    ("Europe/Madrid", 40.4, -3.7),
    ("Australia/Sydney", -33.8, 151.1),
    ("America/Sao_Paulo", -23.5, -46.6),
)
PEAK = 5.0
MINUTE = 60.0
Data = dict[str, Any] | list[Any]


@dataclass(slots=True)
class PaperPortal(Transport):
    """`stations` hybrid homes at `PLACES` in turn. `took` seconds pass on the clock with every answer."""

    stations: int
    clock: FakeClock
    took: float = 0.3
    ill: set[str] = field(default_factory=set)
    sent: list[tuple[float, str]] = field(default_factory=list)
    read_at: dict[str, float] = field(default_factory=dict)
    failing: Callable[[str, str], int | None] = field(default=lambda _, __: None)

    def send(self, exchange: HttpRequest) -> HttpResponse:
        """The answer to one request."""
        self.sent.append((self.clock.now().timestamp(), exchange.endpoint))
        self.clock.advance(self.took)
        query = {key: values[0] for key, values in parse_qs(urlsplit(exchange.url).query).items()}
        asked = {**query, **(exchange.body or {})}
        station = str(asked.get("stationId") or asked.get("pwId") or "")
        if status := self.failing(exchange.endpoint, station):
            return HttpResponse(status, b"", None, {})
        body = {"code": "00000", "data": self._data(exchange.endpoint, station, asked, exchange.url)}
        return HttpResponse(200, json.dumps(body).encode(), None, {})

    def close(self) -> None:
        """There is nothing to close."""

    @property
    def by_endpoint(self) -> Counter[str]:
        """How often each call was made."""
        return Counter(endpoint for _, endpoint in self.sent)

    @property
    def most_in_a_minute(self) -> int:
        """The most requests in any 60 s, whenever they begin."""
        window, most = deque[float](), 0
        for at, _ in self.sent:
            window.append(at)
            while at - window[0] >= MINUTE - 1e-3:
                window.popleft()
            most = max(most, len(window))
        return most

    def _data(self, endpoint: str, station: str, asked: dict[str, Any], url: str) -> Data:
        answers: dict[str, Callable[[], Data]] = {
            "login": lambda: _session(url),
            "stations": lambda: self._page(int(asked["current"]), int(asked["size"])),
            "info": lambda: self._info(station),
            "flow": lambda: self._flow(station),
            "devices": lambda: _devices(station),
            "telemetry": lambda: self._telemetry(str(asked["deviceType"])),
            "telecounting": lambda: _factors({"hTotal": 1000.0}),
            "information": lambda: [{"code": "modelType", "data": "PAPER"}],
            "batteries": lambda: [
                {"sn": f"BAT{station}", "no": 1, "type": "BAT_SYS", "status": 1, "isConnected": True}
            ],
            "statistics": lambda: self._statistics(station, asked),
            "statistics_month": lambda: self._statistics(station, asked),
            "production": lambda: {"currency": "EUR", "profitProStats": 1.0},
            "alarms": lambda: self._alarms([str(key) for key in asked["stationIds"]]),
            "alarm_statistics": lambda: {"happened": "0"},
            "chargers": list,
        }
        return answers[endpoint]()

    def _telemetry(self, kind: str) -> Data:
        """Readings that move a little all the time, as real ones do."""
        moved = self.clock.now().minute / 100
        values = {
            "INVERTER": {"pAc": 1.0, "Temperature": 40 + moved},
            "BAT_SYS": {"soc": 50 + moved},
            "SMART_METER": {"Fac": 50 + moved},
        }
        return _factors(values.get(kind, {}))

    def _page(self, current: int, size: int) -> Data:
        numbers = range((current - 1) * size, min(self.stations, current * size))
        rows = [
            {
                "id": name(number),
                "name": f"Paper {number}",
                "status": "1",
                "installedPower": PEAK,
                "productionToday": self._today(number),
                "pSystem": self._kilowatts(number),
                "timeZone": PLACES[number % len(PLACES)][0],
            }
            for number in numbers
        ]
        return {"dataList": rows, "total": self.stations, "current": current, "size": size}

    def _info(self, station: str) -> Data:
        zone, latitude, longitude = PLACES[number_of(station) % len(PLACES)]
        return {
            "name": f"Paper {number_of(station)}",
            "zoneId": zone,
            "latitude": latitude,
            "longitude": longitude,
            "powerStationType": "2",
            "installedPower": PEAK,
        }

    def _flow(self, station: str) -> Data:
        self.read_at[station] = self.clock.now().timestamp()
        number = number_of(station)
        local = self.clock.now().astimezone(ZoneInfo(PLACES[number % len(PLACES)][0]))
        pv = self._kilowatts(number)
        return {
            "pSystem": pv,
            "pGrid": round(pv - 0.5, 3),
            "pConsum": 0.5,
            "pBat": 0.0,
            "soc": 50,
            "status": "1",
            "refreshTime": local.replace(tzinfo=None, microsecond=0).isoformat(),
        }

    def _statistics(self, station: str, asked: dict[str, Any]) -> Data:
        day = str(asked["startTime"])[: 10 if asked["dimension"] == "day" else 7]
        value = [{"date": day, "val": self._today(number_of(station))}]
        return {"dataList": [{"item": "proSystemTotalStats", "unit": "kWh", "statisticsList": value}]}

    def _alarms(self, stations: list[str]) -> Data:
        rows = [
            {
                "stationId": key,
                "devicesn": f"INV{key}",
                "warning_code": "E1",
                "alarmLevel": "Total_FaultLevel_fault",
                "status": 0,
                "happentime": "1781000000000",
            }
            for key in stations
            if key in self.ill
        ]
        return {"dataList": rows, "total": len(rows), "current": 1, "size": 100}

    def _hours(self, number: int) -> float:
        """Solar time of day."""
        longitude = PLACES[number % len(PLACES)][2]
        return ((self.clock.now() - MIDNIGHT).total_seconds() / 3600 + longitude / 15) % 24

    def _kilowatts(self, number: int) -> float:
        height = max(0.0, -math.cos(self._hours(number) / 24 * 2 * math.pi))
        return round(PEAK * height, 2)

    def _today(self, number: int) -> float:
        """Since the local midnight of clocks, which is near that of the sun."""
        zone = ZoneInfo(PLACES[number % len(PLACES)][0])
        local = self.clock.now().astimezone(zone)
        share = (local.hour * 60 + local.minute) / 1440
        return round(30 * max(0.0, share - 0.25) * (share > 0.25), 1)


def name(number: int) -> str:
    """The id of a station."""
    return f"S{number:05d}"


def number_of(station: str) -> int:
    """The number of the station with this id."""
    return int(station[1:])


def _session(url: str) -> Data:
    gateway = url.split("/sems-user", maxsplit=1)[0]
    return {"uid": "u", "token": "t", "timestamp": "1", "client": "semsPlusWeb", "api": gateway}


def _devices(station: str) -> Data:
    kinds = (("INVERTER", f"INV{station}", "store"), ("SMART_METER", f"MTR{station}", ""))
    return {
        "total": len(kinds),
        "deviceDetailList": [
            {
                "deviceType": kind,
                "total": 1,
                "statusDetailList": [
                    {
                        "status": 5,
                        "total": 1,
                        "snList": [serial],
                        "detailMap": {
                            serial: {"sn": serial, "name": serial, "deviceType": kind, "status": 5, "subtype": subtype}
                        },
                    }
                ],
            }
            for kind, serial, subtype in kinds
        ],
    }


def _factors(values: dict[str, float]) -> Data:
    return [{"code": "runtime", "factors": [{"code": code, "data": value} for code, value in values.items()]}]


@dataclass(slots=True)
class Fleet:
    """An exporter on a paper portal, on one clock that moves only while somebody waits or answers."""

    stations: int
    state_dir: Path
    per_minute: int = 30
    start: datetime = MIDNIGHT
    data_max_age: float = 1200.0
    clock: FakeClock = field(init=False)
    portal: PaperPortal = field(init=False)
    parts: App = field(init=False)

    def __post_init__(self) -> None:
        self.clock = FakeClock(self.start)
        self.portal = PaperPortal(self.stations, self.clock)
        self.restart()

    def restart(self) -> None:
        """Start the exporter anew on the same state directory."""
        account = Account("demo@example.com", Secret("demo"), "https://eu-semsplus.goodwe.com/web/sems/sems-user/login")
        one = AccountSettings(account, portal="semsplus", state_dir=self.state_dir, requests_per_minute=self.per_minute)
        settings = ServerSettings((one,), data_max_age=self.data_max_age)
        self.parts = build_app(settings, self.clock, transport=self.portal)

    def run(self, hours: float, each: Callable[[datetime], None] = lambda _: None, every: float = 300.0) -> None:
        """Poll for so long, calling `each` about `every` so many seconds."""
        end = self.clock.now() + timedelta(hours=hours)
        due, wait = self.clock.now(), self.clock.wait

        def watched(stop: threading.Event, seconds: float) -> bool:
            nonlocal due
            between_refreshes = self.parts.poller.health.next_refresh == self.clock.now() + timedelta(seconds=seconds)
            if (now := self.clock.now()) >= due:
                due = now + timedelta(seconds=every)
                each(now)
            if between_refreshes and now >= end:
                stop.set()
            self.clock.waits.clear()
            return wait(stop, seconds)

        self.clock.wait = watched  # type: ignore[method-assign]
        self.parts.poller.run(self.parts.stop)
        self.clock.wait = wait  # type: ignore[method-assign]
        self.parts.stop.clear()

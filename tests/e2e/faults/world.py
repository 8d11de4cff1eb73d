"""A simulated portal, the whole exporter that asks it, and what an exporter without trouble would have shown.

Nothing waits here: portal and exporter share a clock that stands still until somebody waits on it.
"""

import itertools
import json
import logging
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from cachetools import LRUCache
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from sems_exporter.app import App, application, build_app
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.errors import TimedOut
from sems_exporter.exposition import Format, Renderer
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.pipeline.derived_values import derived
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.pipeline.totals import totals
from sems_exporter.portal import connect
from sems_exporter.portal.http.bounded_sockets import Patience
from sems_exporter.portal.http.envelope import HttpResponse
from sems_exporter.portal.http.transport import HttpRequest, Transport
from sems_exporter.portal.session.file_stores import file_stores
from sems_exporter.portal.session.state_file import StateFile
from sems_exporter.simulator import Dialect, Plant, RecordedRequest, SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.simulator.semsplus.signin import encoded_password
from sems_exporter.simulator.server.wire import Request
from sems_exporter.store import StationStore
from sems_exporter.telemetry import logs
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import MASKS, Secret
from tests.faulty_portal.portal import FaultyPortal
from tests.portal.semsplus.homes import SharedClock
from tests.serving import Served

ACCOUNT = "owner@example.com"
PASSWORD = "corréct horse/b&ttery"
JUNE_NOON = datetime(2026, 6, 10, 10, 30, 20, tzinfo=UTC)
HASTY = Patience(read=0.05)
"""While every answer is slow, so that nobody waits for it."""
UNHURRIED = Patience(connect=60.0, read=60.0, whole=300.0)
PATIENCE = 60.0
"""Seconds that the portal may take to see a request, on a machine that does much else."""
DATA_MAX_AGE, SNAPSHOT_MAX_AGE = 1200.0, 900.0

Series = tuple[str, tuple[tuple[str, str], ...]]
Samples = dict[Series, float]


class Clock(SharedClock):
    """The time of portal and exporter: stands still, and a wait passes at once.

    On the event `curtain` the poll loop waits for its turns; it gets one, and the wait after it is kept in `pause`.
    """

    def __init__(self, start: datetime) -> None:
        super().__init__(start)
        self.curtain = threading.Event()
        self.pause = 0.0
        self._turn = False

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Pass the time, or end the turn of the poll loop."""
        if stop is self.curtain:
            self.pause, self._turn = seconds, not self._turn
            return not self._turn
        return super().wait(stop, seconds)


class Aside:
    """Passes its own time, so that the world's stands still while the truth is looked up."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self._now += timedelta(seconds=max(0.0, seconds))
        return stop.is_set()


class Attended(Transport):
    """Lets time stand still until the portal has seen a request that was given up.

    On a busy machine a hasty client is quicker than the portal's threads, which then would find a later time, and a
    session that is not theirs.
    """

    def __init__(self, portal: SimulatedPortal) -> None:
        super().__init__(UNHURRIED)
        self._portal = portal

    def send(self, exchange: HttpRequest) -> HttpResponse:
        before = self._portal.answered
        try:
            return super().send(exchange)
        except TimedOut:
            if self._patience is HASTY:
                assert self._portal.wait_for_answer(before, PATIENCE)
            raise


class Direct(Transport):
    """Asks a simulated portal without a network."""

    def __init__(self, portal: SimulatedPortal) -> None:
        super().__init__()
        self._portal = portal

    def send(self, exchange: HttpRequest) -> HttpResponse:
        parts = urlsplit(exchange.url)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): text for name, text in exchange.headers.items()}
        body = b"" if exchange.body is None else json.dumps(exchange.body).encode()
        target = f"{parts.path}?{parts.query}"
        answer = self._portal._respond(Request(exchange.method, parts.path, query, headers, body, target))
        return HttpResponse(answer.status, answer.payload())


_TRUE: LRUCache[tuple[object, ...], Samples] = LRUCache(200)
"""What was true of plants at an instant. Many worlds begin alike, and half of a test's time is to find this out."""


def _course(plant: Plant) -> tuple[object, ...]:
    """All that decides what becomes of a plant."""
    return plant.begin, repr(plant.spec), repr(plant._disturbances), repr(plant.alarms)


class Truth:
    """What an exporter without trouble would show of the same plants, at the instants that somebody asked about."""

    def __init__(self, plants: Sequence[Plant]) -> None:
        self._plants = plants
        self._known: dict[datetime, Samples] = {}
        self.instants: list[datetime] = []

    def at(self, instant: datetime) -> Samples:
        """The samples of stations and devices that are true at `instant`."""
        if instant not in self._known:
            key = (instant, *map(_course, self._plants))
            if key not in _TRUE:
                with closing(SimulatedPortal(self._plants, clock=SimulatedClock(instant, speed=0))) as portal:
                    _TRUE[key] = _shown_by(portal, instant)
            self._known[instant] = _TRUE[key]
        return self._known[instant]

    def forget(self, before: datetime) -> None:
        """Forget what was true earlier."""
        self.instants = [instant for instant in self.instants if instant >= before]
        self._known = {instant: samples for instant, samples in self._known.items() if instant >= before}

    def since(self, start: datetime | None) -> Iterator[Samples]:
        """What was true at each of the instants from `start` on, those that are known already first."""
        wanted = [instant for instant in reversed(self.instants) if start is None or instant >= start]
        yield from (self.at(instant) for instant in sorted(wanted, key=lambda instant: instant not in self._known))


def _shown_by(portal: SimulatedPortal, instant: datetime) -> Samples:
    clock, findings, metrics = Aside(instant), Diagnostics(), SelfMetrics()
    account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
    snapshots = StationStore(clock, Limits(DATA_MAX_AGE, SNAPSHOT_MAX_AGE))
    with tempfile.TemporaryDirectory() as state, pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFile, "save", lambda *_: None)
        # Its sessions are nobody's secrets, and each would be an account of its own to the masks.
        patch.setattr(MASKS, "learn_session", lambda *_: None)
        patch.setattr(logging.root.manager, "disable", logging.CRITICAL)
        settings = AccountSettings(account, state_dir=Path(state))
        with closing(
            connect(settings, file_stores(settings, clock), clock, metrics, threading.Event(), transport=Direct(portal))
        ) as opened:
            for ref in opened.stations(findings):
                snapshots.put(derived(totals(opened.read(ref, findings)), instant))
    shown = Renderer(snapshots, metrics.registry, clock).body(Format.TEXT, compressed=False)
    assert shown is not None
    return samples_of("\n".join(line for line in shown.decode().splitlines() if 'station="' in line) + "\n")


def samples_of(text: str, read: Callable[[str], Any] = read_text) -> Samples:
    """The samples of an exposition, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in read(text)
        for sample in family.samples
    }


@dataclass(frozen=True, slots=True)
class Shape:
    """How a world is made where it is not the usual one."""

    start: datetime = JUNE_NOON
    before: timedelta = timedelta()
    interval: float = 300.0
    plants: int = 1
    host: str = "127.0.0.1"
    tls: bool = False
    dialects: tuple[Dialect, ...] = ("semsplus",)


@dataclass(slots=True)
class Scrape:
    """One scrape in both formats, and the page."""

    at: datetime
    run: int
    samples: Samples
    text: str


@dataclass(slots=True)
class World:
    """The portal, and the exporter that asks it."""

    directory: Path
    shape: Shape
    web: Served
    stage: Callable[[Any], None]
    patch: pytest.MonkeyPatch
    tls: Any = None
    clock: Clock = field(init=False)
    plants: list[Plant] = field(init=False)
    portal: FaultyPortal = field(init=False)
    truth: Truth = field(init=False)
    parts: App = field(init=False)
    transport: Transport = field(init=False)
    log: StringIO = field(default_factory=StringIO)
    secrets: set[str] = field(default_factory=set)
    handed_out: set[str] = field(default_factory=set)
    scrapes: list[Scrape] = field(default_factory=list)
    runs: int = 0
    remembered: list[RecordedRequest] = field(default_factory=list)
    due: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(self.shape.start)
        begin = self.clock.now() - self.shape.before
        specs = [plant.spec for plant in demo_plants(self.shape.plants, clock=self.clock)]
        self.plants = [Plant(spec, begin) for spec in specs]
        self.portal = FaultyPortal(
            self.plants,
            clock=self.clock,
            account=ACCOUNT,
            password=PASSWORD,
            host=self.shape.host,
            dialects=self.shape.dialects,
            tls=self.tls.good if self.shape.tls else None,
            strict=True,
        ).start()
        self.truth = Truth(self.plants)
        self.unscript()
        digest = encoded_password(PASSWORD)
        self.secrets = {PASSWORD, quote(PASSWORD), quote(PASSWORD, safe=""), digest, ACCOUNT, quote(ACCOUNT)}
        logs.set_up("debug", "logfmt", (Secret(PASSWORD),), self.log)
        self.start()

    def start(self) -> None:
        """Start the exporter, perhaps anew on the same state."""
        if self.runs:
            self.parts.portal.close()
        one = AccountSettings(
            Account(ACCOUNT, Secret(PASSWORD), self.portal.login_url, ("127.0.0.1", "localhost")),
            state_dir=self.state,
            interval=self.shape.interval,
            requests_per_minute=1000,
        )
        settings = ServerSettings(
            (one,), data_max_age=DATA_MAX_AGE, snapshot_max_age=3 * self.shape.interval, log_level="debug"
        )
        self.transport = Attended(self.portal)
        self.parts = build_app(settings, self.clock, first_delay=0.0, transport=self.transport)
        self.parts.poller._chance = random.Random(1)
        self.stage(application(self.parts, simulated=False))
        self.runs += 1
        self.due = self.clock.now()

    @property
    def state(self) -> Path:
        """The state directory."""
        return self.directory / "state"

    def poll(self) -> None:
        """One turn of the poll loop, when its time has come."""
        begun = self.clock.set(max(self.due, self.clock.now()))
        self.parts.poller.run(self.clock.curtain)
        ended = self.clock.now()
        self.due = ended + timedelta(seconds=self.clock.pause)
        # The plants change course with the minute, so all that may have been read is true at one of these instants.
        minute = begun.replace(second=0, microsecond=0) + timedelta(minutes=1)
        self.truth.instants += [begun, minute, ended] if minute < ended else [begun, ended]

    def poll_for(self, seconds: float) -> None:
        """All turns of the poll loop within so many seconds, with a scrape at the end."""
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.due <= end:
            self.poll()
        self.clock.set(max(end, self.clock.now()))
        self.scrape()

    def scrape(self) -> Scrape:
        """What /metrics and the page say now, by real HTTP; both formats are parsed strictly and say the same."""
        texts, samples = [], []
        for wanted, read in ((Format.TEXT, read_text), (Format.OPENMETRICS, read_openmetrics)):
            status, headers, body = self.web.get("/metrics", Accept=wanted.value)
            assert (status, headers["content-type"]) == (200, wanted.value)
            texts.append(body.decode())
            samples.append(samples_of(texts[-1], read))
        status, _, page = self.web.get("/")
        assert status == 200
        assert samples[0].keys() - samples[1].keys() == set()
        self.scrapes.append(Scrape(self.clock.now(), self.runs, samples[0], "".join((*texts, page.decode()))))
        return self.scrapes[-1]

    def value(self, name: str, **labels: str) -> float | None:
        """One sample of the latest scrape."""
        return self.scrapes[-1].samples.get((name, tuple(sorted(labels.items()))))

    def hurry(self) -> None:
        """Let exchanges end soon from now on: after a short silence, or after thirty reads."""
        seconds = itertools.count(0.0, 1.0)
        self.transport._patience, self.transport._timer = HASTY, lambda: next(seconds)

    def take_time(self) -> None:
        """Let exchanges take as long as ever."""
        self.transport._patience, self.transport._timer = UNHURRIED, time.monotonic

    def lose_names(self) -> None:
        """From now on no name can be resolved; undo the patch to end that."""
        look_up = socket.getaddrinfo

        def lost(host: str, *args: Any, **options: Any) -> Any:
            if host == "localhost":
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return look_up(host, *args, **options)

        self.patch.setattr(socket, "getaddrinfo", lost)

    def unscript(self) -> None:
        """Let the portal say nothing but what its plants do, and listen to what it hands out."""
        self.portal.clear()
        self.portal.mutate("login", self._overhear)

    def _overhear(self, envelope: dict[str, Any], _: Mapping[str, Any]) -> None:
        data = envelope.get("data")
        if isinstance(data, dict):
            self.handed_out = {str(data[name]) for name in ("uid", "token") if data.get(name)}
            self.secrets |= {secret[:12] for secret in self.handed_out}

    def forget(self) -> None:
        """Keep no more of the past than the next checks need."""
        requests = self.portal.requests
        sign_ins = [request for request in requests if request.endpoint == "login"]
        self.remembered = sorted({*sign_ins[-1:], *requests[-1:]}, key=lambda request: request.instant)
        self.portal.forget_requests()
        del self.scrapes[:-1]
        self.log.seek(0)
        self.log.truncate()
        self.truth.forget(self.clock.now() - timedelta(days=1))

    def close(self) -> None:
        self.parts.portal.close()
        self.portal.close()

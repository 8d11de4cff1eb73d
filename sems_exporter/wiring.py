"""The parts put together: from settings to something that polls and serves."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sems_exporter.clock import Clock
from sems_exporter.config import Settings
from sems_exporter.exposition import Exposition
from sems_exporter.freshness import Limits
from sems_exporter.logs import ACCOUNT_THREAD
from sems_exporter.poller import Poller
from sems_exporter.polling import Health, Plan, together
from sems_exporter.portal import Portal, connect
from sems_exporter.portal.transport import Transport
from sems_exporter.selfmetrics import SelfMetrics
from sems_exporter.snapshots import Snapshots
from sems_exporter.version import package_version
from sems_exporter.web.app import Application
from sems_exporter.web.page import CONTENT_SECURITY_POLICY, PageStatus, render_page

COUNTERS = "counters.json"
"""File in the state directory for what the counter rules know; of a named account, with its name."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One account that is read: its name, "" where accounts have none, and what reads it, shared with no other."""

    name: str
    portal: Portal
    poller: Poller


@dataclass(frozen=True, slots=True)
class Exporter:
    """All parts of a running exporter."""

    settings: Settings
    clock: Clock
    metrics: SelfMetrics
    snapshots: Snapshots
    watches: tuple[Watch, ...]
    stop: threading.Event

    @property
    def portal(self) -> Portal:
        """The portal as the first account has it; most have one."""
        return self.watches[0].portal

    @property
    def poller(self) -> Poller:
        """The poller of the first account."""
        return self.watches[0].poller

    @property
    def health(self) -> Health:
        """How the polling of all accounts goes."""
        return together({watch.name: watch.poller.health for watch in self.watches})

    def close(self) -> None:
        """Drop kept connections."""
        for watch in self.watches:
            watch.portal.close()


def exporter(
    settings: Settings, clock: Clock, *, first_delay: float = 2.0, transport: Transport | None = None
) -> Exporter:
    """An exporter that polls nothing yet."""
    stop, metrics = threading.Event(), SelfMetrics(one.name for one in settings.accounts if one.name)
    snapshots = Snapshots(clock, Limits(settings.data_max_age, settings.snapshot_max_age))
    watches = []
    for one in settings.accounts:
        own = metrics.of(one.name)
        portal = connect(one, clock, own, stop, transport)
        poller = Poller(portal, snapshots, own, clock=clock, plan=_plan(one, first_delay))
        watches.append(Watch(one.name, portal, poller))
    return Exporter(settings, clock, metrics, snapshots, tuple(watches), stop)


def _plan(settings: Settings, first_delay: float) -> Plan:
    memory = Path(COUNTERS)
    if settings.name:
        memory = memory.with_stem(f"{memory.stem}-{settings.name}")
    return Plan(
        settings.interval,
        settings.stations,
        first_delay,
        settings.state_dir / memory,
        excluded=settings.exclude_stations,
        account=settings.name,
        per_minute=settings.requests_per_minute,
        data_max_age=settings.data_max_age,
        snapshot_max_age=settings.snapshot_max_age,
    )


def application(parts: Exporter, *, simulated: bool) -> Application:
    """The web side of `parts`."""
    exposition = Exposition(parts.snapshots, parts.metrics.registry, parts.clock)
    return Application(
        exposition,
        _page(parts, simulated=simulated),
        # An account that has failed is ready as well: what there is to say of it is being said.
        lambda: all(watch.poller.health.up is not None for watch in parts.watches),
        telemetry_path=parts.settings.telemetry_path,
        content_security_policy=CONTENT_SECURITY_POLICY,
        fault=parts.metrics.web_fault,
    )


def _page(parts: Exporter, *, simulated: bool) -> Callable[[], bytes]:
    def page() -> bytes:
        now, health = parts.clock.now(), parts.health
        status = PageStatus(
            now=now,
            version=package_version(),
            up=health.up,
            last_success=health.last_success,
            next_refresh=health.next_refresh,
            problem=health.problem,
            simulated=simulated,
            metrics_path=parts.settings.telemetry_path,
            snapshot_max_age=parts.settings.snapshot_max_age,
        )
        return render_page([shown.station for shown in parts.snapshots.shown(now)], status)

    return page


def start_polling(parts: Exporter) -> tuple[threading.Thread, ...]:
    """Poll each account in a thread of its own until `parts.stop` is set."""
    threads = tuple(_thread(watch, parts.stop) for watch in parts.watches)
    for thread in threads:
        thread.start()
    return threads


def _thread(watch: Watch, stop: threading.Event) -> threading.Thread:
    name = f"{ACCOUNT_THREAD}{watch.name}".strip()
    return threading.Thread(target=watch.poller.run, args=(stop,), name=name, daemon=True)

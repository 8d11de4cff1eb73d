"""The parts put together: from settings to something that polls and serves."""

import threading
from dataclasses import dataclass

from sems_exporter.clock import Clock
from sems_exporter.config import Settings
from sems_exporter.exposition import Exposition
from sems_exporter.freshness import Limits
from sems_exporter.poller import Plan, Poller
from sems_exporter.portal import Portal, connect
from sems_exporter.portal.transport import Transport
from sems_exporter.selfmetrics import SelfMetrics
from sems_exporter.snapshots import Snapshots
from sems_exporter.version import package_version
from sems_exporter.web.app import Application
from sems_exporter.web.discovery import Listed
from sems_exporter.web.page import PageStatus
from sems_exporter.web.reload import WebConfigFile
from sems_exporter.web.status import StatusPage

COUNTERS = "counters.json"
"""File in the state directory for what the counter rules know."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """All parts of a running exporter."""

    settings: Settings
    clock: Clock
    metrics: SelfMetrics
    portal: Portal
    snapshots: Snapshots
    poller: Poller
    stop: threading.Event


def exporter(
    settings: Settings, clock: Clock, *, first_delay: float = 2.0, transport: Transport | None = None
) -> Exporter:
    """An exporter that polls nothing yet."""
    stop, metrics = threading.Event(), SelfMetrics()
    portal = connect(settings, clock, metrics, stop, transport)
    snapshots = Snapshots(clock, Limits(settings.data_max_age, settings.snapshot_max_age))
    plan = Plan(settings.interval, settings.stations, first_delay, settings.state_dir / COUNTERS)
    poller = Poller(portal, snapshots, metrics, clock=clock, plan=plan)
    return Exporter(settings, clock, metrics, portal, snapshots, poller, stop)


def application(parts: Exporter, *, simulated: bool, web_config: WebConfigFile | None = None) -> Application:
    """The web side of `parts`; plain HTTP for everybody where there is no web configuration."""
    settings = parts.settings
    return Application(
        Exposition(parts.snapshots, parts.metrics.registry, parts.clock),
        StatusPage(
            lambda: [shown.station for shown in parts.snapshots.shown(parts.clock.now())],
            lambda: _status(parts, simulated=simulated),
        ),
        lambda: parts.poller.health.up is not None,
        telemetry_path=settings.telemetry_path,
        web_config=web_config or WebConfigFile(None, parts.metrics.web_config_read),
        fault=parts.metrics.web_fault,
        stations=lambda: _listed(parts),
        external_url=settings.external_url,
    )


def _status(parts: Exporter, *, simulated: bool) -> PageStatus:
    health = parts.poller.health
    return PageStatus(
        now=parts.clock.now(),
        version=package_version(),
        up=health.up,
        last_success=health.last_success,
        next_refresh=health.next_refresh,
        problem=health.problem,
        simulated=simulated,
        metrics_path=parts.settings.telemetry_path,
        snapshot_max_age=parts.settings.snapshot_max_age,
    )


def _listed(parts: Exporter) -> list[Listed]:
    names = {shown.station.id: shown.station.name for shown in parts.snapshots.shown(parts.clock.now())}
    return [Listed(known.station, known.account, names.get(known.station)) for known in parts.snapshots.catalogue()]


def start_polling(parts: Exporter) -> threading.Thread:
    """Poll in a thread of its own until `parts.stop` is set."""
    thread = threading.Thread(target=parts.poller.run, args=(parts.stop,), name="poller", daemon=True)
    thread.start()
    return thread

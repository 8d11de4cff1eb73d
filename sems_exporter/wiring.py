"""The parts put together: from settings to something that polls and serves."""

import threading
from collections.abc import Callable
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
from sems_exporter.web.page import CONTENT_SECURITY_POLICY, PageStatus, render_page

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
    exposition: Exposition
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
    exposition = Exposition(snapshots, metrics.registry, clock, of_account=metrics.of_account)
    return Exporter(settings, clock, metrics, portal, snapshots, exposition, poller, stop)


def application(parts: Exporter, *, simulated: bool) -> Application:
    """The web side of `parts`."""
    return Application(
        parts.exposition,
        _page(parts, simulated=simulated),
        lambda: parts.poller.health.up is not None,
        telemetry_path=parts.settings.telemetry_path,
        content_security_policy=CONTENT_SECURITY_POLICY,
        fault=parts.metrics.web_fault,
    )


def _page(parts: Exporter, *, simulated: bool) -> Callable[[], bytes]:
    def page() -> bytes:
        now, health = parts.clock.now(), parts.poller.health
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


def start_polling(parts: Exporter) -> threading.Thread:
    """Poll in a thread of its own, and keep the exposition ready in another, until `parts.stop` is set."""
    tending = threading.Thread(target=parts.exposition.tend_until, args=(parts.stop,), name="exposition", daemon=True)
    tending.start()
    thread = threading.Thread(target=parts.poller.run, args=(parts.stop,), name="poller", daemon=True)
    thread.start()
    return thread

"""SEMS+, the dialect of the portal since 2026."""

import threading

from sems_exporter.clock import Clock
from sems_exporter.config import Settings
from sems_exporter.portal.pace import Pace
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.endpoints import ENDPOINTS
from sems_exporter.portal.semsplus.portal import SemsPlus
from sems_exporter.portal.state import StateFile
from sems_exporter.portal.transport import Transport
from sems_exporter.selfmetrics import SelfMetrics


def open_account(settings: Settings, clock: Clock, metrics: SelfMetrics, stop: threading.Event) -> SemsPlus:
    """The account of `settings` in this dialect."""
    metrics.endpoints(ENDPOINTS)
    client = Client(
        settings.account,
        Transport(),
        StateFile(settings.state_dir, settings.account),
        Pace(settings.requests_per_minute, clock, stop),
        clock=clock,
        metrics=metrics,
    )
    return SemsPlus(client, clock)

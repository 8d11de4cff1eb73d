"""HOW GOODWE SAYS IT. Nothing outside this room knows a field name of the portal."""

import threading

from sems_exporter.clock import Clock
from sems_exporter.config import Settings
from sems_exporter.portal.base import Portal, StationRef
from sems_exporter.portal.transport import Transport
from sems_exporter.selfmetrics import AccountMetrics

__all__ = ["Portal", "StationRef", "connect"]


def connect(
    settings: Settings, clock: Clock, metrics: AccountMetrics, stop: threading.Event, transport: Transport | None = None
) -> Portal:
    """The account of `settings`; nothing is sent yet. `stop` ends waits for the next turn."""
    from sems_exporter.portal.dialects import open_account  # noqa: PLC0415 - the dialects need this package

    return open_account(settings, clock, metrics, stop, transport or Transport())

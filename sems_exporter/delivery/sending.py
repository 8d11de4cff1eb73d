"""Sending to one server after each refresh, with patience where it fails, and always what is known by then."""

import threading
from collections.abc import Callable

from sems_exporter.clock import Clock
from sems_exporter.config.deliveries import DeliverySettings
from sems_exporter.delivery import ftp, webdav
from sems_exporter.delivery.contents import Contents, Files, Kind
from sems_exporter.delivery.http_target import transport
from sems_exporter.delivery.record import Record
from sems_exporter.delivery.schedule import Schedule, look_until
from sems_exporter.telemetry.delivery_metrics import DeliveryMetrics

FIRST_RETRY_SECONDS = 30.0
"""Seconds after the first failure; doubles with each that follows."""
LONGEST_RETRY_SECONDS = 900.0

Send = Callable[[Files], int]


class Sender:
    """Sends to one target. What could not be sent is not kept: the next attempt has newer values."""

    def __init__(
        self, target: DeliverySettings, contents: Contents, metrics: DeliveryMetrics, schedule: Schedule, clock: Clock
    ) -> None:
        self._kind = Kind(target.kind)
        self._contents = contents
        self._record = Record(target.name, metrics, clock)
        self._schedule = schedule
        self._clock = clock
        self._send = way_to(target)
        self._failures = 0
        self._retry_at = 0.0

    def attend(self) -> None:
        """Send if it is time for that."""
        if self._failures:
            if self._clock.monotonic() < self._retry_at:
                return
        elif not self._schedule.due():
            return
        self._schedule.deliver(self._attempt)

    def run(self, stop: threading.Event) -> None:
        """Send whenever it is time, until `stop` is set."""
        look_until(stop, self.attend)

    def _attempt(self) -> None:
        if self._record.of(lambda: self._send(self._contents.of(self._kind))):
            self._failures = 0
            return
        pause = min(FIRST_RETRY_SECONDS * 2 ** min(self._failures, 10), LONGEST_RETRY_SECONDS)
        self._failures += 1
        self._retry_at = self._clock.monotonic() + pause


def way_to(target: DeliverySettings) -> Send:
    """What sends files to the target."""
    if target.url.scheme in ("ftp", "ftps"):
        return lambda files: ftp.send(target, files)
    connection = transport(target.tls, target.timeout)
    return lambda files: webdav.send(target, files, connection)

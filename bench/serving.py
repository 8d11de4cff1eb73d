"""The exporter as it serves a fleet, with a stand-in for the portal: python -m bench.serving PORT STATIONS SECONDS.

Everything behind the decoder is real: quality's memory, derived values, snapshots, exposition, web server. The stand-in
reads all stations at once and then again and again, one after the other within SECONDS; with 0 it reads them once.
"""

import sys
import tempfile
import threading
from pathlib import Path

from bench.fleet import Fleet, decoded_home
from sems_exporter.app import App, application, build_app
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.process import process
from sems_exporter.telemetry.redaction import Secret
from sems_exporter.web.http.server import bound, serve


def main(port: int, stations: int, seconds: float) -> None:
    """Serve until told to stop."""
    with tempfile.TemporaryDirectory() as state:
        account = Account("demo@example.com", Secret("demo"), "http://127.0.0.1:1", ("127.0.0.1",))
        # Ages are of no interest here, and a fleet that is read once should stay.
        one = AccountSettings(account, state_dir=Path(state))
        patient = ServerSettings((one,), data_max_age=86400.0, snapshot_max_age=86400.0)
        parts = build_app(patient, SystemClock())
        poller = _StandIn(parts, Fleet(decoded_home(), stations))
        poller.read_all(0.0)
        threading.Thread(target=parts.exposition.maintain_until, args=(parts.stop,), daemon=True).start()
        if seconds:
            threading.Thread(target=poller.run, args=(seconds,), daemon=True).start()
        serve(application(parts, simulated=False), bound(f"127.0.0.1:{port}"), started=lambda: None)
        parts.stop.set()


class _StandIn:
    """Brings decoded stations at a steady pace."""

    def __init__(self, parts: App, fleet: Fleet) -> None:
        self._parts = parts
        self._fleet = fleet
        self._quality = CounterGuard()

    def read_all(self, seconds: float) -> None:
        """Read every station once, within `seconds`."""
        for number in range(len(self._fleet)):
            now, findings = self._parts.clock.now(), Diagnostics()
            self._parts.snapshots.put(process(self._fleet.poll(number, now), self._quality, now, findings))
            if self._parts.stop.wait(seconds / len(self._fleet)):
                return

    def run(self, seconds: float) -> None:
        """Read every station again and again."""
        while not self._parts.stop.is_set():
            self.read_all(seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))

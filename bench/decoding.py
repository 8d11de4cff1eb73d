"""CPU of one refresh's decoding and judging, beside json.loads of the same answers; run with `make bench`.

The answers come from the simulated portal, are recorded once, and are then decoded again and again without a network.
"""

import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.fleet import client
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import Account, AccountSettings
from sems_exporter.exposition.text_format import lines
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.derived_values import derived
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from sems_exporter.portal import StationRef
from sems_exporter.portal.classic.source import Classic
from sems_exporter.portal.client import Call
from sems_exporter.portal.dump_file import Recorder
from sems_exporter.portal.http.envelope import HttpResponse
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.portal.interface import Source
from sems_exporter.portal.protocol_signs import ProtocolSigns
from sems_exporter.portal.semsplus.source import SemsPlus
from sems_exporter.simulator import Dialect, SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret

ROUNDS = 200
LIMITS = Limits(1200.0, 900.0)


class Told:
    """A client that has the data already, so that only decoding costs."""

    def __init__(self, exchanges: list[tuple[HttpRequest, HttpResponse]]) -> None:
        self.signs = ProtocolSigns()
        self._data = {_tail(exchange.url): json.loads(answer.body).get("data") for exchange, answer in exchanges}

    @contextmanager
    def request(self, call: Call) -> Iterator[Any]:
        """Give the data of the answer that came last time."""
        yield self._data[_tail(call.path)]


def _tail(path: str) -> str:
    return path.rpartition("/api/")[2].lstrip("/")


def main() -> None:
    """Print the table."""
    print(f"{platform.machine()}, Python {platform.python_version()}, {ROUNDS} rounds, milliseconds of CPU, median\n")
    print("| what | SEMS+, 5 devices | classic, 1 inverter |")
    print("| --- | --- | --- |")
    columns = [_column("semsplus", 2), _column("classic", 0)]
    for name in columns[0]:
        print(f"| {name} | {' | '.join(f'{column[name]:.3f}' for column in columns)} |")


def _column(dialect: Dialect, number: int) -> dict[str, float]:
    clock = SimulatedClock()
    plant = demo_plants(number + 1, clock=clock)[number]
    with tempfile.TemporaryDirectory() as state, SimulatedPortal([plant], clock=clock, dialects=(dialect,)) as portal:
        account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
        settings = AccountSettings(account=account, portal=dialect, state_dir=Path(state), requests_per_minute=120)
        recorder = Recorder()
        ref = _read(client(settings, recorder))
        answers = [answer.body for _, answer in recorder.exchanges]
        return {
            "json.loads of the same answers": _median(lambda: [json.loads(body) for body in answers]),
            **_stages(dialect, recorder, ref),
        }


def _read(portal: Source) -> StationRef:
    ref = portal.stations(Diagnostics())[0]
    portal.read(ref, Diagnostics())
    return ref


def _stages(dialect: str, recorder: Recorder, ref: StationRef) -> dict[str, float]:
    findings, quality, clock = Diagnostics(), CounterGuard(), SystemClock()
    told: Any = Told(recorder.exchanges)

    def portal() -> Source:
        return SemsPlus(told, clock) if dialect == "semsplus" else Classic(told, clock)

    def checked(of: Source) -> Station:
        return quality.check(of.read(ref, findings), clock.now(), findings)

    known = portal()
    now = clock.now()
    station = checked(known)
    shown = apply_staleness(station, now, LIMITS)
    return {
        "decode and check, first refresh": _median(lambda: checked(portal())),
        "decode and check, any other": _median(lambda: checked(known)),
        "derive": _median(lambda: derived(station, now)),
        "fade": _median(lambda: apply_staleness(station, now, LIMITS)),
        "write all lines": _median(lambda: lines(shown)),
    }


def _median(work: Callable[[], object]) -> float:
    """Milliseconds of CPU."""
    taken = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        taken.append(time.process_time() - begin)
    return sorted(taken)[len(taken) // 2] * 1000


if __name__ == "__main__":
    main()

"""What the exporter of simulated plants shows over days, as the text that `promtool` makes blocks of."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from sems_exporter.app import build_app
from sems_exporter.cli.demo import EXAMPLE_TARIFF, DemoClock
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.exposition import Format, Renderer
from sems_exporter.simulator import ENDPOINTS, Answer, Plant, SimulatedClock, SimulatedPortal
from sems_exporter.tariffs.configuration import of_file
from sems_exporter.telemetry.redaction import Secret

Exposed = tuple[datetime, str]
"""An instant, and what the exporter showed then."""


class SteppedClock(DemoClock):
    """The simulated portal's time, which passes only where somebody waits and from one refresh to the next."""

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Let the time pass at once."""
        self._simulated.advance(max(0.0, seconds))
        return stop.is_set()


def exposed(
    plants: Sequence[Plant],
    clock: SimulatedClock,
    instants: Iterable[datetime],
    state: Path,
    *,
    away: tuple[datetime, datetime] | None = None,
) -> Iterator[Exposed]:
    """What the exporter of `plants` shows at each instant, the first time before it asked for anything.

    `clock` is that of the plants and stands still by itself; `state` is the folder for the exporter's session. Between
    the two instants of `away` the portal answers nothing of use.
    """
    with SimulatedPortal(plants, clock=clock, signature_tolerance=None) as portal:
        account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
        one = AccountSettings(account, requests_per_minute=600, state_dir=state)
        settings = ServerSettings((one,), tariffs=of_file(EXAMPLE_TARIFF))
        parts = build_app(settings, SteppedClock(clock))
        shown = Renderer(
            parts.snapshots, parts.metrics.registry, parts.clock, timer=lambda: parts.clock.now().timestamp()
        )
        for number, instant in enumerate(instants):
            clock.set(max(instant, clock.now()))
            portal.clear()
            if away and away[0] <= instant < away[1]:
                for endpoint in ENDPOINTS:
                    portal.script_always(endpoint, Answer(500, "Internal Server Error"))
            if number:
                parts.poller.refresh()
            yield instant, (shown.body(Format.OPENMETRICS, compressed=False) or b"").decode()
        parts.portal.close()


def as_history(pages: Iterable[Exposed], instance: str = "demo") -> str:
    """The pages as one OpenMetrics text with timestamps, each family's series one after the other."""
    series: dict[str, dict[str, list[str]]] = {}
    for instant, page in pages:
        family = ""
        for line in page.splitlines():
            if line.startswith("# TYPE"):
                family = line
            elif not line.startswith("#"):
                key, value = line.rsplit(" ", 1)
                name, _, labels = key.partition("{")
                key = f'{name}{{job="sems",instance="{instance}"{"," if labels else ""}{labels or "}"}'
                series.setdefault(family, {}).setdefault(key, []).append(f"{key} {value} {instant.timestamp():.0f}")
    lines = [line for family, found in series.items() for line in (family, *chain(*found.values()))]
    return "\n".join([*lines, "# EOF\n"])

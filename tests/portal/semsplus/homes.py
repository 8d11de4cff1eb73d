"""A SEMS+ account of ours on a simulated portal, both on one clock."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sems_exporter.config.settings import Account, AccountSettings
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station
from sems_exporter.model.schema import Entity, measures
from sems_exporter.portal import Portal, connect
from sems_exporter.portal.session.file_stores import file_stores
from sems_exporter.simulator import Plant, SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import Secret

JUNE_NOON = datetime(2026, 6, 10, 10, 30, 20, tzinfo=UTC)


class SharedClock(SimulatedClock):
    """The time of portal and client: stands still, and a wait passes at once."""

    def __init__(self, start: datetime = JUNE_NOON) -> None:
        super().__init__(start, speed=0)

    def monotonic(self) -> float:
        """Seconds that have passed."""
        return self.now().timestamp()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Pass the time, unless `stop` is set."""
        if not stop.is_set():
            self.advance(max(0.0, seconds))
        return stop.is_set()


@dataclass(slots=True)
class Home:
    """A portal, and the exporter's view of it."""

    portal: SimulatedPortal
    clock: SharedClock
    state_dir: Path
    password: str = "demo"
    metrics: SelfMetrics = field(default_factory=SelfMetrics)
    findings: Diagnostics = field(default_factory=Diagnostics)
    accounts: list[Portal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def account(self) -> Portal:
        """The account as the running exporter has it."""
        return self.accounts[-1]

    def restart(self, password: str | None = None, allowed_hosts: tuple[str, ...] = ()) -> None:
        """Start the exporter anew on the same state directory, perhaps with another password or more hosts."""
        self.password = password or self.password
        hosts = (f"127.0.0.1:{self.portal.port}", *allowed_hosts)
        account = Account("demo@example.com", Secret(self.password), self.portal.login_url, hosts)
        settings = AccountSettings(account, portal="semsplus", state_dir=self.state_dir, requests_per_minute=10_000)
        for ended in self.accounts:
            ended.close()
        stores = file_stores(settings, self.clock)
        self.accounts.append(connect(settings, stores, self.clock, self.metrics, threading.Event()))

    def read(self, number: int = 0) -> Station:
        """Refresh one station; what was odd is in `findings` afterwards."""
        self.findings = Diagnostics()
        return self.account.read(self.account.stations(self.findings)[number], self.findings)

    def asked(self, endpoint: str, containing: str = "") -> int:
        """How many requests the portal had for `endpoint` with `containing` in their path."""
        return sum(r.endpoint == endpoint and containing in r.path for r in self.portal.requests)

    def all_asked(self) -> Counter[str]:
        """How many requests the portal had by endpoint."""
        return Counter(request.endpoint for request in self.portal.requests)

    def outcomes(self, endpoint: str) -> dict[str, float]:
        """The requests to `endpoint` by outcome, as the exporter counts them."""
        return self._counted("sems_portal_requests_total", "outcome", endpoint=endpoint)

    def logins(self) -> dict[str, float]:
        """The sign-ins by outcome, as the exporter counts them."""
        return self._counted("sems_portal_logins_total", "outcome")

    def _counted(self, name: str, by: str, **labels: str) -> dict[str, float]:
        samples = [sample for family in self.metrics.registry.collect() for sample in family.samples]
        return {
            sample.labels[by]: sample.value
            for sample in samples
            if sample.name == name and sample.value and labels.items() <= sample.labels.items()
        }

    def close(self) -> None:
        """Close all connections."""
        for account in self.accounts:
            account.close()
        self.portal.close()


def make_home(
    state_dir: Path,
    *,
    plants: Sequence[Plant] | None = None,
    answers: Mapping[str, Path] | None = None,
    start: datetime = JUNE_NOON,
    password: str = "demo",
) -> Home:
    """A home on a portal with `plants` (default: the demo's hybrid) or with captured `answers`."""
    clock = SharedClock(start)
    owned = demo_plants(1, clock=clock) if plants is None else plants
    portal = SimulatedPortal(owned, clock=clock, answers=answers, strict=True).start()
    return Home(portal, clock, state_dir, password)


def readings(scope: Entity) -> dict[str, float]:
    """The measures of `scope` that have a value."""
    found = {name: getattr(scope, name) for name in measures(type(scope))}
    return {name: value for name, value in found.items() if value is not None}

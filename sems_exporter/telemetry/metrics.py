"""The exporter's own metrics: what it asked of the portal, what it had to throw away, what state it is in.

Every combination of labels that can occur exists from the start at 0, so that `increase()` sees the first event.
"""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.registry import Collector

from sems_exporter import errors
from sems_exporter.model.diagnostics import Diagnostics, Limited, Unknown
from sems_exporter.telemetry.replica_metrics import ReplicaMetrics
from sems_exporter.version import package_version

if TYPE_CHECKING:
    from sems_exporter.telemetry.delivery_metrics import DeliveryMetrics
    from sems_exporter.telemetry.remote_write_metrics import RemoteWriteMetrics

OUTCOMES = (
    "ok",
    *(
        leaf.reason
        for leaf in errors.leaves(errors.PortalError)
        if leaf is errors.CredentialsRejected or not issubclass(leaf, errors.LoginFailed | errors.GatewayRefused)
    ),
)
NEVER_AT_LOGIN = (
    errors.LoginWithheld,
    errors.StationUnknown,
    # A sign-in has no session yet, no resource, and no route but its own: these become login_refused and
    # protocol_changed.
    errors.SessionRejected,
    errors.PermissionDenied,
    errors.RouteUnknown,
)
LOGIN_OUTCOMES = (
    "ok",
    *(leaf.reason for leaf in errors.leaves(errors.PortalError) if leaf not in NEVER_AT_LOGIN),
)
INTERNAL = "internal"
"""Reason of a refresh that failed through a fault of the exporter itself."""
FAILURES = tuple(leaf.reason for leaf in errors.leaves(errors.PortalError))
BUCKETS = (1, 2.5, 5, 10, 30, 60, 120, 300)


class AccountMetrics(Collector):
    """What concerns one account, without its name: that is added where several accounts are shown together."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._account_registry = registry = CollectorRegistry(auto_describe=False)
        self._about_portal(registry)
        self._about_refreshes(registry)
        self._about_stations(registry)
        self._about_data(registry)
        self._start_at_zero()

    def collect(self) -> Iterator[Metric]:
        """The families of the account."""
        yield from self._account_registry.collect()

    def _start_at_zero(self) -> None:
        for outcome in LOGIN_OUTCOMES:
            self._logins.labels(outcome)
        for kind in Unknown:
            self._unknown.labels(kind.value)
        for limited in Limited:
            self._limited.labels(limited.value)
        for reason in (*FAILURES, INTERNAL):
            self._failures.labels(reason)

    def _about_portal(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "sems_portal_requests", "Requests sent to the portal.", ["endpoint", "outcome"], registry=registry
        )
        self._request_seconds = Counter(
            "sems_portal_request_seconds", "Time spent waiting for the portal.", ["endpoint"], registry=registry
        )
        self._logins = Counter("sems_portal_logins", "Sign-ins sent to the portal.", ["outcome"], registry=registry)
        self._replaced = Counter(
            "sems_portal_sessions_replaced",
            "Sessions that worked and ended within half an hour: another client signs in with the account.",
            registry=registry,
        )
        self._login_allowed = Gauge(
            "sems_portal_login_allowed_timestamp_seconds", "No sign-in is sent before this instant.", registry=registry
        )
        self._paused_until = Gauge(
            "sems_portal_paused_until_timestamp_seconds",
            "No request is sent before this instant, because the portal asked for a pause; 0 if it never did.",
            registry=registry,
        )
        self._rejections = Gauge(
            "sems_portal_credential_rejections", "Sign-ins in a row that the portal rejected.", registry=registry
        )
        self._blocked = Gauge(
            "sems_portal_login_blocked",
            "1 if no sign-in is sent until the credentials change or a person releases the brake.",
            registry=registry,
        )
        self._protocol_changed = Gauge(
            "sems_portal_protocol_changed",
            "1 while something shows that the portal speaks another protocol than this exporter; the log says what.",
            registry=registry,
        )
        self._clock_difference = Gauge(
            "sems_portal_clock_difference_seconds",
            "By how much the portal's clock was ahead of this machine's at its latest answer; 0 before the first.",
            registry=registry,
        )
        self._state_writable = Gauge(
            "sems_state_writable",
            "1 if session and brake can be kept on disk; where they cannot, a restart forgets them.",
            registry=registry,
        )
        self._state_writable.set(1)

    def _about_refreshes(self, registry: CollectorRegistry) -> None:
        self._up = Gauge("sems_up", "1 if the latest refresh reached the portal and read a station.", registry=registry)
        self._refresh = Histogram(
            "sems_refresh_duration_seconds",
            "Duration of a refresh of all stations.",
            registry=registry,
            buckets=BUCKETS,
        )
        self._last_success = Gauge(
            "sems_refresh_last_success_timestamp_seconds",
            "End of the latest good refresh; 0 if none.",
            registry=registry,
        )
        self._next = Gauge(
            "sems_refresh_next_timestamp_seconds", "Planned start of the next refresh.", registry=registry
        )
        self._failures = Counter(
            "sems_refresh_failures", "Refreshes of a station or of the list that failed.", ["reason"], registry=registry
        )

    def _about_stations(self, registry: CollectorRegistry) -> None:
        self._stations = Gauge(
            "sems_stations", "Stations the account shows and the settings select.", registry=registry
        )
        self._elsewhere = Gauge(
            "sems_stations_elsewhere",
            "Stations among them that are read through another account of this exporter.",
            registry=registry,
        )
        self._unmatched = Gauge(
            "sems_stations_unmatched",
            "Ids and patterns in `stations` and `exclude_stations` that no station of the account answers to.",
            registry=registry,
        )
        self._budget = Gauge(
            "sems_portal_requests_per_minute_limit", "Most requests to the portal in any minute.", registry=registry
        )
        self._round = Gauge(
            "sems_details_round_seconds",
            "Time that reading the details of every station once takes under this budget, as measured so far; "
            "beyond the interval they are read in rotation.",
            registry=registry,
        )

    def _about_data(self, registry: CollectorRegistry) -> None:
        self._dropped = Counter(
            "sems_values_dropped",
            "Values that the portal sent and the exporter does not publish.",
            ["metric", "reason"],
            registry=registry,
        )
        self._unknown = Counter(
            "sems_portal_unknown", "Portal vocabulary that this version does not know.", ["kind"], registry=registry
        )
        self._limited = Counter(
            "sems_portal_limited",
            "Things beyond what the exporter keeps of an answer, and left out.",
            ["kind"],
            registry=registry,
        )

    def endpoints(self, names: tuple[str, ...]) -> None:
        """Make the series of the portal requests, for every outcome."""
        for name in names:
            self._request_seconds.labels(name)
            for outcome in OUTCOMES:
                self._requests.labels(name, outcome)

    def request(self, endpoint: str, outcome: str, seconds: float) -> None:
        """Count one request to the portal."""
        self._requests.labels(endpoint, outcome).inc()
        self._request_seconds.labels(endpoint).inc(max(0.0, seconds))

    def login(self, outcome: str) -> None:
        """Count one sign-in that was sent."""
        self._logins.labels(outcome).inc()

    def replaced(self) -> None:
        """Count a session that another client has taken over."""
        self._replaced.inc()

    def clock_difference(self, ahead: float) -> None:
        """Show by how many seconds the portal's clock is ahead of ours."""
        self._clock_difference.set(ahead)

    def brake(self, login_allowed: float, paused_until: float, rejections: int, *, blocked: bool) -> None:
        """Show the account's brake; instants as Unix times."""
        self._login_allowed.set(login_allowed)
        self._paused_until.set(paused_until)
        self._rejections.set(rejections)
        self._blocked.set(int(blocked))

    def protocol_changed(self, *, changed: bool) -> None:
        """Show whether the portal speaks another protocol than ours."""
        self._protocol_changed.set(int(changed))

    def state_writable(self, *, ok: bool) -> None:
        """Show whether the account's state can be kept on disk."""
        self._state_writable.set(int(ok))

    def findings(self, findings: Diagnostics) -> None:
        """Add what one refresh dropped and did not know."""
        for (metric, reason), count in findings.dropped.items():
            self._dropped.labels(metric, reason.value).inc(count)
        for kind, count in findings.unknown.items():
            self._unknown.labels(kind.value).inc(count)
        for limited, count in findings.limited.items():
            self._limited.labels(limited.value).inc(count)

    def refreshed(self, seconds: float, finished: float, *, up: bool, stations: int | None = None) -> None:
        """Record the end of a refresh that took `seconds`; `stations` is None where the list failed."""
        self._refresh.observe(max(0.0, seconds))
        self._up.set(int(up))
        if up:
            self._last_success.set(finished)
        if stations is not None:
            self._stations.set(stations)

    def failure(self, reason: str) -> None:
        """Count a station, or the list of stations, that could not be read."""
        self._failures.labels(reason).inc()

    def next_refresh(self, instant: float) -> None:
        """Show when the next refresh starts, as Unix time."""
        self._next.set(instant)

    def selected(self, *, elsewhere: int, unmatched: int) -> None:
        """Show how the settings and the other accounts narrow down the stations of the account."""
        self._elsewhere.set(elsewhere)
        self._unmatched.set(unmatched)

    def budget(self, per_minute: int, round_seconds: float) -> None:
        """Show the request budget, and how long reading all details once takes under it."""
        self._budget.set(per_minute)
        self._round.set(round_seconds)


class ReloadMetrics:
    """Shows whether a changed file could be taken over; `file` is its name in the help, `of` what has changed."""

    def __init__(self, registry: CollectorRegistry, name: str, file: str, of: str) -> None:
        self._failures = Counter(
            f"{name}_reload_failures", f"Changes of {of} that could not be used.", registry=registry
        )
        self._good = Gauge(
            f"{name}_last_reload_success",
            f"0 while {file} differs from what is in use, because it cannot be used.",
            registry=registry,
        )
        self._good.set(1)

    def __call__(self, *, good: bool) -> None:
        """Show whether a change could be taken over."""
        self._good.set(int(good))
        if not good:
            self._failures.inc()


class SelfMetrics(AccountMetrics):
    """The exporter's metrics about itself in one registry: those of the process, and those of its accounts.

    It is itself what the one account of the plain settings writes to, whose series carry no `account`. Where there are
    names, `of` gives what each account writes to, and every one of their series carries `account`. `shown` makes of
    these metrics what is shown of an account. Where there is a `replica`, the series of the process carry its name.
    """

    def __init__(
        self,
        accounts: Iterable[str] | None = None,
        *,
        shown: Callable[[str, "AccountMetrics"], Collector] = lambda _, own: own,
        replica: str = "",
    ) -> None:
        super().__init__()
        self._accounts: dict[str, AccountMetrics] = (
            {"": self} if accounts is None else {name: AccountMetrics() for name in accounts}
        )
        self._shown = {name: shown(name, own) for name, own in self._accounts.items()}
        self._own = process = CollectorRegistry(auto_describe=False)
        self._process = _Together({replica: process}, "replica")
        self._about_web(process)
        self._about_prices(process)
        self._about_portal_file(process)
        build = Gauge("sems_build_info", "Version of the exporter; always 1.", ["version", "python"], registry=process)
        build.labels(package_version(), platform.python_version()).set(1)
        ProcessCollector(registry=process)
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(_Together(self._shown))
        self.registry.register(self._process)

    def _about_web(self, registry: CollectorRegistry) -> None:
        self._web_faults = Counter(
            "sems_web_faults", "Requests to this exporter that a fault of its own spoiled.", registry=registry
        )
        self.web_config_read = ReloadMetrics(
            registry,
            "sems_web_config",
            "the web configuration file",
            "the web configuration file, or of a file it names,",
        )

    def _about_prices(self, registry: CollectorRegistry) -> None:
        labels = ["tariff", "direction"]
        self._prices_known = Gauge(
            "sems_tariff_known_until_timestamp_seconds",
            "Instant at which the known prices of the tariff end; absent while no end is in sight.",
            labels,
            registry=registry,
        )
        self._price_failures = Counter(
            "sems_tariff_refresh_failures",
            "Times that the source of a tariff's prices could not be used.",
            [*labels, "reason"],
            registry=registry,
        )
        self._price_uses: frozenset[tuple[str, str]] = frozenset()
        self._price_ends: frozenset[tuple[str, str]] = frozenset()

    def _about_portal_file(self, registry: CollectorRegistry) -> None:
        self.portal_file_read = ReloadMetrics(registry, "sems_portal_file", "the portal file", "the portal file")

    def price_sources(self, uses: Iterable[tuple[str, str]], reasons: Iterable[str]) -> None:
        """Make the series of the tariffs and directions that have a source of prices, for every reason."""
        new = frozenset(uses)
        for tariff, direction in self._price_uses - new:
            self._price_failures.remove_by_labels({"tariff": tariff, "direction": direction})
        for tariff, direction in new:
            for reason in reasons:
                self._price_failures.labels(tariff, direction, reason)
        self._price_uses = new

    def price_refresh_failed(self, tariff: str, direction: str, reason: str) -> None:
        """Count a source that could not be used."""
        self._price_failures.labels(tariff, direction, reason).inc()

    def prices_known(self, ends: Mapping[tuple[str, str], float]) -> None:
        """Show when the known prices of tariffs and directions end, as Unix time, and of no others."""
        for tariff, direction in self._price_ends - ends.keys():
            self._prices_known.remove(tariff, direction)
        for (tariff, direction), end in ends.items():
            self._prices_known.labels(tariff, direction).set(end)
        self._price_ends = frozenset(ends)

    def sharded(self, number: int, total: int, accounts: int) -> None:
        """Show which part of the list of accounts is read here: one shard, from 1, of `total`."""
        for name, text, value in (
            ("sems_shard", "Number of the shard that is read here, from 1.", number),
            ("sems_shards", "Shards that the list of accounts is shared out among.", total),
            ("sems_shard_accounts", "Accounts that belong to the shard.", accounts),
        ):
            Gauge(name, text, registry=self._own).set(value)

    @property
    def of_process(self) -> CollectorRegistry:
        """Where further metrics of the process go."""
        return self._own

    def of(self, name: str) -> AccountMetrics:
        """Return the metrics of the account with this name; raises KeyError where there is none."""
        return self._accounts[name]

    def of_account(self, name: str) -> Collector | None:
        """Only the series whose label `account` is `name`; None where no account is called so.

        For "" the series that are about the process and no account.
        """
        if not name:
            return self._process
        return _Together({name: self._shown[name]}) if name in self._shown else None

    def of_deliveries(self, targets: Iterable[str]) -> "DeliveryMetrics":
        """Begin to tell of what is written and sent to these targets; to be called once."""
        from sems_exporter.telemetry.delivery_metrics import DeliveryMetrics  # noqa: PLC0415 - most deliver nothing

        return DeliveryMetrics(self._own, targets)

    def of_remote_write(self, targets: Iterable[str]) -> "RemoteWriteMetrics":
        """Begin to tell of what is written to these receivers; to be called once."""
        from sems_exporter.telemetry.remote_write_metrics import RemoteWriteMetrics  # noqa: PLC0415 - as above

        return RemoteWriteMetrics(self._own, targets)

    def web_fault(self) -> None:
        """Count a request that we could not answer, through a fault of ours."""
        self._web_faults.inc()


def complete() -> SelfMetrics:
    """Metrics with all families that there can be, also those that only some settings bring."""
    own = SelfMetrics()
    own.sharded(1, 1, 1)
    ReplicaMetrics(own.of_process, [""])
    own.of_deliveries([""])
    own.of_remote_write([""])
    return own


class _Together(Collector):
    """The families of several collectors, each once, with the label that tells them apart; none for the name ""."""

    def __init__(self, parts: Mapping[str, Collector], label: str = "account") -> None:
        self._parts = parts
        self._label = label

    def collect(self) -> Iterator[Metric]:
        """Every family with the samples of all of them."""
        found: dict[str, Metric] = {}
        for name, part in self._parts.items():
            own = {self._label: name} if name else {}
            for family in part.collect():
                empty = Metric(family.name, family.documentation, family.type, family.unit)
                whole = found.setdefault(family.name, empty)
                whole.samples += [sample._replace(labels={**sample.labels, **own}) for sample in family.samples]
        yield from found.values()

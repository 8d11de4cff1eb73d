"""The exporter's own counters: what it asked of the portal, what it had to throw away, how it feels.

Every combination of labels that can occur exists from the start at 0, so that `increase()` sees the first event.
"""

import platform

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from sems_exporter import errors
from sems_exporter.findings import Findings, Unknown
from sems_exporter.version import package_version

OUTCOMES = (
    "ok",
    *(
        leaf.reason
        for leaf in errors.leaves(errors.PortalError)
        if leaf is errors.CredentialsRejected
        or not issubclass(leaf, errors.LoginFailed | errors.StationUnknown | errors.GatewayRefused)
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


class SelfMetrics:
    """The exporter's metrics about itself, in a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry(auto_describe=False)
        self._about_portal(registry)
        self._about_refreshes(registry)
        self._about_data(registry)
        self._about_web(registry)
        build = Gauge("sems_build_info", "Version of the exporter; always 1.", ["version", "python"], registry=registry)
        build.labels(package_version(), platform.python_version()).set(1)
        ProcessCollector(registry=registry)
        self._start_at_zero()

    def _start_at_zero(self) -> None:
        for outcome in LOGIN_OUTCOMES:
            self._logins.labels(outcome)
        for kind in Unknown:
            self._unknown.labels(kind.value)
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
        self._stations = Gauge(
            "sems_stations", "Stations the account shows and the settings select.", registry=registry
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

    def _about_web(self, registry: CollectorRegistry) -> None:
        self._web_faults = Counter(
            "sems_web_faults", "Requests to this exporter that a fault of its own spoiled.", registry=registry
        )
        self._web_config_failures = Counter(
            "sems_web_config_reload_failures",
            "Changes of the web configuration file, or of a file it names, that could not be used.",
            registry=registry,
        )
        self._web_config_good = Gauge(
            "sems_web_config_last_reload_success",
            "0 while the web configuration file differs from what is in use, because it cannot be used.",
            registry=registry,
        )
        self._web_config_good.set(1)

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

    def brake(self, login_allowed: float, paused_until: float, rejections: int, *, blocked: bool) -> None:
        """Show the account's brake; instants as Unix times."""
        self._login_allowed.set(login_allowed)
        self._paused_until.set(paused_until)
        self._rejections.set(rejections)
        self._blocked.set(int(blocked))

    def findings(self, findings: Findings) -> None:
        """Add what one refresh dropped and did not know."""
        for (metric, reason), count in findings.dropped.items():
            self._dropped.labels(metric, reason.value).inc(count)
        for kind, count in findings.unknown.items():
            self._unknown.labels(kind.value).inc(count)

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

    def web_fault(self) -> None:
        """Count a request that we could not answer, through a fault of ours."""
        self._web_faults.inc()

    def web_config_read(self, *, good: bool) -> None:
        """Show whether a changed web configuration file could be taken over."""
        self._web_config_good.set(int(good))
        if not good:
            self._web_config_failures.inc()

    def next_refresh(self, instant: float) -> None:
        """Show when the next refresh starts, as Unix time."""
        self._next.set(instant)

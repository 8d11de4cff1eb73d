"""What came of writing and sending, by target. There are no such series unless something is delivered."""

from collections.abc import Iterable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge


class Reason(StrEnum):
    """Why something could not be written or sent."""

    FULL = "full"
    DENIED = "denied"
    MISSING = "missing"
    DISK = "disk"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    LOGIN = "login"
    REFUSED = "refused"
    INTERNAL = "internal"


class DeliveryMetrics:
    """Attempts, failures and successes of each of `targets`."""

    def __init__(self, registry: CollectorRegistry, targets: Iterable[str]) -> None:
        self._attempts = Counter(
            "sems_delivery_attempts", "Times that a file was to be written or sent.", ["target"], registry=registry
        )
        self._failures = Counter(
            "sems_delivery_failures",
            "Times that this failed; what was there before stays until the next attempt.",
            ["target", "reason"],
            registry=registry,
        )
        self._bytes = Counter("sems_delivery_bytes", "Bytes that arrived.", ["target"], registry=registry)
        self._last_success = Gauge(
            "sems_delivery_last_success_timestamp_seconds",
            "End of the latest attempt that went well; 0 if none did.",
            ["target"],
            registry=registry,
        )
        for target in targets:
            self._attempts.labels(target)
            self._bytes.labels(target)
            self._last_success.labels(target)
            for reason in Reason:
                self._failures.labels(target, reason.value)

    def succeeded(self, target: str, size: int, now: float) -> None:
        """Count an attempt that went well, with its bytes and the Unix time at which it ended."""
        self._attempts.labels(target).inc()
        self._bytes.labels(target).inc(size)
        self._last_success.labels(target).set(now)

    def failed(self, target: str, reason: Reason) -> None:
        """Count an attempt that failed."""
        self._attempts.labels(target).inc()
        self._failures.labels(target, reason.value).inc()

"""What came of remote write, by target. There are no such series unless something is written to."""

from collections.abc import Iterable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge


class SampleOutcome(StrEnum):
    """What became of samples."""

    SENT = "sent"
    REJECTED = "rejected"
    EXPIRED = "expired"
    OVERFLOW = "overflow"


class RequestOutcome(StrEnum):
    """What a request came to."""

    OK = "ok"
    REJECTED = "rejected"
    DENIED = "denied"
    RATE_LIMITED = "rate_limited"
    SERVER_FAULT = "server_fault"
    REDIRECTED = "redirected"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    INTERNAL = "internal"


class RemoteWriteMetrics:
    """Samples, requests and the queue of each of `targets`."""

    def __init__(self, registry: CollectorRegistry, targets: Iterable[str]) -> None:
        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"sems_remote_write_{name}", text, ["target", *labels], registry=registry)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(f"sems_remote_write_{name}", text, ["target"], registry=registry)

        self._samples = counter("samples", "Samples that left the queue; all but `sent` are lost.", "outcome")
        self._requests = counter("requests", "Requests to the receiver.", "outcome")
        self._bytes = counter("bytes", "Bytes that arrived, packed.")
        self._corrupt = counter("queue_corrupt_bytes", "Bytes of the queue on disk that were not what was written.")
        self._last_success = gauge("last_success_timestamp_seconds", "Latest request that arrived; 0 if none did.")
        self._waiting = gauge("queue_samples", "Samples that wait.")
        self._queue_bytes = gauge("queue_bytes", "Bytes that they take.")
        self._used = gauge(
            "queue_used_ratio",
            "Share of the bytes or of the time in which samples may wait that is used, whichever is more; "
            "above 1 the oldest are lost.",
        )
        self._oldest = gauge("queue_oldest_timestamp_seconds", "Instant of the oldest sample that waits; 0 if none.")
        self._writable = gauge("queue_writable", "1 if the queue can be kept on disk; else a restart loses it.")
        for target in targets:
            for sample_outcome in SampleOutcome:
                self._samples.labels(target, sample_outcome.value)
            for outcome in RequestOutcome:
                self._requests.labels(target, outcome.value)
            for single in (self._bytes, self._corrupt, self._last_success):
                single.labels(target)
            self._writable.labels(target).set(1)
            self.queue(target, 0, 0, 0.0, None)

    def samples(self, target: str, outcome: SampleOutcome, count: int) -> None:
        """Count samples that are not kept any more."""
        self._samples.labels(target, outcome.value).inc(count)

    def request(self, target: str, outcome: RequestOutcome) -> None:
        """Count a request."""
        self._requests.labels(target, outcome.value).inc()

    def arrived(self, target: str, size: int, now: float) -> None:
        """Note a request that arrived, with its bytes and the Unix time."""
        self._bytes.labels(target).inc(size)
        self._last_success.labels(target).set(now)

    def corrupt(self, target: str, size: int) -> None:
        """Count bytes of the queue that cannot be used."""
        self._corrupt.labels(target).inc(size)

    def queue(self, target: str, samples: int, size: int, used: float, oldest: int | None) -> None:
        """Show what waits, the share of its room that is `used`, and the oldest by its instant in milliseconds."""
        self._waiting.labels(target).set(samples)
        self._queue_bytes.labels(target).set(size)
        self._used.labels(target).set(used)
        self._oldest.labels(target).set(0 if oldest is None else oldest / 1000)

    def writable(self, target: str, *, ok: bool) -> None:
        """Show whether the queue can be kept on disk."""
        self._writable.labels(target).set(int(ok))

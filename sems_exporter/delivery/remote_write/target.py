"""One receiver: samples are put into its queue each minute, and what is in it is sent, oldest first."""

import logging
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.config.remote_write import RemoteWriteSettings
from sems_exporter.delivery.failures import DeliveryFailed
from sems_exporter.delivery.http_target import basic, transport
from sems_exporter.delivery.remote_write.disk_queue import DiskQueue
from sems_exporter.delivery.remote_write.encoding import Encoder, WriteRequest
from sems_exporter.delivery.schedule import look_until
from sems_exporter.delivery.secrets import revealed
from sems_exporter.portal.http.envelope import HttpResponse, asked_pause
from sems_exporter.portal.http.transport import HttpRequest
from sems_exporter.telemetry.logs import ChangeLimiter
from sems_exporter.telemetry.redaction import MASKS
from sems_exporter.telemetry.remote_write_metrics import RemoteWriteMetrics, RequestOutcome, SampleOutcome
from sems_exporter.version import package_version

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": f"sems-exporter/{package_version()}",
}
LONGEST_RETRY_AFTER = 3600.0
LONGEST_SAID = 200
"""Characters of what a receiver says that are told."""
_OF_ERROR: dict[type[errors.PortalError], RequestOutcome] = {
    errors.Unreachable: RequestOutcome.UNREACHABLE,
    errors.CertificateInvalid: RequestOutcome.CERTIFICATE,
    errors.TimedOut: RequestOutcome.TIMEOUT,
}
_OF_STATUS = {
    # These say nothing against the samples. A token that has run out is replaced some day, and what was measured until
    # then would be gone.
    401: RequestOutcome.DENIED,
    403: RequestOutcome.DENIED,
    408: RequestOutcome.TIMEOUT,
    429: RequestOutcome.RATE_LIMITED,
}


class Target:
    """Queue and connection of one receiver. `put` and `attend` belong to two threads."""

    def __init__(
        self,
        settings: RemoteWriteSettings,
        labels: Mapping[str, str],
        folder: Path,
        metrics: RemoteWriteMetrics,
        clock: Clock,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._metrics = metrics
        self._clock = clock
        self._encoder = Encoder({**labels, **dict(settings.labels)}.items(), settings.queue.samples_per_request)
        self._connection = transport(settings.tls, settings.timeout)
        self._said, self._kept = ChangeLimiter(), ChangeLimiter()
        self._was_fine = self._was_kept = True
        self._backoff = 0.0
        self._retry_at = clock.monotonic()
        self._queue = DiskQueue(folder / settings.name, settings.queue.most_bytes, self._lost)
        self._show()

    def put(self, values: Mapping[bytes, float], gone: Iterable[bytes], timestamp: int) -> None:
        """Queue the samples of this instant, in milliseconds, and the end of those series that are `gone`."""
        failure = None
        for request in self._encoder.requests(values, gone, timestamp):
            try:
                self._queue.put(request)
            except OSError as error:
                failure = error
        self._queue.expire(timestamp - int(self._settings.queue.age_limit * 1000))
        self._tell_kept(failure)
        self._show()

    def attend(self) -> bool:
        """Send the oldest request, if it is time for that; whether the next one may follow at once."""
        if self._clock.monotonic() < self._retry_at:
            return False
        request = self._queue.first()
        if request is None:
            return False
        try:
            goes_on = self._sent(request)
        except Exception as error:
            # As with a refresh: a fault of ours must end neither this thread nor what others send.
            log.exception("remote write failed through a fault of the exporter", extra={"target": self.name})
            goes_on = self._again(RequestOutcome.INTERNAL, type(error).__name__, 0.0)
        self._show()
        return goes_on

    def run(self, stop: threading.Event) -> None:
        """Send until `stop` is set."""

        def send_all() -> None:
            while self.attend() and not stop.is_set():
                pass

        look_until(stop, send_all)

    def _sent(self, request: WriteRequest) -> bool:
        longest = self._settings.queue.max_backoff
        try:
            answer = self._answer(request)
        except DeliveryFailed as failed:
            return self._again(RequestOutcome.DENIED, str(failed), longest)
        except errors.PortalError as error:
            return self._again(_OF_ERROR.get(type(error), RequestOutcome.BROKEN), str(error), 0.0)
        outcome, text = _outcome(answer.status), f"status {answer.status}: {_said(answer)}"
        if outcome is RequestOutcome.OK:
            return self._arrived(request)
        if outcome is RequestOutcome.REJECTED:
            return self._rejected(request, text)
        least = longest if outcome in (RequestOutcome.DENIED, RequestOutcome.REDIRECTED) else 0.0
        asked = min(max(0.0, asked_pause(answer, self._clock.now()) or 0.0), LONGEST_RETRY_AFTER)
        return self._again(outcome, text, max(least, asked))

    def _answer(self, request: WriteRequest) -> HttpResponse:
        settings, secret = self._settings, self._settings.secret
        headers = {**dict(settings.headers), **HEADERS}
        if settings.basic is not None:
            headers["Authorization"] = basic(settings.basic.username, revealed(settings.basic.password))
        elif secret is not None:
            headers["Authorization"] = f"{settings.scheme} {revealed(secret)}"
        return self._connection.send(HttpRequest("remote_write", "POST", settings.url, headers, content=request.body))

    def _arrived(self, request: WriteRequest) -> bool:
        self._queue.done()
        self._metrics.request(self.name, RequestOutcome.OK)
        self._metrics.samples(self.name, SampleOutcome.SENT, request.samples)
        self._metrics.arrived(self.name, len(request.body), self._clock.now().timestamp())
        self._backoff = 0.0
        if self._said.of("", self._clock.monotonic()) is not None and not self._was_fine:
            log.info("remote write works again", extra={"target": self.name, "samples_waiting": self._queue.samples})
        self._was_fine = True
        return True

    def _again(self, outcome: RequestOutcome, text: str, least: float) -> bool:
        """Try the same request again, ever later, and not before `least` seconds have passed."""
        queue = self._settings.queue
        self._metrics.request(self.name, outcome)
        self._backoff = min(queue.max_backoff, max(queue.min_backoff, 2 * self._backoff))
        self._retry_at = self._clock.monotonic() + max(self._backoff, least)
        self._tell(outcome, "remote write fails; samples wait on disk, and this is not repeated", text)
        return False

    def _rejected(self, request: WriteRequest, text: str) -> bool:
        """Give the request up: it would be rejected for ever, and what comes after it would wait."""
        self._queue.done()
        self._metrics.request(self.name, RequestOutcome.REJECTED)
        self._metrics.samples(self.name, SampleOutcome.REJECTED, request.samples)
        self._backoff = 0.0
        self._tell(RequestOutcome.REJECTED, "remote write was rejected; these samples are lost", text)
        return True

    def _tell(self, outcome: RequestOutcome, message: str, text: str) -> None:
        self._was_fine = False
        if self._said.of(outcome, self._clock.monotonic()) is not None:
            log.warning(message, extra={"target": self.name, "outcome": outcome.value, "error": MASKS.masked(text)})

    def _tell_kept(self, failure: OSError | None) -> None:
        self._metrics.writable(self.name, ok=failure is None)
        if self._kept.of(failure is None, self._clock.monotonic()) is None:
            return
        if failure is not None:
            log.warning(
                "the queue of remote write cannot be written; samples wait in memory, and a restart loses them",
                extra={"target": self.name, "error": failure.strerror},
            )
        elif not self._was_kept:
            log.info("the queue of remote write can be written again", extra={"target": self.name})
        self._was_kept = failure is None

    def _lost(self, why: str, count: int) -> None:
        if why == "corrupt":
            self._metrics.corrupt(self.name, count)
            log.warning(
                "a part of the queue of remote write is not what was written, and left out",
                extra={"target": self.name, "bytes": count},
            )
            return
        outcome = SampleOutcome(why)
        self._metrics.samples(self.name, outcome, count)
        if self._said.of(outcome, self._clock.monotonic()) is not None:
            log.warning("samples have waited for too long or are too many, and are lost", extra={"target": self.name})

    def _show(self) -> None:
        queue, most = self._queue, self._settings.queue
        size, oldest = queue.size, queue.oldest
        waited = 0.0 if oldest is None else max(0.0, self._clock.now().timestamp() - oldest / 1000)
        used = max(size / most.most_bytes, waited / most.age_limit)
        self._metrics.queue(self.name, queue.samples, size, used, oldest)


def _outcome(status: int) -> RequestOutcome:
    if 200 <= status < 300:
        return RequestOutcome.OK
    if status < 400:
        return RequestOutcome.REDIRECTED
    return _OF_STATUS.get(status, RequestOutcome.REJECTED if status < 500 else RequestOutcome.SERVER_FAULT)


def _said(answer: HttpResponse) -> str:
    return " ".join(answer.body[: 4 * LONGEST_SAID].decode("utf-8", "replace").split())[:LONGEST_SAID]

"""What came of each attempt: counted always, told when it changes."""

import logging
from collections.abc import Callable

from sems_exporter.clock import Clock
from sems_exporter.delivery.failures import DeliveryFailed
from sems_exporter.telemetry.delivery_metrics import DeliveryMetrics, Reason
from sems_exporter.telemetry.logs import ChangeLimiter
from sems_exporter.telemetry.redaction import MASKS

log = logging.getLogger(__name__)

Attempt = Callable[[], int]
"""Delivers, and returns how many bytes; raises DeliveryFailed."""


class Record:
    """The attempts of one target."""

    def __init__(self, target: str, metrics: DeliveryMetrics, clock: Clock) -> None:
        self._target = target
        self._metrics = metrics
        self._clock = clock
        self._changes = ChangeLimiter()
        self._fine = True

    def of(self, attempt: Attempt) -> bool:
        """Make one attempt, and tell whether it went well. Nothing that it raises gets any further."""
        try:
            size = attempt()
        except DeliveryFailed as failed:
            self._failed(failed.reason, str(failed))
        except Exception as error:
            # As with a refresh: a fault of ours here must end neither this thread nor what others deliver.
            log.exception("a delivery failed through a fault of the exporter", extra={"target": self._target})
            self._failed(Reason.INTERNAL, type(error).__name__)
        else:
            self._metrics.succeeded(self._target, size, self._clock.now().timestamp())
            if self._news("") is not None and not self._fine:
                log.info("a delivery works again", extra={"target": self._target})
            self._fine = True
            return True
        return False

    def _failed(self, reason: Reason, text: str) -> None:
        self._metrics.failed(self._target, reason)
        self._fine = False
        if self._news(reason) is not None:
            told = {"target": self._target, "reason": reason.value, "error": MASKS.masked(text)}
            log.warning("a delivery fails; it is tried again, and this is not repeated", extra=told)

    def _news(self, condition: str) -> int | None:
        return self._changes.of(condition, self._clock.monotonic())

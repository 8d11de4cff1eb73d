"""The exporter's own metrics as text, with which a body ends.

prometheus_client renders them, which takes it milliseconds, so the result serves for a few seconds. Nothing tells when
they changed, and of the process metrics some always have. A few seconds of age do no harm: rates are taken over
minutes, and what the alerts look at lasts for minutes too.
"""

from collections.abc import Callable
from typing import cast

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest as text_of
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_of
from prometheus_client.registry import Collector

from sems_exporter.exposition.text_format import Format

ALL = "*"
PROCESS = ""
"""In place of an account's name: all of them, and those that are about no account."""
MAX_AGE_SECONDS = 5.0
"""Seconds for which they serve."""


class SelfMetricsText:
    """Renders `registry` and its parts, at most every MAX_AGE_SECONDS on `timer`. Not for several threads at once."""

    def __init__(
        self, registry: Collector, of_account: Callable[[str], Collector | None], timer: Callable[[], float]
    ) -> None:
        self._registry = registry
        self._of_account = of_account
        self._timer = timer
        self._texts: dict[tuple[Format, str], tuple[bytes, float]] = {}

    def text(self, wanted: Format, whose: str, serves_at: float) -> tuple[bytes | None, float]:
        """All of them, those of the process, or those about an account, and until when on the timer they serve.

        The last text is used if it still serves at `serves_at`; None where nobody knows such an account.
        """
        known = self._texts.get((wanted, whose))
        if known is not None and serves_at < known[1]:
            return known
        source = self._registry if whose == ALL else self._of_account(whose)
        if source is None:
            return None, self._timer() + MAX_AGE_SECONDS
        made = self._texts[wanted, whose] = _rendered(source, wanted), self._timer() + MAX_AGE_SECONDS
        return made


def _rendered(source: Collector, wanted: Format) -> bytes:
    # Both functions want nothing of a registry but that it collects.
    registry = cast("CollectorRegistry", source)
    if wanted is Format.TEXT:
        return text_of(registry)
    return cast("bytes", openmetrics_of(registry))  # type: ignore[no-untyped-call]

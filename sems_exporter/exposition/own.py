"""The exporter's own metrics, as the end of a body.

prometheus_client renders them, which takes it milliseconds, so the result serves for a few seconds. Nothing tells when
they changed, and of the process metrics some always have. A few seconds of age do no harm: rates are taken over
minutes, and what the alerts look at lasts for minutes too.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, cast

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import generate_latest as text_of
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics_of

from sems_exporter.exposition.checksum import Sum, summed
from sems_exporter.exposition.gzipped import BEST, END, deflated
from sems_exporter.exposition.lines import Format

ALL = "*"
PROCESS = ""
"""In place of an account's name: all of them, and those that are about no account."""
AGE = 5.0
"""Seconds for which they serve."""


class Collector(Protocol):
    """Something that has metrics: a registry, or the part of one that an account is about."""

    def collect(self) -> Iterable[Metric]:
        """The metrics as they are now."""


class Tail(NamedTuple):
    """The last lines of a body, plain and as the end of a gzip member."""

    text: bytes
    deflated: bytes
    sum: Sum


def tail(text: bytes) -> Tail:
    """`text` as the end of a body."""
    return Tail(text, deflated(text, BEST) + END, summed(text))


ENDS = {Format.TEXT: tail(b""), Format.OPENMETRICS: tail(b"# EOF\n")}
"""How a body ends that shows nothing about the exporter."""


class OwnMetrics:
    """Renders `registry` and its parts, at most every AGE seconds on `timer`. Not for several threads at once."""

    def __init__(
        self, registry: Collector, of_account: Callable[[str], Collector | None], timer: Callable[[], float]
    ) -> None:
        self._registry = registry
        self._of_account = of_account
        self._timer = timer
        self._tails: dict[tuple[Format, str], Tail | None] = {}
        self.until = timer() + AGE

    def renew(self) -> None:
        """Render anew what is asked for from now on."""
        self._tails = {}
        self.until = self._timer() + AGE

    def tail(self, wanted: Format, whose: str = ALL) -> Tail | None:
        """All of them, those of the process, or those about an account; None where nobody knows such an account."""
        key = (wanted, whose)
        if key not in self._tails:
            source = self._registry if whose == ALL else self._of_account(whose)
            self._tails[key] = None if source is None else tail(_rendered(source, wanted))
        return self._tails[key]


def _rendered(source: Collector, wanted: Format) -> bytes:
    # Both functions want nothing of a registry but that it collects.
    registry = cast("CollectorRegistry", source)
    if wanted is Format.TEXT:
        return text_of(registry)
    return cast("bytes", openmetrics_of(registry))  # type: ignore[no-untyped-call]

"""All sources of prices: each asked when it is due, in a thread of their own, and what is said of them."""

import logging
import threading
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

from sems_exporter.clock import Clock
from sems_exporter.tariffs.currencies import doubted_from
from sems_exporter.tariffs.price_list import PriceList
from sems_exporter.tariffs.price_source import REASONS, Failed, Fetch, PriceSource
from sems_exporter.tariffs.tariff import Direction, Source, Tariff
from sems_exporter.telemetry.metrics import SelfMetrics

log = logging.getLogger(__name__)

Use = tuple[str, str]
"""A tariff and a direction."""


class PriceSources:
    """The sources that some tariffs name; two that name the same one share it."""

    def __init__(self, state_dir: Path, *, fetch: Fetch, clock: Clock, metrics: SelfMetrics) -> None:
        self._state_dir = state_dir
        self._fetch = fetch
        self._clock = clock
        self._metrics = metrics
        self._sources: dict[Source, PriceSource] = {}
        self._uses: dict[Source, tuple[Use, ...]] = {}

    def use(self, tariffs: Iterable[Tariff]) -> None:
        """Have the sources of these tariffs, and no others; those that there were keep what they know."""
        sources: dict[Source, PriceSource] = {}
        uses: dict[Source, tuple[Use, ...]] = {}
        for tariff in tariffs:
            for direction in Direction:
                for number, valid in enumerate(tariff.of(direction)):
                    if valid.source is None:
                        continue
                    place = f"tariffs.{tariff.name}.{direction.value}[{number}].prices"
                    known = sources.get(valid.source) or self._sources.get(valid.source)
                    sources[valid.source] = known or self._made(valid.source, place, doubted_from(tariff.currency))
                    use = (tariff.name, direction.value)
                    uses[valid.source] = tuple(dict.fromkeys((*uses.get(valid.source, ()), use)))
        self._metrics.price_sources({use for of_source in uses.values() for use in of_source}, REASONS)
        self._sources, self._uses = sources, uses

    def _made(self, source: Source, place: str, doubted: Decimal) -> PriceSource:
        return PriceSource(source, place, doubted, folder=self._state_dir, fetch=self._fetch, clock=self._clock)

    def prices(self, source: Source) -> PriceList:
        """What a source has told so far."""
        found = self._sources.get(source)
        return PriceList() if found is None else found.prices

    def pending(self, tariff: Tariff) -> bool:
        """Tell whether a source of `tariff` was not tried yet since the start: its prices may come any moment."""
        named = (valid.source for direction in Direction for valid in tariff.of(direction))
        found = (self._sources.get(source) for source in named if source is not None)
        return any(source is not None and not source.attempted for source in found)

    @property
    def problems(self) -> list[str]:
        """A sentence about each source that failed last time."""
        return [source.problem for source in self._sources.values() if source.problem]

    def refresh_due(self) -> bool:
        """Ask the sources that are due, one after the other; whether any told something new."""
        now = self._clock.now()
        due = [source for source in list(self._sources.values()) if source.due <= now]
        return True in list(map(self._refreshed, due))

    def _refreshed(self, source: PriceSource) -> bool:
        uses = self._uses.get(source.source, ())
        try:
            return source.refresh()
        except Failed as failed:
            reason, text = failed.reason, str(failed)
        except Exception as error:
            # The one broad handler of prices: a fault of ours must not end the others.
            log.exception("a source of prices failed through a fault of the exporter")
            reason, text = "internal", f"{source.place}: a fault of the exporter: {type(error).__name__}"
        log.warning("prices could not be read", extra={"source": source.source.kind, "error": text})
        for tariff, direction in uses:
            self._metrics.price_refresh_failed(tariff, direction, reason)
        return False

    def refresh_until(self, stop: threading.Event, seconds: float, after: Callable[[bool], None]) -> None:
        """Ask what is due every so many seconds until `stop` is set; `after` is told whether there was anything new."""
        while not stop.is_set():
            after(self.refresh_due())
            self._clock.wait(stop, seconds)

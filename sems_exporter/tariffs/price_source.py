"""One source of prices: what it has told, kept on disk, and when it is asked again. It fails for itself alone."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from sems_exporter.clock import Clock
from sems_exporter.errors import PortalError
from sems_exporter.files import UNREADABLE, read_bounded, read_private, write_private
from sems_exporter.tariffs.adapters import ADAPTERS, LISTS, document
from sems_exporter.tariffs.price_list import BadList, Price, PriceList, number, ordered, plain, scaled
from sems_exporter.tariffs.tariff import Source

log = logging.getLogger(__name__)

FOLDER = "prices"
"""In the state directory."""
LARGEST_LIST_BYTES = 8 * 1024 * 1024
"""Bytes of a list, and of what is kept of a source."""
PRICES_KEPT_FOR = timedelta(days=400)
ASKED_BEHIND, ASKED_AHEAD = timedelta(days=2), timedelta(days=2)
"""The span that is asked for, around now."""
LEAST_KNOWN_AHEAD = timedelta(hours=11)
"""Prices are asked for where fewer hours are known: from one o'clock on, when exchanges tell the next day's."""
QUESTION_SPACING = timedelta(minutes=30)
"""Between two questions that brought nothing new, and the least between any two."""
FILE_LOOK_SPACING = timedelta(minutes=1)
"""Between two looks at a file, which cost nobody anything."""
LONGEST_QUESTION_SPACING = timedelta(hours=2)
MOST_QUESTIONS_A_DAY = 48
"""Questions to one source in a day, over all restarts."""
DAY = timedelta(days=1)
REASONS = (
    "budget",
    "broken",
    "certificate",
    "empty",
    "file",
    "http",
    "implausible",
    "internal",
    "rate_limited",
    "timeout",
    "too_large",
    "unreachable",
    "unreadable",
)
"""Why a source could not be used, as label of a metric."""


class Answer(NamedTuple):
    """Status and body of an HTTP answer."""

    status: int
    body: bytes


Fetch = Callable[[str], Answer]
"""Asks an address; raises a PortalError where no complete answer comes."""


class Failed(Exception):
    """A source could not be used; the text says why. `reason` is one of REASONS."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(slots=True)
class _Memory:
    """What is kept of a source: its prices, and the Unix times at which it was asked."""

    prices: PriceList
    asked: list[float]


class PriceSource:
    """Prices of one source. `place` is its key in the settings, for messages; `doubted` a price that is not believed.

    `attempted` tells whether it was tried since the start, or need not be.
    """

    def __init__(
        self, source: Source, place: str, doubted: Decimal, *, folder: Path, fetch: Fetch, clock: Clock
    ) -> None:
        self.source = source
        self.place = place
        self.problem = ""
        self._doubted = doubted
        self._fetch = fetch
        self._clock = clock
        self._path = folder / FOLDER / f"{source.kind}-{_digest(source)}.json"
        self._memory = self._recalled()
        self._failures = 0
        self._due = self._first_due()
        self.attempted = self._due > clock.now()

    @property
    def prices(self) -> PriceList:
        """What it has told so far."""
        return self._memory.prices

    @property
    def due(self) -> datetime:
        """When it is to be asked next."""
        return self._due

    def refresh(self) -> bool:
        """Ask it; whether that brought prices. Raises Failed, and then all that was known stays."""
        now = self._clock.now()
        before = self.prices
        try:
            found = self._told(now)
            # A list of the user's own says all there is; what it does not say any more holds no longer, but did.
            kept = before.until(int(now.timestamp())) if self.source.kind in LISTS else before
            new = kept.merged(found, int((now - PRICES_KEPT_FOR).timestamp()))
        except Failed as failed:
            self._failures += 1
            self.problem = str(failed)
            self._due = now + min(QUESTION_SPACING * 2 ** min(self._failures - 1, 4), LONGEST_QUESTION_SPACING)
            raise
        finally:
            self.attempted = True
        self._failures, self.problem = 0, ""
        self._due = self._next_due(new, now)
        if new != before:
            self._memory.prices = new
            self._save()
        return new != before

    def _told(self, now: datetime) -> tuple[Price, ...]:
        kind = self.source.kind
        try:
            if kind == "file":
                return self._fit(plain(document(self._file())))
            if kind == "url":
                return self._fit(plain(document(self._asked(self.source.option("url"), now))))
            adapter = ADAPTERS[kind]
            address = adapter.url(self.source, now - ASKED_BEHIND, now + ASKED_AHEAD)
            if urlsplit(address).hostname != adapter.host:
                raise Failed("internal", f"{kind} is asked at {adapter.host} only")
            return self._fit(adapter.decode(document(self._asked(address, now))))
        except BadList as error:
            raise Failed(error.reason, f"{self.place}: {self._name} {error}") from None

    def _fit(self, told: list[Price]) -> tuple[Price, ...]:
        if not told:
            raise BadList("tells no prices", "empty")
        return scaled(ordered(told), self.source.scale, self._doubted, self.place)

    @property
    def _name(self) -> str:
        """What a person knows the source by: never its address, which may hold a secret."""
        kind = self.source.kind
        if kind == "file":
            return f"the list in {self.source.option('path')}"
        return f"the answer of {urlsplit(self.source.option('url')).hostname if kind == 'url' else ADAPTERS[kind].host}"

    def _file(self) -> bytes:
        try:
            return read_bounded(Path(self.source.option("path")), LARGEST_LIST_BYTES)
        except OSError as error:
            raise Failed("file", f"{self.place}: {self._name} cannot be read: {error.strerror}") from None

    def _asked(self, address: str, now: datetime) -> bytes:
        """The body of a good answer; the question is written down before it is sent."""
        recent = [instant for instant in self._memory.asked if 0 <= now.timestamp() - instant < DAY.total_seconds()]
        if len(recent) >= MOST_QUESTIONS_A_DAY:
            raise Failed(
                "budget", f"{self.place}: asked {MOST_QUESTIONS_A_DAY} times within a day; no more until that is over"
            )
        self._memory.asked = [*recent, now.timestamp()]
        self._save()
        try:
            answer = self._fetch(address)
        except PortalError as error:
            reason = error.reason if error.reason in REASONS else "http"
            raise Failed(reason, f"{self.place}: {self._name} did not come: {error}") from None
        if answer.status == 429:
            raise Failed("rate_limited", f"{self.place}: {self._name} was to wait (status 429)")
        if answer.status != 200:
            raise Failed("http", f"{self.place}: {self._name} has status {answer.status}")
        return answer.body

    def _first_due(self) -> datetime:
        now = self._clock.now()
        if self.source.kind == "file":
            return now
        last = max((instant for instant in self._memory.asked if instant <= now.timestamp()), default=0.0)
        return max(now, self._next_due(self.prices, datetime.fromtimestamp(last, UTC))) if last else now

    def _next_due(self, prices: PriceList, asked: datetime) -> datetime:
        if self.source.kind == "file":
            return asked + FILE_LOOK_SPACING
        known = prices.known_from(int(asked.timestamp()))
        return max(asked + QUESTION_SPACING, datetime.fromtimestamp(known, UTC) - LEAST_KNOWN_AHEAD)

    def _recalled(self) -> _Memory:
        if self.source.kind == "file":
            return _Memory(PriceList(), [])
        try:
            told = json.loads(read_private(self._path, LARGEST_LIST_BYTES))
            prices = [Price(int(start), int(end), number(Decimal(value))) for start, end, value in told["prices"]]
            return _Memory(PriceList(ordered(prices)), [float(instant) for instant in told["asked"] if instant >= 0])
        except FileNotFoundError:
            return _Memory(PriceList(), [])
        except (OSError, ArithmeticError, BadList, *UNREADABLE) as error:
            log.warning(
                "the prices kept of a source cannot be read; it is asked anew",
                extra={"path": str(self._path), "error": type(error).__name__},
            )
            return _Memory(PriceList(), [])

    def _save(self) -> None:
        if self.source.kind == "file":
            return
        prices = [[price.start, price.end, str(price.value)] for price in self._memory.prices.prices]
        try:
            write_private(self._path, json.dumps({"asked": self._memory.asked, "prices": prices}))
        except OSError as error:
            log.warning("prices cannot be kept on disk", extra={"path": str(self._path), "error": error.strerror})


def _digest(source: Source) -> str:
    """A name for the file of a source, from which its address cannot be read."""
    told = json.dumps([source.kind, source.options, str(source.scale)])
    return hashlib.sha256(told.encode()).hexdigest()[:16]

"""Prices that a source has told: intervals without overlap, each with its price, and what is wrong with a bad list."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from statistics import median
from typing import NamedTuple

MOST_PRICES = 50_000
"""Of one list; a year of quarter hours has 35,000."""
LONGEST_PRICE_SECONDS = 366 * 86_400
"""Seconds that one price may hold."""


class Price(NamedTuple):
    """A price from `start` up to, and not including, `end`, in seconds since 1970."""

    start: int
    end: int
    value: Decimal


class BadList(Exception):
    """A list that nothing is taken from; the text says why, and the place. `reason` is a word for metrics."""

    def __init__(self, text: str, reason: str = "unreadable") -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices in order of time; between them may be gaps, for which no price is known."""

    prices: tuple[Price, ...] = ()

    def at(self, second: int) -> Price | None:
        """The price of an instant."""
        place = bisect_right(self.prices, second, key=lambda price: price.start) - 1
        if place < 0 or second >= self.prices[place].end:
            return None
        return self.prices[place]

    def edges(self, start: int, end: int) -> set[int]:
        """The instants between these two at which a price begins or ends."""
        first = max(0, bisect_right(self.prices, start, key=lambda price: price.start) - 1)
        found: set[int] = set()
        for price in self.prices[first:]:
            if price.start >= end:
                break
            found.update(edge for edge in price[:2] if start < edge < end)
        return found

    def known_from(self, second: int) -> int:
        """Until when prices are known without a gap from `second` on; where there is none, when the last one ended."""
        end = second
        while (price := self.at(end)) is not None:
            end = price.end
        if end > second:
            return end
        return max((price.end for price in self.prices if price.end <= second), default=0)

    def until(self, second: int) -> "PriceList":
        """These without those that begin at `second` or later."""
        return PriceList(tuple(price for price in self.prices if price.start < second))

    def merged(self, newer: Iterable[Price], keep_from: int) -> "PriceList":
        """These with newer ones in place of what they overlap, without those that ended before `keep_from`."""
        new = tuple(newer)
        starts = [price.start for price in new]

        def replaced(price: Price) -> bool:
            place = bisect_right(starts, price.start)
            return (place > 0 and new[place - 1].end > price.start) or (
                place < len(new) and new[place].start < price.end
            )

        kept = [price for price in self.prices if price.end > keep_from and not replaced(price)]
        return PriceList(tuple(sorted((*kept, *new))))


def ordered(prices: Iterable[Price]) -> tuple[Price, ...]:
    """`prices` in order, those told twice once; raises BadList where two of one time differ."""
    found = sorted(set(prices))
    if len(found) > MOST_PRICES:
        raise BadList(f"has more than {MOST_PRICES} prices", "too_large")
    for price in found:
        if not 0 < price.end - price.start <= LONGEST_PRICE_SECONDS:
            raise BadList(
                f"the price from {_text(price.start)} ends {_text(price.end)}, before it began or years later"
            )
    for one, other in pairwise(found):
        if other.start < one.end:
            raise BadList(
                f"two prices hold at {_text(other.start)}: {one.value} from {_text(one.start)} to {_text(one.end)}, "
                f"and {other.value} to {_text(other.end)}"
            )
    return tuple(found)


def scaled(prices: Sequence[Price], scale: Decimal, doubted: Decimal, key: str) -> tuple[Price, ...]:
    """`prices` as money for a kilowatt hour; raises BadList where most of them cannot be that, as of another unit."""
    found = tuple(price._replace(value=price.value * scale) for price in prices)
    if found and abs(median(price.value for price in found)) >= doubted:
        middle = median(price.value for price in found)
        raise BadList(
            f"half of its prices are beyond {middle:.4g} for a kilowatt hour, which is not believed; if they are for "
            f"another unit, say so with {key}.scale: 0.01 for cents, 0.001 for megawatt hours",
            "implausible",
        )
    return found


def plain(document: object) -> list[Price]:
    """The prices of the documented list: `[{"start": ..., "end": ..., "value": ...}]`; raises BadList."""
    if not isinstance(document, list):
        raise BadList("is not a list of prices, each with start, end and value")
    if len(document) > MOST_PRICES:
        raise BadList(f"has more than {MOST_PRICES} prices", "too_large")
    return [_plain(place, entry) for place, entry in enumerate(document)]


def _plain(place: int, entry: object) -> Price:
    if not isinstance(entry, dict):
        raise BadList(f"entry {place} is not a price with start, end and value")
    missing = [name for name in ("start", "end", "value") if name not in entry]
    if missing:
        raise BadList(f"entry {place} has no {missing[0]}")
    try:
        return Price(second(entry["start"]), second(entry["end"]), number(entry["value"]))
    except BadList as error:
        raise BadList(f"entry {place}: {error}", error.reason) from None


def second(told: object) -> int:
    """Seconds since 1970 of an ISO 8601 time with its offset; raises BadList, as for a time without one."""
    if not isinstance(told, str):
        raise BadList(f"{_short(told)} is not a time such as 2026-11-28T00:00:00+01:00")
    try:
        instant = datetime.fromisoformat(told.strip())
    except ValueError:
        raise BadList(f"{_short(told)} is not a time such as 2026-11-28T00:00:00+01:00") from None
    if instant.tzinfo is None:
        raise BadList(f"{_short(told)} lacks its offset from UTC, such as Z or +01:00, so nobody knows when that is")
    return _whole(instant.timestamp())


def of_unix(told: object, divisor: int = 1) -> int:
    """Seconds since 1970 of a number of seconds, or of a fraction of them; raises BadList."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        raise BadList(f"{_short(told)} is not a time in seconds since 1970")
    return _whole(told / divisor)


def _whole(seconds: float) -> int:
    if not 0 < seconds < 2**33 or seconds != int(seconds):
        raise BadList(f"{seconds} is not a whole second of our time")
    return int(seconds)


def number(told: object) -> Decimal:
    """A finite number as it is written; raises BadList for anything else, a number in quotes included."""
    if isinstance(told, bool) or not isinstance(told, int | float | Decimal):
        raise BadList(f"{_short(told)} is not a number")
    try:
        value = Decimal(str(told))
    except InvalidOperation:
        raise BadList(f"{_short(told)} is not a number") from None
    if not value.is_finite() or abs(value) > Decimal("1e9"):
        raise BadList(f"{_short(told)} is not a price")
    return value


def _text(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _short(told: object) -> str:
    return repr(told)[:60]

"""The prices of a tariff on the line of time: half-open intervals in UTC, each with one price or none."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise

from cachetools import LRUCache

from sems_exporter.tariffs import public_holidays
from sems_exporter.tariffs.price_list import PriceList
from sems_exporter.tariffs.schedule import SUNDAY, cut, midnight
from sems_exporter.tariffs.tariff import Direction, Source, Tariff, Validity

DAYS_KEPT = 256
"""Days of one tariff that are kept ready."""
LOOK_AHEAD = timedelta(days=8)
"""So far ahead it is looked whether prices are known; no source tells them that early."""
UNKNOWN = "unknown"
"""In place of where a price is from: a source has not told it."""
NONE_YET = "no price yet"
"""The tariff has none for this date."""
BASE = "price"


@dataclass(frozen=True, slots=True)
class Slot:
    """What a kilowatt hour costs from `start` up to, and not including, `end`; None where that is not known.

    `origin` tells a person where the price is from.
    """

    start: datetime
    end: datetime
    price: Decimal | None
    origin: str


class Calendar:
    """The prices of a tariff by the time of `zone`. `lists` gives what a source has told so far.

    May be used by several threads.
    """

    def __init__(self, tariff: Tariff, zone: tzinfo, lists: Callable[[Source], PriceList]) -> None:
        self.tariff = tariff
        self.zone = tariff.zone or zone
        self._lists = lists
        self._lock = threading.Lock()
        self._days: LRUCache[tuple[Direction, date], tuple[PriceList | None, tuple[Slot, ...]]] = LRUCache(DAYS_KEPT)

    def day(self, direction: Direction, day: date) -> tuple[Slot, ...]:
        """The slots of a local day, without a gap: together they are as long as the day is."""
        valid = self.tariff.valid(direction, day)
        prices = self._lists(valid.source) if valid is not None and valid.source is not None else None
        with self._lock:
            kept = self._days.get((direction, day))
        if kept is not None and kept[0] is prices:
            return kept[1]
        slots = self._slots(valid, day, prices)
        with self._lock:
            self._days[direction, day] = prices, slots
        return slots

    def at(self, direction: Direction, instant: datetime) -> Slot:
        """The slot that `instant` lies in."""
        slots = self.day(direction, instant.astimezone(self.zone).date())
        return next(slot for slot in slots if slot.start <= instant < slot.end)

    def between(self, direction: Direction, start: datetime, end: datetime) -> Iterator[Slot]:
        """The slots from `start` to `end`, the first and the last cut off there; nothing where there is no time."""
        day = start.astimezone(self.zone).date()
        while start < end and midnight(day, self.zone) < end:
            for slot in self.day(direction, day):
                first, last = max(slot.start, start), min(slot.end, end)
                if first < last:
                    yield Slot(first, last, slot.price, slot.origin)
            day += timedelta(days=1)

    def known_until(self, direction: Direction, now: datetime) -> datetime | None:
        """When the known prices end, in the past if they have; None where no end is in sight, or no price was there."""
        if not self.tariff.of(direction):
            return None
        for slot in self.between(direction, now, now + LOOK_AHEAD):
            if slot.price is None:
                return slot.start if slot.start > now else self._ended(direction, now)
        return None

    def _ended(self, direction: Direction, now: datetime) -> datetime | None:
        ends = [slot.end for slot in self.between(direction, now - LOOK_AHEAD, now) if slot.price is not None]
        return max(ends, default=None)

    def _slots(self, valid: Validity | None, day: date, prices: PriceList | None) -> tuple[Slot, ...]:
        if valid is None:
            return (Slot(midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone), None, NONE_YET),)
        weekday = SUNDAY if public_holidays.is_holiday(self.tariff.holidays, day) else day.weekday()
        own = valid.schedule.boundaries if valid.schedule is not None else frozenset()
        edges = cut(day, self.zone, own | valid.charges.boundaries)
        if prices is not None:
            told = prices.edges(int(edges[0].timestamp()), int(edges[-1].timestamp()))
            edges = sorted({*edges, *(datetime.fromtimestamp(second, UTC) for second in told)})
        return _joined(self._slot(valid, start, end, weekday, prices) for start, end in pairwise(edges))

    def _slot(self, valid: Validity, start: datetime, end: datetime, weekday: int, prices: PriceList | None) -> Slot:
        local = start.astimezone(self.zone)
        place = local.month, weekday, local.hour * 60 + local.minute
        if valid.schedule is not None:
            price, zone = valid.schedule.at(*place)
            origin = zone or BASE
        else:
            told = prices.at(int(start.timestamp())) if prices is not None else None
            price = None if told is None else told.value
            origin = UNKNOWN if told is None or valid.source is None else valid.source.kind
        charge, _ = valid.charges.at(*place)
        total = None if price is None or charge is None else valid.total(price, charge)
        return Slot(start, end, total, origin)


def _joined(slots: Iterator[Slot]) -> tuple[Slot, ...]:
    """`slots`, with neighbours of the same price and origin as one."""
    found: list[Slot] = []
    for slot in slots:
        last = found[-1] if found else None
        if last is not None and (last.price, last.origin) == (slot.price, slot.origin):
            found[-1] = Slot(last.start, slot.end, slot.price, slot.origin)
        else:
            found.append(slot)
    return tuple(found)

"""Money of a past, by the tariff and the prices that were valid then.

It is counted from the energies of all the past, whether a store has those or not, and written where it has no money.
The live counters begin at 0 when the exporter first sees station and tariff. There the counters of the past end: a
counter that begins anew, over which `increase()` is right.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sems_exporter.exposition import families
from sems_exporter.exposition.samples import label
from sems_exporter.history.further import Column, FindHoles, Further
from sems_exporter.history.past import Past
from sems_exporter.history.reckoning import Hole, reckon
from sems_exporter.history.series import inside
from sems_exporter.model.money import Money
from sems_exporter.model.plant import KWH
from sems_exporter.tariffs.accountant import Accountant
from sems_exporter.tariffs.calendar import Calendar
from sems_exporter.tariffs.past import past_money
from sems_exporter.tariffs.price_list import PriceList
from sems_exporter.tariffs.tariff import Direction, Source

PRICES = {Direction.IMPORT: families.PRICES["import_price"], Direction.EXPORT: families.PRICES["export_price"]}
COUNTERS = {of.name: of for of in (*families.MONEY.values(), families.UNPRICED_ENERGY, families.ESTIMATED_ENERGY)}
STANDING = (families.MONEY["standing_charge"].name, "")

Key = tuple[str, str]
"""The name of one of COUNTERS, and the direction that it is of; "" where it has none."""


@dataclass(slots=True)
class Counted:
    """A counter of money from 0 on: what it stood at at each of its instants, in order."""

    instants: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def at(self, instant: float) -> float:
        """What it stood at then, evenly between its instants."""
        place = bisect_right(self.instants, instant)
        if place in (0, len(self.instants)):
            return self.values[-1] if place else 0.0
        begin, end = self.instants[place - 1 : place + 1]
        before, after = self.values[place - 1 : place + 1]
        return before + (after - before) * (instant - begin) / (end - begin)


def money(accountant: Accountant) -> Further:
    """What writes the money of stations that have a tariff."""

    def series(past: Past, find: FindHoles, step: int) -> Iterator[Column]:
        tariff = accountant.tariff_of(past.station)
        if tariff is None:
            return
        calendar = accountant.calendar(tariff, past.zone)
        counted = _count(past, calendar, accountant.sources.prices, step)
        yield from _counters(past, counted, find)
        instants = sorted({at for each in counted.values() for at in each.instants})
        holes = find([families.TARIFF.sample_name, *(of.sample_name for of in PRICES.values())], {})
        texts = f"{label('tariff', tariff.name)},{label('currency', tariff.currency)}"
        known = dict.fromkeys(instants, 1.0)
        yield Column.of(families.TARIFF, texts, inside(known, holes[families.TARIFF.sample_name]))
        for way, of in PRICES.items():
            if tariff.of(way):
                prices = dict(_prices(calendar, way, instants))
                yield Column.of(of, "", inside(prices, holes[of.sample_name]))

    return series


def _count(past: Past, calendar: Calendar, prices: Callable[[Source], PriceList], step: int) -> dict[Key, Counted]:
    """All counters from the beginning of the past until the station was read.

    The standing charge of a day that begins is told after midnight and the second that follows it, as it is live: so it
    belongs to that day, whichever of the two a range begins with.
    """
    found: dict[Key, Counted] = {}
    charged = told = 0.0
    tariff, zone = calendar.tariff, calendar.tariff.zone or past.zone
    for instant, now in past_money(past.station, _energies(past, step), tariff, zone, prices):
        amounts = _amounts(now)
        if STANDING in amounts:
            clock = instant.astimezone(zone)
            seconds = clock.hour * 3600 + clock.minute * 60 + clock.second
            if seconds != 1:
                told = amounts[STANDING] if seconds else charged
            charged, amounts[STANDING] = amounts[STANDING], told
        for key, amount in amounts.items():
            one = found.setdefault(key, Counted())
            one.instants.append(int(instant.timestamp()))
            one.values.append(amount)
    return found


def _energies(past: Past, step: int) -> Iterator[tuple[datetime, dict[str, float]]]:
    """The lifetime energies at each instant at which one is known, and as they are now."""
    station, now = past.station, int(past.station.fetched_at.timestamp())
    known: dict[int, dict[str, float]] = {}
    for name, value in past.reading.counters.items():
        live: float | None = getattr(station, name)
        if live is None or (name == "pv_energy" and "load_energy" in past.reading.counters):
            # Self-consumption is worked out from the house or from sun and battery, and never now so, now so.
            continue
        whole = Hole(past.days[0].start - 1, now)
        reckoned = reckon(past.totals[name], whole, (past.reading.at, value), live, step).samples
        for at, joules in (reckoned | {now: live}).items():
            known.setdefault(at, {})[name] = joules
    for at in sorted(known):
        yield datetime.fromtimestamp(at, UTC), known[at]


def _amounts(now: Money) -> dict[Key, float]:
    """The counters as they stand."""
    found = {(of.name, ""): getattr(now, name) for name, of in families.MONEY.items()}
    for of, energies in ((families.UNPRICED_ENERGY, now.unpriced), (families.ESTIMATED_ENERGY, now.estimated)):
        found |= {(of.name, direction): joules for direction, joules in energies.items()}
    return {key: amount for key, amount in found.items() if amount is not None}


def _counters(past: Past, counted: dict[Key, Counted], find: FindHoles) -> Iterator[Column]:
    live = _amounts(past.station.money) if past.station.money is not None else {}
    now = past.station.fetched_at.timestamp()
    for direction in sorted({direction for _, direction in counted}):
        names = [name for name, of in counted if of == direction]
        labels = {"direction": direction} if direction else {}
        holes = find([COUNTERS[name].sample_name for name in names], labels)
        for name in names:
            samples: dict[int, float] = {}
            for hole in holes[COUNTERS[name].sample_name]:
                samples |= fitted(counted[name, direction], hole, (now, live.get((name, direction), 0.0)))
            texts = label("direction", direction) if direction else ""
            yield Column.of(COUNTERS[name], texts, samples)


def fitted(counted: Counted, hole: Hole, live: tuple[float, float]) -> dict[int, float]:
    """The samples of a counter within a hole; `live` is the instant and what it stands at now.

    Where the store has the counter before and after, it rises from the one to the other. Where it has it only after, it
    is reckoned backwards from there to 0, and what came before that is a counter of its own, from 0 on.
    """
    at, stands = hole.after or live
    base, start = hole.before or 0.0, counted.at(hole.begin)
    places = slice(bisect_right(counted.instants, hole.begin), bisect_right(counted.instants, hole.end))
    came = {t: value - start for t, value in zip(counted.instants[places], counted.values[places], strict=True)}
    if hole.before is not None and stands >= base:
        return {t: min(base + amount, stands) for t, amount in came.items()}
    if hole.before is not None and hole.after is None:
        # Another ledger than the one that the store knows: nobody can tell how its counter will go on.
        return {}
    offset = stands - (counted.at(at) - start)
    earlier = {t: base + amount for t, amount in came.items() if offset + amount <= 0}
    samples = {t: min(offset + amount, stands) for t, amount in came.items() if offset + amount > 0}
    begins = min(samples) if samples else int(at) if hole.after else None
    if earlier and begins is not None and begins - 2 > max(earlier):
        # In the seconds before the one begins the other gets all that it has, and is gone: so nothing is lost.
        earlier |= {begins - 2: max(*earlier.values(), base - offset), begins - 1: 0.0}
    return earlier | samples


def _prices(calendar: Calendar, way: Direction, instants: Sequence[int]) -> Iterator[tuple[int, float]]:
    """The price of a joule at each instant at which it is known."""
    slot = None
    for at in instants:
        instant = datetime.fromtimestamp(at, UTC)
        if slot is None or instant >= slot.end:
            slot = calendar.at(way, instant)
        if slot.price is not None:
            yield at, float(slot.price) / KWH

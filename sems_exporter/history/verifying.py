"""What a store says a day brought, against what the portal says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sems_exporter.history.archive import Archive
from sems_exporter.history.days import dates, midnight
from sems_exporter.history.fetching import Span
from sems_exporter.history.past import COUNTERS, energies_by_date
from sems_exporter.history.store import Labels, Store, selected
from sems_exporter.model.plant import KWH, Station
from sems_exporter.model.schema import family

AGREE_SHARE = 0.02
AGREE_JOULES = 0.2 * KWH
"""By how much they may differ: the portal rounds, and tells a scrape of midnight what it knew minutes before."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which store and portal differ, in joules; None where the store has nothing at one of its midnights."""

    station: str
    date: date
    counter: str
    portal: int
    store: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was compared, and what differs."""

    compared: int
    differences: tuple[Difference, ...]


def verify(archive: Archive, store: Store, span: Span, target: Labels) -> Verdict:
    """Compare every day of the span that is over, and of which the portal tells something."""
    portal = energies_by_date(archive, span)
    labels = {**target, "station": span.station}
    compared, found = 0, []
    standing: dict[date, Mapping[str, float]] = {}
    for day in dates(span.first, min(span.last, span.today - timedelta(days=1))):
        told = {name: joules for name, joules in portal.get(day, {}).items() if name in COUNTERS}
        if not any(told.values()):
            continue
        for each in (day, day + timedelta(days=1)):
            if each not in standing:
                standing[each] = _standing(store, labels, midnight(each, span.zone))
        begin, end = standing.pop(day), standing[day + timedelta(days=1)]
        known = [name for name in told if name in begin or name in end] or list(told)
        for name in known:
            compared += 1
            came = end[name] - begin[name] if name in begin and name in end else None
            if came is None or abs(came - told[name]) > max(AGREE_JOULES, AGREE_SHARE * told[name]):
                found.append(Difference(span.station, day, name, told[name], came))
    return Verdict(compared, tuple(found))


def _standing(store: Store, labels: Labels, instant: int) -> dict[str, float]:
    """What the counters stand at in the store at an instant."""
    names = {family(Station, name).sample_name: name for name in COUNTERS}
    found = store.at(instant, selected("|".join(names), labels))
    return {names[each.labels["__name__"]]: each.points[0][1] for each in found if each.labels.get("__name__") in names}


def table(verdict: Verdict, names: Mapping[str, str]) -> Iterator[str]:
    """What differs, a line each; a run of days of which the store has nothing in one."""
    yield f"{'day':<23} {'energy':<18} {'portal kWh':>11} {'store kWh':>11}  station"
    for each, last in _runs(verdict.differences):
        day = f"{each.date}" if last == each.date else f"{each.date}..{last}"
        counter = each.counter.removesuffix("_energy").replace("_", " ")
        store = "nothing" if each.store is None else f"{each.store / KWH:.2f}"
        portal = f"{each.portal / KWH:.2f}" if last == each.date else ""
        yield f"{day:<23} {counter:<18} {portal:>11} {store:>11}  {names.get(each.station, each.station)}"


def _runs(differences: tuple[Difference, ...]) -> Iterator[tuple[Difference, date]]:
    """Each difference with the last day that it holds for."""
    begun: dict[str, tuple[Difference, date]] = {}
    for each in differences:
        key = f"{each.station} {each.counter}"
        if key in begun:
            first, last = begun[key]
            if each.store is None and first.store is None and each.date == last + timedelta(days=1):
                begun[key] = (first, each.date)
                continue
            yield begun.pop(key)
        begun[key] = (each, each.date)
    yield from begun.values()

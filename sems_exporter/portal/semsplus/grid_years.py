"""The lifetime of grid import and export where no meter counts it: the sum of the portal's calendar years.

A hybrid inverter may read the grid by its own meter, which no list of devices shows. The portal then gives energies by
day, month and year, one calendar year in each request, and no lifetime.
"""

from datetime import date, timedelta
from functools import partial

from sems_exporter.model.plant import Inverter
from sems_exporter.model.schema import Role
from sems_exporter.portal.client import Call
from sems_exporter.portal.decoding.field_mapping import Values
from sems_exporter.portal.semsplus import endpoints, station_decoder
from sems_exporter.portal.semsplus.answer_cache import CachedAnswer
from sems_exporter.portal.semsplus.device_reader import Facts
from sems_exporter.portal.semsplus.station_queries import StationQueries

MOST_YEARS = 15
EMPTY_YEARS = 2
"""Years without any energy in a row, counting back, before which there was no plant."""
SETTLES = timedelta(days=31)
"""So long after its end a year may still change; until then it is asked once a day, as the present one is."""
MONTH_SHARE = 0.9
"""A year is posted a little later than its month, and rounded otherwise."""


class GridYears:
    """What the grid gave and took in years that are over, by station; asked once while the exporter runs."""

    def __init__(self) -> None:
        self._over: dict[tuple[str, int], Values] = {}
        self._unsettled: dict[tuple[str, int], CachedAnswer] = {}
        self._empty_once: set[tuple[str, int]] = set()
        self._empty_twice: dict[tuple[str, int], CachedAnswer] = {}
        self._metered: set[str] = set()
        self._connected: set[str] = set()

    def lifetime(self, facts: Facts, questions: StationQueries, today: date) -> Values:
        """Import and export since commissioning, once all years are known; one year that is over is asked a call.

        Nothing where a meter is, or was a moment ago: two sources of one counter make steps that no energy made.
        """
        station = questions.station
        inverters: tuple[Inverter, ...] = facts["inverters"]
        if facts["meters"]:
            self._metered.add(station)
        if "grid_import_power" in facts:
            self._connected.add(station)
        counted = any(each.grid_import_energy is not None or each.grid_export_energy is not None for each in inverters)
        if not inverters or counted or station in self._metered or station not in self._connected:
            return {}
        return self._sum(facts, questions, today)

    def _sum(self, facts: Facts, questions: StationQueries, today: date) -> Values:
        total: Values = {}
        empty, asked = 0, False
        # On its first day a year has nothing to tell, and after midnight the portal may repeat the one before.
        latest = (today - timedelta(days=1)).year
        for year in range(latest, latest - MOST_YEARS, -1):
            settled = date(year, 12, 31) + SETTLES < today
            known = self._over.get((questions.station, year)) if settled else None
            if known is not None and not asked:
                asked = self._looked_again(questions, year, today)
                known = self._over[questions.station, year]
            if known is None:
                if asked:
                    return {}
                asked = settled
                kept = _year(questions, year)
                if kept is None:
                    return {}
                if settled:
                    known = self._believed(questions, year, kept)
                else:
                    told = facts if year == today.year else {}
                    known = self._credible(questions, year, kept, told, latest=year == latest)
                if known is None:
                    return {}
            total = {name: total.get(name, 0.0) + known.get(name, 0.0) for name in total.keys() | known.keys()}
            # The latest may have begun just now, and then says nothing of those before.
            empty = 0 if any(known.values()) or year == latest else empty + 1
            if empty == EMPTY_YEARS:
                break
        found: Values = {name: value for name, value in total.items() if value}
        present = self._unsettled.get((questions.station, latest))
        return found | {"counted_at": present.fetched_at} if found and present else found

    def _believed(self, questions: StationQueries, year: int, kept: CachedAnswer) -> Values | None:
        """Give a year that is over, kept as it was told: one without any energy only if it is told twice."""
        key = (questions.station, year)
        known: Values = kept.value.values
        if not any(known.values()) and key not in self._empty_once:
            # A success with nothing in it may be the portal's disorder, and would lack until the next start.
            self._empty_once.add(key)
            questions.ask_again(_call(questions, year), (str(year),))
            return None
        if key in self._empty_once:
            self._empty_twice[key] = kept
        self._empty_once.discard(key)
        self._over[key] = known
        return known

    def _looked_again(self, questions: StationQueries, year: int, today: date) -> bool:
        """Ask once more, on a later day, for a year that was empty twice: disorder lasts for minutes. Tell whether."""
        key = (questions.station, year)
        doubted = self._empty_twice.get(key)
        if doubted is None or today <= doubted.fetched_at.date() + timedelta(days=1):
            return False
        kept = _year(questions, year)
        if kept is not None and kept.fetched_at > doubted.fetched_at:
            self._over[key] = kept.value.values
            del self._empty_twice[key]
        return True

    def _credible(
        self, questions: StationQueries, year: int, kept: CachedAnswer, facts: Facts, *, latest: bool
    ) -> Values | None:
        """Give a year that has not settled; where it tells nothing, or less than its month, what it told before.

        Nor does a year tell less than its day, or than it did. Then it is asked again soon: it would lack for a day.
        One before the latest may be empty, if it is told twice.
        """
        key, known = (questions.station, year), kept.value.values
        before = self._unsettled.get(key)
        least = {name: _most(facts, before, name) for name in ("grid_import_energy", "grid_export_energy")}
        told = any(known.values()) or (key in self._empty_once and not latest)
        told = told and all(known.get(name, 0.0) >= MONTH_SHARE * energy for name, energy in least.items())
        if told or (before is not None and before.fetched_at == kept.fetched_at):
            self._unsettled[key] = before = kept
        elif questions.memory.is_old(kept):
            self._empty_once.add(key)
            questions.ask_again(_call(questions, year), (str(year),))
        return None if before is None else before.value.values


def _most(facts: Facts, before: CachedAnswer | None, name: str) -> float:
    """The most that day, month, or an earlier answer tell of what a year has."""
    spans = [facts.get(name + span) or 0.0 for span in ("_today", "_month")]
    return max(*spans, before.value.values.get(name, 0.0) if before else 0.0)


def _call(questions: StationQueries, year: int) -> Call:
    return endpoints.statistics(questions.station, Role.YEAR, date(year, 1, 1))


def _year(questions: StationQueries, year: int) -> CachedAnswer | None:
    """The energies of one calendar year; those that the portal leaves out were none. None if it does not answer."""
    day = date(year, 1, 1)
    decoded = partial(station_decoder.statistics, role=Role.YEAR, day=day, findings=questions.findings)
    return questions.ask(_call(questions, year), (str(year),), decoded)

"""The series of a past: those of the live exposition, by the same declarations, at the instants where they are known.

What cannot be known is not there: devices, states, alarms, and whether the station was read.
"""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sems_exporter.exposition import families
from sems_exporter.exposition.samples import collect, label
from sems_exporter.history.courses import ENERGIES
from sems_exporter.history.past import COUNTERS, Past
from sems_exporter.history.reckoning import Hole, reckon
from sems_exporter.model.plant import Station
from sems_exporter.model.schema import Family, Role, family, measures, with_values
from sems_exporter.pipeline.derived_values import derived
from sems_exporter.pipeline.staleness import StationView

POWERS = (
    "pv_power",
    "load_power",
    "grid_import_power",
    "grid_export_power",
    "battery_charge_power",
    "battery_discharge_power",
    "battery_state_of_charge",
)
"""What the curves tell."""
OF_POWERS = ("power_residual", "sun_elevation", "clear_sky_power")
OF_ENERGIES = ("self_sufficiency_today", "self_consumption_today", "full_load_time_today")
"""What follows from powers and from the energies of the day, as it does live."""
STATIC = tuple(
    name for name, measure in measures(Station).items() if measure.role is Role.STATIC and name != "details_timestamp"
)
TODAY = tuple(f"{name}_today" for name in ENERGIES)
WRITTEN = (*POWERS, *OF_POWERS, *STATIC, *COUNTERS, *TODAY, *OF_ENERGIES)
"""The attributes of a station that a past has."""

Samples = Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its family, its labels as they are written, and its values by instant."""

    family: Family
    labels: str
    samples: Samples


Holes = Mapping[str, Sequence[Hole]]
"""By attribute of the station, the times in which a store has nothing of it; of the info series by ""."""
Notes = MutableMapping[str, str]
"""What a person should know of how the past was made, a sentence each, by what it is about."""


def sample_names() -> dict[str, str]:
    """Each attribute that is written, with the name its samples carry; "" is the info series."""
    own = {name: family(Station, name).sample_name for name in WRITTEN}
    return {**own, "": families.texts(Station).sample_name}


def within(holes: Holes, begin: int, end: int) -> dict[str, list[Hole]]:
    """The parts of holes between two instants, both included."""
    return {
        name: [
            replace(hole, begin=max(hole.begin, begin - 1), end=min(hole.end, end))
            for hole in those
            if hole.begin < end and hole.end >= begin
        ]
        for name, those in holes.items()
    }


def counters(past: Past, holes: Holes, step: int, notes: Notes) -> dict[str, dict[int, float]]:
    """The samples of the lifetime counters within the holes."""
    found: dict[str, dict[int, float]] = {}
    for name, value in past.reading.counters.items():
        stands: float | None = getattr(past.station, name)
        samples: dict[int, float] = {}
        for hole in holes[name]:
            reckoned = reckon(past.totals[name], hole, (past.reading.at, value), stands or value, step)
            samples |= reckoned.samples
            if reckoned.stopped is not None:
                notes.setdefault(
                    f"{past.station.id} {name}",
                    f"{past.station.name or past.station.id}: {name.replace('_', ' ')} is not reckoned beyond "
                    f"{reckoned.stopped}: the days have more than the counter counted, as after an inverter was "
                    "replaced",
                )
        found[name] = samples
    return found


def series_of(
    past: Past,
    holes: Holes,
    target: Mapping[str, str],
    *,
    step: int,
    notes: Notes,
) -> list[Series]:
    """All series of a past within the holes of a store; `target` are the labels that scraping gives."""
    if not any(holes.values()):
        return []
    begin = min(hole.begin for those in holes.values() for hole in those)
    end = max(hole.end for those in holes.values() for hole in those)
    counted = counters(past, holes, step, notes)
    values = {**_powers(past, begin, end), **_today(past, begin, end)}
    values |= _derived(past, values)
    values = {name: inside(samples, holes[name]) for name, samples in values.items()} | counted
    instants = sorted(set().union(*values.values()))
    for name in STATIC:
        if (value := getattr(past.station, name)) is not None:
            values[name] = inside(dict.fromkeys(instants, value), holes[name])
    [texts] = collect([StationView(past.station, up=False, until=None)]).by_family[families.texts(Station).name]
    described = inside(dict.fromkeys(instants, 1.0), holes[""])
    return [
        Series(families.texts(Station), labelled(target, texts.labels), described),
        *(
            Series(family(Station, name), labelled(target, label("station", past.station.id)), values[name])
            for name in WRITTEN
            if values.get(name)
        ),
    ]


def labelled(target: Mapping[str, str], labels: str) -> str:
    """The labels of a series that is scraped from `target`."""
    return ",".join([*(label(name, text) for name, text in target.items()), labels])


def _powers(past: Past, begin: float, end: float) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {name: {} for name in POWERS}
    for day in past.days:
        if day.end >= begin and day.start <= end:
            for name, means in day.powers.items():
                found[name].update(zip(means.instants, means.values, strict=True))
    return found


def _today(past: Past, begin: float, end: float) -> dict[str, dict[int, float]]:
    return {f"{name}_today": past.today(name, begin, end) for name in ENERGIES}


def _derived(past: Past, values: Mapping[str, Samples]) -> dict[str, dict[int, float]]:
    """What follows from the values of each instant, by the rules for live values."""
    by_instant: dict[int, dict[str, float]] = {}
    for name, samples in values.items():
        for instant, value in samples.items():
            by_instant.setdefault(instant, {})[name] = value
    bare = _bare(past.station)
    found: dict[str, dict[int, float]] = {name: {} for name in (*OF_POWERS, *OF_ENERGIES)}
    for instant, known in by_instant.items():
        made = derived(with_values(bare, known), datetime.fromtimestamp(instant, UTC))
        lives = any(name in known for name in POWERS)
        for name in (*(OF_POWERS if lives else ()), *OF_ENERGIES):
            if (value := getattr(made, name)) is not None:
                found[name][instant] = value
    return found


def _bare(station: Station) -> Station:
    """What of a station was true then as well."""
    gone = [name for name in measures(Station) if name not in STATIC]
    return replace(
        with_values(station, dict.fromkeys(gone)), inverters=(), batteries=(), meters=(), ev_chargers=(), alarms=None
    )


def inside(samples: Samples, holes: Sequence[Hole]) -> dict[int, float]:
    """The samples within holes, which are in order."""
    found: dict[int, float] = {}
    for hole in holes:
        found |= {at: value for at, value in samples.items() if hole.begin < at <= hole.end}
    return found

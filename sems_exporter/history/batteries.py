"""Series of a battery that is alone at its station: what the station's batteries did, it did.

Of several nobody knows which did how much, so nothing is written of them, nor of the racks of one.
"""

from collections.abc import Iterator
from dataclasses import replace

from sems_exporter.exposition import families
from sems_exporter.exposition.samples import collect, label
from sems_exporter.history.further import Column, FindHoles
from sems_exporter.history.past import Past
from sems_exporter.history.reckoning import Hole, reckon
from sems_exporter.history.series import inside
from sems_exporter.model.plant import Battery, Station
from sems_exporter.model.schema import family
from sems_exporter.pipeline.staleness import StationView

GAUGES = ("charge_power", "discharge_power", "state_of_charge")
"""What the station's curves tell, under names that begin with battery_."""
COUNTERS = ("charge_energy", "discharge_energy")
"""Lifetime energies that the energies of the station's days lead back from."""
TODAY = tuple(f"{name}_today" for name in COUNTERS)


def only_battery(station: Station) -> Battery | None:
    """The station's battery, where it has exactly one; racks that name their system are parts of it."""
    systems = [battery for battery in station.batteries if battery.system is None]
    return systems[0] if len(systems) == 1 else None


def only_battery_series(past: Past, find: FindHoles, step: int) -> Iterator[Column]:
    """The past of a station's only battery, in the names and labels of its live series."""
    battery = only_battery(past.station)
    if battery is None:
        return
    # Powers it may not tell just now, being asleep; energies it has or has not.
    kept = [*GAUGES, *(name for name in (*TODAY, *COUNTERS) if getattr(battery, name) is not None)]
    found = {name: family(Battery, name) for name in kept}
    info = families.texts(Battery)
    names = [info.sample_name, *(each.sample_name for each in found.values())]
    holes = find(names, {Battery.label: battery.id})
    samples = {name: _samples(past, battery, name, holes[of.sample_name], step) for name, of in found.items()}
    instants = {at for each in samples.values() for at in each}
    yield Column.of(info, _texts(past.station, battery), inside(dict.fromkeys(instants, 1.0), holes[info.sample_name]))
    for name, own in samples.items():
        yield Column.of(found[name], label(Battery.label, battery.id), own)


def _samples(past: Past, battery: Battery, name: str, holes: list[Hole], step: int) -> dict[int, float]:
    if name in COUNTERS:
        return _counter(past, name, getattr(battery, name), holes, step)
    if name in TODAY:
        return inside(past.today(f"battery_{name.removesuffix('_today')}"), holes)
    days = (day.powers.get(f"battery_{name}") for day in past.days)
    return inside({at: v for told in days if told for at, v in zip(told.instants, told.values, strict=True)}, holes)


def _counter(past: Past, name: str, stands: float, holes: list[Hole], step: int) -> dict[int, float]:
    """The battery's own counter, reckoned backwards from what it stands at now."""
    total, now = past.totals[f"battery_{name}"], past.station.fetched_at.timestamp()
    level = (past.reading.at, int(stands) - total.between(past.reading.at, now))
    return {at: v for hole in holes for at, v in reckon(total, hole, level, stands, step).samples.items()}


def _texts(station: Station, battery: Battery) -> str:
    """The labels of its info series as they are live, beside that of the station."""
    alone = replace(station, inverters=(), batteries=(battery,), meters=(), ev_chargers=())
    [texts] = collect([StationView(alone, up=False, until=None)]).by_family[families.texts(Battery).name]
    return texts.labels.removeprefix(f"{label('station', station.id)},")

"""The days before the simulation began: estimated, in balance, and always the same for a seed."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from math import acos, cos, pi, radians, sin, tan
from typing import NamedTuple

from sems_exporter.simulator.plant.energy import vector_length
from sems_exporter.simulator.plant.house import ev_session
from sems_exporter.simulator.plant.noise import uniform
from sems_exporter.simulator.plant.specs import HouseSpec, PlantSpec

_WATT_HOUR = 3600.0


class Paths(NamedTuple):
    """The energies of a day in joules by their way.

    From PV and third party: `direct` to the house, `stored` in batteries, `exported`. From the grid: `bought` for the
    batteries, `drawn_by_house`. `discharged` is what came back of what was stored.
    """

    pv: float
    third_party: float
    direct: float
    stored: float
    bought: float
    discharged: float
    drawn_by_house: float
    exported: float


class Past:
    """The days of a plant before the simulated time. What is the same for all of them is worked out once."""

    def __init__(self, spec: PlantSpec) -> None:
        self._spec = spec
        self._peak = spec.peak_watts
        self._third = spec.third_party.peak_watts if spec.third_party else 0.0
        self._house = _house_day(spec.house)
        self._kept = min((battery.efficiency for battery in spec.batteries), default=1.0) ** 2
        self._usable = sum(
            battery.capacity_watt_hours * (battery.max_state_of_charge - battery.min_state_of_charge)
            for battery in spec.batteries
        )
        self._shares = [
            (_share(inverter.peak_watts, self._peak), _battery_share(spec, inverter.serial), bool(inverter.batteries))
            for inverter in spec.inverters
        ]

    def day(self, ordinal: int) -> list[float]:
        """The counter vector of one whole day, by the ordinal of its date."""
        spec = self._spec
        if ordinal < spec.commissioned.toordinal():
            return [0.0] * vector_length(len(spec.inverters))
        paths = self.paths(ordinal)
        charge, discharge = paths.stored + paths.bought, paths.discharged + paths.bought * self._kept
        daylight = _sunshine(spec.latitude, ordinal)[1]
        vector: list[float] = []
        for share, battery_share, awake in self._shares:
            seconds = 86400.0 if awake else daylight
            vector += (paths.pv * share, charge * battery_share, discharge * battery_share, seconds)
        load = paths.direct + discharge + paths.drawn_by_house
        vector += (paths.exported, paths.drawn_by_house + paths.bought, load, paths.bought, paths.third_party)
        return vector

    def paths(self, ordinal: int) -> Paths:
        """Which way the energy of a whole day went."""
        spec = self._spec
        insolation, _ = _sunshine(spec.latitude, ordinal)
        clearness = 0.18 + 0.42 * uniform(spec.seed, "past-sky", ordinal)
        pv, third = (watts * insolation * clearness * _WATT_HOUR for watts in (self._peak, self._third))
        load = self._house * (0.8 + 0.4 * uniform(spec.seed, "past-load", ordinal)) * _WATT_HOUR
        load += _ev_day(spec, ordinal)
        direct = min(0.45 * load, 0.8 * (pv + third))
        # What fits once into the batteries, less their losses.
        room = 0.85 * self._usable * _WATT_HOUR
        by_sun = min(room, max(0.0, pv - direct) * self._kept, load - direct)
        by_night = min(0.4 * room, load - direct - by_sun) if spec.night_charge else 0.0
        stored, bought = by_sun / self._kept, by_night / self._kept
        exported = pv + third - direct - stored
        return Paths(pv, third, direct, stored, bought, by_sun, load - direct - by_sun - by_night, exported)

    def totals(self, days: Iterable[date]) -> list[list[float]]:
        """The counter vectors at the beginning of each of `days`, which are in order; in one pass over the years."""
        totals = [0.0] * vector_length(len(self._spec.inverters))
        ordinal, found = self._spec.commissioned.toordinal(), []
        for day in days:
            while ordinal < day.toordinal():
                totals = [total + part for total, part in zip(totals, self.day(ordinal), strict=True)]
                ordinal += 1
            found.append(totals)
        return found


def period_starts(day: date) -> dict[str, date]:
    """The first day of every period that `day` belongs to."""
    return {
        "today": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "year": day.replace(month=1, day=1),
    }


@lru_cache(maxsize=16384)
def _sunshine(latitude: float, ordinal: int) -> tuple[float, float]:
    """Hours of full sun outside the atmosphere on the flat (kWh per kW/m2), and seconds of daylight."""
    angle = 2.0 * pi * (date.fromordinal(ordinal).timetuple().tm_yday - 81) / 365.2425
    declination, phi = radians(23.44) * sin(angle), radians(latitude)
    half_day = acos(max(-1.0, min(1.0, -tan(phi) * tan(declination))))
    height = cos(phi) * cos(declination) * sin(half_day) + half_day * sin(phi) * sin(declination)
    return 24.0 / pi * 1.353 * height, half_day / pi * 86400.0


def _house_day(house: HouseSpec) -> float:
    """Watt-hours of an ordinary day: the integrals of the habits in the house module."""
    peaks = house.morning_peak_watts * 2.2 + house.evening_peak_watts * 4.2
    return house.base_watts * 24.0 + peaks + house.spike_watts * house.spikes_per_day / 15.0


def _ev_day(spec: PlantSpec, ordinal: int) -> float:
    """Joules into the car."""
    if spec.ev_charger is None:
        return 0.0
    begin, end = ev_session(spec.ev_charger, spec.seed, ordinal)
    return spec.ev_charger.rated_watts * (end - begin)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _battery_share(spec: PlantSpec, serial: str) -> float:
    whole = sum(battery.capacity_watt_hours for battery in spec.batteries)
    own = sum(b.capacity_watt_hours for i in spec.inverters if i.serial == serial for b in i.batteries)
    return _share(own, whole)

"""The dashboards over whole days, in a real Prometheus: they never show what is not true.

Plants with and without battery and meter, on both sides of the earth, in summer and in winter: an exporter that was
installed half an hour before midnight, a night, a dawn, a noon, six hours without a portal, and an evening.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grafana.simulated.days import as_history, exposed
from grafana.simulated.prometheus import Prometheus, holding
from sems_exporter.simulator import InverterSpec, Plant, PlantSpec, PvInputSpec, SimulatedClock, demo_plants
from tests.test_dashboards import DRAWN, Shown, filled

STEP = timedelta(minutes=15)
STEPS = 100
AWAY = timedelta(hours=14, minutes=30), timedelta(hours=20, minutes=30)
"""When the portal is away, counted from the beginning at half past eleven in the evening."""
ENDED = timedelta(minutes=30)
"""After so long nobody stands by a live value any more."""
HOME, ROOF, UNMETERED = "Sunny Home", "Seaside Roof", "Plain Roof"
BOARDS = {HOME: {"home", "phone"}, ROOF: {"home-without-battery"}, UNMETERED: {"home-without-meter"}}
"""The dashboards that were made for a plant with what it has."""
SPEAKS_OF_SILENCE = {
    "Age of the data",
    "Age of the data now",
    "Stations left out",
    "Stations",
    "All stations",
    "Accounts",
    "Portal reached",
    "Portal read",
    "All well?",
    "Alerts",
    "Stations read",
    "Selection",
    "Active alarms",
}
"""Panels of the moment that have something true to say while nothing is known of the plants."""
OF_NO_PLANT = {"exporter", "money"}
"""Dashboards of the exporter itself, and of tariffs and sums that an outage does not change."""
LASTING = {"Capacity", "Full cycles so far", "Version", "Since commissioning"}
"""What an hour does not change."""
NOT_LIVE = re.compile(r"_today_|today|__range")
END_OF_A_DIAL = "max"
OF_RULES = {"Alerts"}
"""Panels of what rules tell, of which there are none here."""


@dataclass(frozen=True)
class Day:
    """A day in a Prometheus, and the plants by name."""

    prometheus: Prometheus
    begin: datetime
    stations: Mapping[str, str]
    told: dict[str, list[dict[float, float]]] = field(default_factory=dict)

    def values(self, expr: str, name: str | None, since: timedelta, until: timedelta) -> list[dict[float, float]]:
        """Of each series its values by time, between two hours of the day, with a station chosen or all."""
        chosen = self.stations[name] if name else ".+"
        asked = filled(expr.replace("$__rate_interval", "15m").replace("$station", chosen))
        begin, end = (self.begin + since).timestamp(), (self.begin + until).timestamp()
        return [
            {instant: value for instant, value in values.items() if begin <= instant <= end}
            for values in self._whole_day(asked)
        ]

    def _whole_day(self, asked: str) -> list[dict[float, float]]:
        """The same of the whole day; each expression is asked once, as many panels share theirs."""
        if asked not in self.told:
            begin, end = ((self.begin + edge).timestamp() for edge in WHOLE)
            found = self.prometheus.between(begin, end, STEP.total_seconds(), asked)
            self.told[asked] = [{float(instant): float(value) for instant, value in one["values"]} for one in found]
        return self.told[asked]

    def times(self, since: timedelta, until: timedelta) -> set[float]:
        """The instants at which it is asked."""
        number = int((until - since) / STEP)
        return {(self.begin + since + place * STEP).timestamp() for place in range(number + 1)}


WHOLE = timedelta(0), (STEPS - 1) * STEP


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(datetime(2026, 6, 20, 21, 30, tzinfo=UTC), id="June"),
        pytest.param(datetime(2026, 12, 20, 22, 30, tzinfo=UTC), id="December"),
    ],
)
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    begin: datetime = request.param
    clock = SimulatedClock(begin, speed=0)
    plants = [*demo_plants(2, clock=clock), Plant(unmetered(), begin)]
    instants = [begin + number * STEP for number in range(STEPS)]
    away = begin + AWAY[0], begin + AWAY[1]
    shown = as_history(exposed(plants, clock, instants, tmp_path_factory.mktemp("state"), away=away))
    with holding(shown, tmp_path_factory.mktemp("prometheus"), lookback="14m") as prometheus:
        yield Day(prometheus, begin, {plant.spec.name: plant.spec.station_id for plant in plants})


def unmetered() -> PlantSpec:
    """A plant of which nobody measures what the house draws, and without a battery."""
    inverter = InverterSpec("SIM5K0099", 5000.0, (PvInputSpec(5600.0),))
    station = "0f0e0d0c-0b0a-4998-8777-665544332211"
    return PlantSpec(station, UNMETERED, "Europe/Amsterdam", 52.1, 5.1, (inverter,), dongle_serial="SIMDONGLE0099")


def asked(shown: Shown) -> list[dict[str, Any]]:
    targets: list[dict[str, Any]] = shown.json["targets"]
    return targets


def of_the_moment(shown: Shown) -> bool:
    return all(target["instant"] for target in asked(shown))


def by_name(dashboard: str, title: str) -> Shown:
    return next(shown for shown in DRAWN if (shown.dashboard, shown.json["title"]) == (dashboard, title))


@pytest.mark.needs("promtool", "prometheus")
@pytest.mark.parametrize("name", [HOME, ROOF, UNMETERED, None])
def test_no_panel_ever_shows_what_is_no_number(day: Day, name: str | None) -> None:
    wrong = {
        f"{shown}: {target['expr']}"
        for shown in DRAWN
        for target in asked(shown)
        for values in day.values(target["expr"], name, *WHOLE)
        if not all(math.isfinite(value) for value in values.values())
    }

    assert wrong == set()


@pytest.mark.needs("promtool", "prometheus")
@pytest.mark.parametrize("name", [HOME, None])
def test_nothing_of_before_is_shown_while_the_portal_is_away(day: Day, name: str | None) -> None:
    """Six hours: a state, a power or a charge of before would look like one of now."""
    silence = AWAY[0] + ENDED, AWAY[1] - STEP
    speaking = {
        str(shown)
        for shown in DRAWN
        if of_the_moment(shown) and shown.dashboard not in OF_NO_PLANT and shown.json["title"] not in LASTING
        for target in asked(shown)
        if not NOT_LIVE.search(target["expr"])
        if target["legendFormat"] != END_OF_A_DIAL
        if any(day.values(target["expr"], name, *silence))
    }

    assert {one.partition(": ")[2] for one in speaking} <= SPEAKS_OF_SILENCE


@pytest.mark.needs("promtool", "prometheus")
@pytest.mark.parametrize("name", BOARDS)
def test_no_tile_is_empty_while_the_station_reports(day: Day, name: str) -> None:
    """By night as by day; PV power that the portal leaves out is said to be none."""
    early = 3 * STEP, AWAY[0] - STEP
    fresh = "time() - max(sems_station_data_timestamp_seconds{station='$station'}) < 1200"
    reporting = {instant for values in day.values(fresh, name, *early) for instant in values}
    silent = {}
    for shown in DRAWN:
        if shown.dashboard in BOARDS[name] and of_the_moment(shown) and shown.json["title"] not in OF_RULES:
            live = [target["expr"] for target in asked(shown) if not NOT_LIVE.search(target["expr"])]
            told = {instant for expr in live for values in day.values(expr, name, *early) for instant in values}
            if live and not reporting <= told:
                silent[str(shown)] = len(reporting - told)

    assert len(reporting) > 15
    assert silent == {}


@pytest.mark.needs("promtool", "prometheus")
def test_night_is_told_from_silence(day: Day) -> None:
    """PV power of none is shown where the station reports by night, and not where it is silent by day."""
    sun = by_name("home", "☀ PV")
    night = {
        instant
        for target in asked(sun)
        if target["refId"] not in {"A", "B"}
        for values in day.values(target["expr"], HOME, *WHOLE)
        for instant, value in values.items()
        if value == 0
    }

    assert night
    assert night.isdisjoint(day.times(AWAY[0] + ENDED, AWAY[1] - STEP))

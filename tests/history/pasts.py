"""A plant with a past that a test sets, and the portal that tells of it in the words of SEMS+."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any
from zoneinfo import ZoneInfo

from sems_exporter.clock import Clock
from sems_exporter.errors import PortalError
from sems_exporter.history.archive import Archive
from sems_exporter.history.building import Builder, Wanted
from sems_exporter.history.days import dates, midnight
from sems_exporter.history.fetching import Fetcher, Reach, Span
from sems_exporter.history.further import Further
from sems_exporter.history.store import Store
from sems_exporter.model.plant import KWH, Station
from sems_exporter.portal.past import CurveQuestion, DaysQuestion, Question
from tests.clocks import FakeClock

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
STATION = "plant-1"

Power = Callable[[datetime], float | None]
"""Kilowatts at a local time; None where the portal has kept nothing."""


def sunny(at: datetime) -> float | None:
    """PV power: a triangle from eight to sixteen o'clock; missing at night, as of a plant that sleeps."""
    hour = at.hour + at.minute / 60
    return max(0.0, 4.0 - abs(hour - 12.0)) if 8 <= hour < 16 else None


def steady(at: datetime) -> float | None:
    """Half a kilowatt, and a kettle at seven."""
    return 2.5 if (at.hour, at.minute // 10) == (7, 0) else 0.5


@dataclass(eq=False)
class Plant:
    """What a plant did, and what the portal says of it.

    `energies` replace what follows from the powers, by date and item; None is a missing row. `begin` is its first day,
    `spacing` the seconds from one point of its curves to the next. `battery` is its power, more than 0 out of it; with
    it comes a charge of a half.
    """

    zone: ZoneInfo = AMSTERDAM
    begin: date = date(2026, 9, 1)
    pv: Power = sunny
    load: Power = steady
    battery: Power | None = None
    energies: dict[tuple[date, str], float | None] = field(default_factory=dict)
    curves_from: date = date.min
    spacing: int = 600
    now: datetime = NOW
    asked: list[Question] = field(default_factory=list)
    failing: list[PortalError] = field(default_factory=list)
    after: Callable[[int], None] = lambda _: None

    def past(self, question: Question) -> Any:
        """The answer of the portal."""
        self.asked.append(question)
        if self.failing:
            raise self.failing.pop(0)
        self.after(len(self.asked))
        if isinstance(question, CurveQuestion):
            return self._curves(question)
        return self._energies(question)

    @cache  # noqa: B019 - a plant lives as long as its test
    def minutes(self, day: date, power: Power) -> dict[datetime, float]:
        """The kilowatts at each point of a local date, by instant."""
        begin, end = midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)
        found = {}
        for at in range(begin, min(end, int(self.now.timestamp())), self.spacing):
            instant = datetime.fromtimestamp(at, UTC)
            if (kilowatts := power(instant.astimezone(self.zone))) is not None:
                found[instant] = kilowatts
        return found

    def energy(self, day: date, item: str) -> float | None:
        """The kilowatt hours of a date, rounded as the portal does."""
        if (day, item) in self.energies:
            return self.energies[day, item]
        signs = {"proCharStats": -1, "proDischarStats": 1}
        if item in signs and self.battery is not None:
            found = [max(0.0, signs[item] * kilowatts) for kilowatts in self.minutes(day, self.battery).values()]
        else:
            found = list(self.minutes(day, self.pv if item == "proSystemTotalStats" else self.load).values())
        return round(sum(found) * self.spacing / 3600, 2)

    def total(self, item: str, until: date) -> float:
        """The kilowatt hours of all days before one."""
        return sum(self.energy(day, item) or 0.0 for day in dates(self.begin, until - timedelta(days=1)))

    def station(self, **changes: Any) -> Station:
        """The plant as it is read now."""
        today = self.now.astimezone(self.zone).date()
        pv, bought = (self.energy(today, item) or 0.0 for item in ("proSystemTotalStats", "proPurchaseStats"))
        made = Station(
            id=STATION,
            fetched_at=self.now,
            name="Sunny Home",
            timezone=self.zone,
            timezone_name=self.zone.key,
            installed_power=6000.0,
            latitude=52.0,
            longitude=5.0,
            pv_energy=round(self.total("proSystemTotalStats", today) + pv, 2) * KWH,
            pv_energy_today=pv * KWH,
            grid_import_energy=round(self.total("proPurchaseStats", today) + bought, 2) * KWH,
            grid_import_energy_today=bought * KWH,
        )
        return replace(made, **changes)

    def _curves(self, question: CurveQuestion) -> dict[str, Any]:
        items = []
        powers = [("pSystem", self.pv), ("pGrid", self.load)]
        if self.battery is not None:
            powers += [("pBat", self.battery), ("soc", lambda _: 50.0)]
        for item, power in powers:
            points: list[dict[str, Any]] = []
            for day in dates(max(question.first, self.begin, self.curves_from), question.last):
                found = self.minutes(day, power)
                points.append({"tp": f"{day} 00:00:00", "power": None, "isCE": True})
                sign = -1 if item == "pGrid" else 1
                points += [
                    {"tp": f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S}", "power": sign * kw}
                    for at, kw in found.items()
                ]
                points.append({"tp": f"{day} 23:59:00", "power": None, "isCE": True})
            if points:
                items.append({"item": item, "unit": "%" if item == "soc" else "kW", "powerData": points})
        return {"dataList": items}

    def _energies(self, question: DaysQuestion) -> dict[str, Any]:
        after = (question.month + timedelta(days=31)).replace(day=1)
        last = min(after - timedelta(days=1), self.now.astimezone(self.zone).date())
        days = list(dates(max(question.month, self.begin), last)) if self.begin <= last else []
        items = []
        of_battery = ("proCharStats", "proDischarStats") if self.battery is not None else ()
        for item in ("proSystemTotalStats", "proPurchaseStats", *of_battery):
            told = [{"date": f"{day}", "val": kwh} for day in days if (kwh := self.energy(day, item)) is not None]
            if told:
                items.append({"item": item, "unit": "kWh", "statisticsList": told})
        return {"dataList": items}


def span(plant: Plant, first: date, last: date | None = None) -> Span:
    """What is wanted of the plant."""
    today = plant.now.astimezone(plant.zone).date()
    return Span(STATION, "Sunny Home", plant.zone, first, last or today, today)


def fetched(plant: Plant, archive: Archive, wanted: Span, clock: Clock | None = None) -> Reach:
    """Let the portal be asked for what is wanted."""
    fetcher = Fetcher(
        plant,  # type: ignore[arg-type]
        archive,
        clock or FakeClock(plant.now),
        per_minute=6,
        stop=Event(),
        told=lambda *_: None,
    )
    return fetcher.fetch([wanted])[STATION]


def archive_in(folder: Path, account: str = "demo@example.com") -> Archive:
    """An open archive."""
    archive = Archive(folder, account)
    archive.open()
    return archive


@dataclass
class Built:
    """The files of a past: their texts, and what was noted."""

    builder: Builder
    texts: dict[str, str]

    def samples(self, name: str) -> dict[int, float]:
        """The samples of all series of a name, from all files."""
        found = {}
        for text in self.texts.values():
            for line in text.splitlines():
                if line.startswith(f"{name}{{"):
                    value, at = line.rsplit(" ", 2)[1:]
                    found[int(at)] = float(value)
        return dict(sorted(found.items()))


def built(
    plant: Plant,
    folder: Path,
    first: date,
    last: date | None = None,
    *,
    store: Store | None = None,
    station: Station | None = None,
    step: int = 300,
    further: Sequence[Further] = (),
) -> Built:
    """The past of a plant from a date on, fetched and written."""
    archive, wanted = archive_in(folder), span(plant, first, last)
    fetched(plant, archive, wanted)
    builder = Builder(archive, store, step, lambda _: None, further)
    builder.build([Wanted(wanted, station or plant.station(), {"job": "sems", "instance": "home:10736"})])
    return Built(builder, {name: (archive.openmetrics / name).read_text() for name in builder.files})


def increase(samples: dict[int, float], begin: int, end: int) -> float:
    """What came between two instants at which there are samples."""
    return samples[end] - samples[begin]


def falls(samples: dict[int, float]) -> list[int]:
    """The instants at which a counter is lower than before."""
    ordered: Iterable[tuple[int, float]] = samples.items()
    found, highest = [], -1.0
    for at, value in ordered:
        if value < highest:
            found.append(at)
        highest = value
    return found

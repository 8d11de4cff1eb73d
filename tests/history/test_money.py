"""Money of a past: the bill of each local day, strictly valid, and no step where the live counters begin."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from sems_exporter.exposition.families import all_families
from sems_exporter.history.days import dates, midnight
from sems_exporter.history.money import Counted, fitted, money
from sems_exporter.history.reckoning import Hole
from sems_exporter.model.plant import KWH
from sems_exporter.tariffs.accountant import Accountant
from sems_exporter.telemetry.metrics import SelfMetrics
from tests.clocks import FakeClock
from tests.history.pasts import AMSTERDAM, NOW, STATION, Built, Plant, built, falls, increase
from tests.tariffs.examples import settings

SINCE = date(2026, 10, 20)
COST = "sems_station_grid_import_cost_total"
STANDING = "sems_station_standing_charge_total"
TARIFF = """
tariffs:
  home:
    currency: EUR
    import:
      - from: 2026-10-22
        price: 0.30
        zones: [{name: night, hours: "22:00-06:00", price: 0.20}]
        standing: {per_day: 0.40}
      - from: 2026-11-10
        price: 0.50
        standing: {per_day: 0.60}
station_tariffs: {"Sunny*": home}
"""
ELSEWHERE = TARIFF.replace("Sunny*", "Other*")


def accountant(folder: Path, text: str = TARIFF) -> Accountant:
    def asked(*_: object) -> object:
        raise AssertionError("a fixed price is asked of nobody")

    return Accountant(settings(text), folder, clock=FakeClock(NOW), fetch=asked, metrics=SelfMetrics())  # type: ignore[arg-type]


def made_of(folder: Path, text: str = TARIFF) -> Built:
    """A month of a house that draws half a kilowatt all day and 2.5 for ten minutes from seven on."""
    counting = accountant(folder / "state", text)
    there = Plant(begin=SINCE)
    return built(there, folder / "out", SINCE, station=counting.counted(there.station()), further=[money(counting)])


def bill(day: date) -> tuple[float, float]:
    """What the energy of a day cost, and its standing charge, worked out by hand."""
    begin, end = midnight(day, AMSTERDAM), midnight(day + timedelta(days=1), AMSTERDAM)
    hours_of_night = (end - begin) / 3600 - 16
    night, rest = 0.5 * hours_of_night, 0.5 * 16 + 2 / 6
    # The portal rounds the energy of a day to a hundredth of a kilowatt hour.
    rounded = round(night + rest, 2) / (night + rest)
    if day < date(2026, 10, 22):
        return 0.0, 0.0
    if day < date(2026, 11, 10):
        return (night * 0.20 + rest * 0.30) * rounded, 0.40
    return (night + rest) * rounded * 0.50, 0.60


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return made_of(tmp_path_factory.mktemp("money"))


def test_each_local_day_comes_to_its_bill(made: Built) -> None:
    cost, standing = made.samples(COST), made.samples(STANDING)

    assert falls(cost) == []
    for day in dates(SINCE, date(2026, 11, 18)):
        begin, end = midnight(day, AMSTERDAM), midnight(day + timedelta(days=1), AMSTERDAM)
        energy, charge = bill(day)
        assert increase(cost, begin, end) == pytest.approx(energy, abs=1e-6), day
        for first in (begin, begin + 1):
            assert increase(standing, first, end) == pytest.approx(charge), "whichever sample a range begins with"


def test_before_the_first_price_energy_is_unpriced(made: Built) -> None:
    unpriced = made.samples("sems_station_unpriced_energy_joules_total")

    begin, end = midnight(SINCE, AMSTERDAM), midnight(date(2026, 10, 22), AMSTERDAM)
    assert increase(unpriced, begin, end) == pytest.approx(2 * 12.33 * KWH)
    assert max(unpriced.values()) == unpriced[end]
    assert min(made.samples("sems_station_grid_import_price_per_joule")) == end


def test_the_prices_of_the_time_are_there(made: Built) -> None:
    prices = made.samples("sems_station_grid_import_price_per_joule")

    def at(day: int, hour: int) -> float:
        return prices[int(datetime(2026, 11, day, hour, tzinfo=AMSTERDAM).timestamp())] * KWH

    assert (at(9, 21), at(9, 22), at(10, 22)) == pytest.approx((0.30, 0.20, 0.50))


def test_the_files_are_strictly_valid_and_as_live(made: Built) -> None:
    live = {found.name: found for found in all_families()}
    seen = set()
    for text in made.texts.values():
        for found in text_string_to_metric_families(text):  # type: ignore[no-untyped-call]
            seen.add(found.name)
            assert (found.documentation, found.unit) == (live[found.name].help, live[found.name].unit)
            for sample in found.samples:
                assert {"job": "sems", "instance": "home:10736", "station": STATION}.items() <= sample.labels.items()
    assert {"sems_station_tariff", "sems_station_grid_import_cost", "sems_station_estimated_energy_joules"} <= seen
    assert f'station="{STATION}",tariff="home",currency="EUR"}} 1.0' in made.texts["2026-11.om"]


def test_a_station_without_a_tariff_has_no_money(tmp_path: Path) -> None:
    made = made_of(tmp_path, ELSEWHERE)

    assert not any("tariff" in text or "cost" in text for text in made.texts.values())
    assert made.samples("sems_station_grid_import_energy_joules_total") != {}


def counted() -> Counted:
    """A cent every 300 seconds, until 3000."""
    found = Counted()
    for at in range(0, 3001, 300):
        found.instants.append(at)
        found.values.append(at / 30000)
    return found


def counts(samples: dict[int, float], then: float) -> float:
    """What increase() makes of samples and of what follows them."""
    values = [*(samples[at] for at in sorted(samples)), then]
    return sum(later - earlier if later >= earlier else later for earlier, later in pairwise(values))


@pytest.mark.parametrize("live", [0.0, 0.013, 0.02, 0.0999, 0.1, 0.35])
def test_what_came_is_right_wherever_the_live_counter_begins(live: float) -> None:
    samples = fitted(counted(), Hole(-1, 2700, None, (3000, live)), (9999, 5.0))

    assert min(samples) == 0
    assert counts(samples, live) == pytest.approx(0.1)
    if live >= 0.1:
        assert falls({**samples, 3000: live}) == []


def test_a_gap_of_the_live_counter_is_filled_between_its_ends() -> None:
    samples = fitted(counted(), Hole(600, 2400, 7.0, (2700, 7.04)), (9999, 9.0))

    assert min(samples.values()) == pytest.approx(7.01)
    assert max(samples.values()) == 7.04
    assert falls({600: 7.0, **samples, 2700: 7.04}) == []


def test_what_is_still_missing_is_never_above_the_live_counter() -> None:
    samples = fitted(counted(), Hole(600, 2400, 7.0), (3000, 7.03))

    assert falls({600: 7.0, **samples, 3000: 7.03}) == []


def test_beside_another_ledger_nothing_is_written() -> None:
    assert fitted(counted(), Hole(600, 2400, 7.0), (3000, 0.0)) == {}


def test_a_counter_that_began_anew_in_a_gap_goes_on_before_it() -> None:
    samples = fitted(counted(), Hole(600, 2400, 7.0, (2700, 0.02)), (9999, 9.0))

    assert counts({600: 7.0, **samples}, 0.02) == pytest.approx(0.07)

"""A past in a real Prometheus: no reset anywhere, each day exact, gaps found and filled, a spoilt day found."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from grafana.simulated.prometheus import Prometheus, holding
from sems_exporter.errors import StartError
from sems_exporter.history import blocks
from sems_exporter.history.days import dates, midnight
from sems_exporter.history.money import money
from sems_exporter.history.store import Store
from sems_exporter.history.verifying import verify
from sems_exporter.model.plant import KWH
from tests.history.pasts import AMSTERDAM, NOW, STATION, Built, Plant, archive_in, built, span
from tests.history.test_money import COST, accountant, bill

SINCE = date(2026, 10, 22)
TARGET = {"job": "sems", "instance": "home:10736"}
COUNTERS = {
    "sems_station_pv_energy_joules_total": "proSystemTotalStats",
    "sems_station_grid_import_energy_joules_total": "proPurchaseStats",
}
SEEN = f'{{job="sems",instance="home:10736",station="{STATION}"}}'
LIVE_FROM = datetime(2026, 11, 14, 9, 30, tzinfo=UTC)
OUTAGE = (datetime(2026, 11, 16, 11, 2, tzinfo=UTC), datetime(2026, 11, 17, 14, 31, tzinfo=UTC))

both = pytest.mark.parametrize(
    "major",
    [
        pytest.param("", marks=pytest.mark.needs("prometheus", "promtool")),
        pytest.param("3", marks=pytest.mark.needs("prometheus3", "promtool3", "promtool")),
    ],
)


@pytest.fixture
def plant() -> Plant:
    return Plant(begin=SINCE, spacing=300)


def loaded(made: Built, folder: Path, target: Path) -> None:
    """Put blocks of what was built into a store's directory."""
    for file in made.builder.files:
        blocks.make(archive_in(folder), file, target)


def live(made: Built) -> str:
    """What Prometheus scraped every minute since LIVE_FROM, but for an outage."""
    begin, end = (int(each.timestamp()) for each in (LIVE_FROM, NOW))
    scraped = [at for at in range(begin, end, 60) if not _is_out(at)]
    lines = ["# TYPE sems_station_up gauge", *(f"sems_station_up{SEEN} 1 {at}" for at in scraped)]
    for name in COUNTERS:
        family = name.removesuffix("_total")
        lines.append(f"# TYPE {family} counter")
        counted = made.samples(name)
        last = 0.0
        for at in scraped:
            # The portal's counters come in steps of a tenth of a kilowatt hour.
            grid = counted.get(at - at % 300, last)
            last = max(last, grid // 360_000 * 360_000)
            lines.append(f"{name}{SEEN} {last} {at}")
    return "\n".join([*lines, "# EOF\n"])


def _is_out(at: int) -> bool:
    return OUTAGE[0].timestamp() <= at < OUTAGE[1].timestamp()


def resets(store: Prometheus) -> Iterator[float]:
    """How often each counter fell in all the time there is."""
    for name in COUNTERS:
        [found] = store.at(NOW, f"resets({name}[60d])")
        yield float(found["value"][1])


def brought(store: Prometheus, name: str, day: date) -> float:
    """Joules of a local day, as a panel asks for them."""
    begin, end = midnight(day, AMSTERDAM), midnight(day + timedelta(days=1), AMSTERDAM)
    [found] = store.at(datetime.fromtimestamp(end, UTC), f"increase({name}[{end - begin}s])")
    return float(found["value"][1])


@both
def test_a_past_is_exact_by_the_day_and_without_resets(tmp_path: Path, plant: Plant, major: str) -> None:
    loaded(built(plant, tmp_path / "out", SINCE), tmp_path / "out", tmp_path / "data")

    with holding("# EOF\n", tmp_path, major=major) as store:
        assert list(resets(store)) == [0.0, 0.0]
        for name, item in COUNTERS.items():
            for day in dates(SINCE + timedelta(days=1), date(2026, 11, 19)):
                kwh = plant.energy(day, item) or 0.0
                assert brought(store, name, day) / KWH == pytest.approx(kwh, rel=5e-5), f"{name} on {day}"
        [info] = store.at(NOW - timedelta(days=10), f"sems_station_info{SEEN}")
        assert info["metric"]["name"] == "Sunny Home"


@both
def test_verify_is_content_and_finds_a_day_that_was_spoilt(tmp_path: Path, plant: Plant, major: str) -> None:
    loaded(built(plant, tmp_path / "out", SINCE), tmp_path / "out", tmp_path / "data")
    spoilt = date(2026, 11, 5)

    with holding("# EOF\n", tmp_path, major=major) as running:
        store = Store(f"http://127.0.0.1:{running.port}")
        clean = verify(archive_in(tmp_path / "out"), store, span(plant, SINCE), TARGET)
        plant.energies[spoilt, "proSystemTotalStats"] = 99.9
        built(plant, tmp_path / "other", SINCE)
        found = verify(archive_in(tmp_path / "other"), store, span(plant, SINCE), TARGET)

    assert (clean.compared, clean.differences) == (2 * 29, ())
    assert [(each.date, each.counter, each.portal) for each in found.differences] == [
        (spoilt, "pv_energy", round(99.9 * KWH))
    ]


@both
def test_the_past_meets_what_was_scraped_and_fills_its_gap(tmp_path: Path, plant: Plant, major: str) -> None:
    true = built(plant, tmp_path / "true", SINCE)

    with holding(live(true), tmp_path, major=major) as running:
        store = Store(f"http://127.0.0.1:{running.port}")
        target = store.target(STATION)
        made = built(plant, tmp_path / "out", SINCE, store=store)
    loaded(made, tmp_path / "out", tmp_path / "data")

    assert target == (TARGET, 1)
    for name in COUNTERS:
        instants = list(made.samples(name))
        assert min(instants) == midnight(SINCE, AMSTERDAM)
        assert not [at for at in instants if at >= LIVE_FROM.timestamp() and not _is_out(at)]
        assert sum(_is_out(at) for at in instants) > 300
    with holding("# EOF\n", tmp_path, major=major) as running:
        assert list(resets(running)) == [0.0, 0.0]
        store = Store(f"http://127.0.0.1:{running.port}")
        again = built(plant, tmp_path / "out", SINCE, store=store)
        verdict = verify(archive_in(tmp_path / "out"), store, span(plant, SINCE), TARGET)
    assert [len(again.samples(name)) for name in COUNTERS] == [0, 0], "what was filled is no gap any more"
    assert verdict.differences == ()


@pytest.mark.needs("promtool")
def test_blocks_move_in_whole_and_once(tmp_path: Path, plant: Plant) -> None:
    made = built(plant, tmp_path / "out", date(2026, 11, 1))
    archive, data = archive_in(tmp_path / "out"), tmp_path / "data"

    names = [name for file in made.builder.files for name in blocks.make(archive, file, data)]
    again = [name for file in made.builder.files for name in blocks.make(archive_in(tmp_path / "out"), file, data)]

    assert sorted(each.name for each in data.iterdir()) == sorted(names)
    assert names
    assert again == []


@pytest.mark.needs("promtool")
def test_a_file_that_promtool_refuses_leaves_nothing(tmp_path: Path) -> None:
    archive, data = archive_in(tmp_path / "out"), tmp_path / "data"
    (archive.openmetrics / "2026-09.om").write_text("no metrics\n")
    data.mkdir()

    with pytest.raises(StartError, match="promtool failed"):
        blocks.make(archive, "2026-09.om", data)

    assert list(data.iterdir()) == []


@both
def test_money_that_is_counted_live_already_gets_its_past(tmp_path: Path, plant: Plant, major: str) -> None:
    writers = [money(accountant(tmp_path / "state"))]
    true = built(plant, tmp_path / "true", SINCE, further=writers)
    cost = {at: value for at, value in true.samples(COST).items() if at >= LIVE_FROM.timestamp()}
    begun = min(cost.values())
    lines = [f"{COST}{SEEN} {value - begun} {at}" for at, value in cost.items()]
    lines += [f"sems_station_up{SEEN} 1 {at}" for at in cost]
    scraped = "\n".join([f"# TYPE {COST.removesuffix('_total')} counter", *lines, "# EOF\n"])

    with holding(scraped, tmp_path, major=major) as running:
        store = Store(f"http://127.0.0.1:{running.port}")
        made = built(plant, tmp_path / "out", SINCE, store=store, further=writers)
    loaded(made, tmp_path / "out", tmp_path / "data")

    with holding("# EOF\n", tmp_path, major=major) as running:
        [fell] = running.at(NOW, f"resets({COST}[60d])")
        assert float(fell["value"][1]) == 1.0
        for day in dates(SINCE + timedelta(days=1), date(2026, 11, 19)):
            assert brought(running, COST, day) == pytest.approx(bill(day)[0], rel=1e-3), f"on {day}"

"""Bodies that are there before anybody asks, and parts of them."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, Counter, Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from sems_exporter.exposition import Format, SeriesFilter
from sems_exporter.exposition.families import all_families
from sems_exporter.exposition.prefetch import FORGET_SECONDS
from sems_exporter.exposition.renderer import EARLY_EXPIRY, EARLY_EXPIRY_STATIONS, MAINTAIN_SECONDS, REUSE_SECONDS
from sems_exporter.exposition.text_format import head
from sems_exporter.model.plant import Station
from sems_exporter.store import FORGET_AFTER
from tests.exposition.bench import Bench, read
from tests.homes import AMSTERDAM, NOON, home

TODAY = "sems_station_pv_energy_today_joules"
MIDNIGHT = datetime(2026, 6, 11, 0, 0, tzinfo=AMSTERDAM)
PATIENCE = 20.0


class _Taken:
    """A lock that somebody else holds; a scrape that wanted it would wait."""

    def __enter__(self) -> None:
        raise AssertionError("a scrape waits")

    def __exit__(self, *_: object) -> None:
        pass


@contextmanager
def somebody_renders(bench: Bench) -> Iterator[None]:
    """The poller is at it, and does not end before the test lets it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.exposition, "_lock", _Taken())
        yield


def counted() -> tuple[CollectorRegistry, Counter]:
    registry = CollectorRegistry()
    return registry, Counter("sems_x", "A count of ours.", registry=registry)


class _Watched(CollectorRegistry):
    """Counts how often it is rendered."""

    collections = 0

    def collect(self) -> Iterator[Metric]:
        self.collections += 1
        yield from super().collect()


def values(body: bytes, name: str) -> list[float]:
    return [found.value for found in read(gzip.decompress(body).decode(), Format.TEXT) if found.name == name]


class TestWaiting:
    """A scrape takes what is there and waits for nobody."""

    def test_a_scrape_does_not_wait_while_a_station_is_rendered(self) -> None:
        bench = Bench(home())
        first = bench.bytes(compressed=True)

        with somebody_renders(bench):
            second = bench.bytes(compressed=True)

        assert second is first

    def test_a_scrape_after_a_change_shows_it(self) -> None:
        bench = Bench(home())
        bench.bytes(compressed=True)

        bench.snapshots.put(replace(home(), pv_power=1.0))

        assert values(bench.bytes(compressed=True), "sems_station_pv_power_watts") == [1.0]

    def test_own_metrics_are_renewed_just_before_the_next_scrape(self) -> None:
        """It comes as regularly as clockwork, and they are rendered no more often than that."""
        registry, counter = counted()
        bench = Bench(home(), registry=registry)
        bench.bytes(compressed=True)
        bench.seconds += 30
        bench.bytes(compressed=True)

        seen = []
        for _ in range(3):
            for _ in range(30):
                counter.inc()
                bench.seconds += MAINTAIN_SECONDS
                bench.exposition.maintain()
            with somebody_renders(bench):
                seen += values(bench.bytes(compressed=True), "sems_x_total")

        assert seen == [28.0, 58.0, 88.0]

    def test_own_metrics_are_not_rendered_for_nobody(self) -> None:
        registry = _Watched()
        bench = Bench(home(), registry=registry)
        bench.bytes(compressed=True)

        for _ in range(100):
            bench.seconds += MAINTAIN_SECONDS
            bench.exposition.maintain()

        assert registry.collections == 1

    def test_what_age_takes_is_taken_before_the_next_scrape(self) -> None:
        bench = Bench(home())
        for _ in range(2):
            bench.bytes(compressed=True)
            bench.seconds += 60

        bench.clock.advance(900)
        bench.exposition.maintain()

        with somebody_renders(bench):
            assert values(bench.bytes(compressed=True), "sems_station_up") == [0.0]

    def test_a_body_that_nobody_wants_any_more_is_let_go(self) -> None:
        bench = Bench(home())
        bench.bytes(compressed=True)

        bench.seconds += FORGET_SECONDS + 1
        bench.exposition.maintain()

        assert not bench.exposition._bodies
        assert values(bench.bytes(compressed=True), "sems_station_pv_power_watts") == [5000.0]

    def test_scrapes_see_whole_bodies_while_others_write(self) -> None:
        bench = Bench(home(key="a"), home(key="b"))
        stop = threading.Event()

        def write() -> None:
            number = 0.0
            while not stop.is_set():
                number += 1.0
                bench.snapshots.put(replace(home(key="a"), pv_power=number))
                bench.exposition.maintain()

        writers = [threading.Thread(target=write) for _ in range(2)]
        for writer in writers:
            writer.start()
        try:
            powers = [values(bench.bytes(compressed=True), "sems_station_pv_power_watts") for _ in range(50)]
        finally:
            stop.set()
            for writer in writers:
                writer.join(PATIENCE)

        assert all(len(found) == 2 and found[1] == 5000.0 for found in powers)


class TestLargeFleet:
    """Where a body takes long, it serves for some seconds although stations change all the time."""

    @staticmethod
    def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
        """Every body counts as slow; the station is to expire after 900 s."""
        monkeypatch.setattr("sems_exporter.exposition.renderer.SLOW_RENDER_SECONDS", -1.0)
        bench = Bench(home())
        bench.clock.advance(600)
        bench.snapshots.put(home(NOON + timedelta(seconds=600)))
        bench.bytes(compressed=True)
        return bench

    def test_a_change_shows_some_seconds_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bench = self.bench(monkeypatch)

        bench.snapshots.put(replace(home(NOON + timedelta(seconds=600)), pv_power=1.0))
        early = bench.bytes(compressed=True)
        bench.seconds += REUSE_SECONDS
        late = bench.bytes(compressed=True)

        assert [values(body, "sems_station_pv_power_watts") for body in (early, late)] == [[5000.0], [1.0]]

    def test_nothing_outlives_its_time_meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not even what has been replaced, but is still being handed out."""
        bench = self.bench(monkeypatch)
        bench.clock.advance(899)
        bench.bytes(compressed=True)
        bench.snapshots.put(replace(home(bench.clock.now()), pv_power=1.0))

        bench.clock.advance(1)

        assert values(bench.bytes(compressed=True), "sems_station_pv_power_watts") == [1.0]

    def test_it_is_made_once_for_a_scrape_that_is_expected(self, monkeypatch: pytest.MonkeyPatch) -> None:
        registry = _Watched()
        bench = self.bench(monkeypatch)
        bench.exposition._self_metrics._registry = registry
        for _ in range(2):
            bench.seconds += 60
            bench.bytes(compressed=True)
        registry.collections = 0

        for second in range(60):
            bench.snapshots.put(replace(home(NOON + timedelta(seconds=600)), pv_power=float(second)))
            bench.seconds += MAINTAIN_SECONDS
            bench.exposition.maintain()

        with somebody_renders(bench):
            assert values(bench.bytes(compressed=True), "sems_station_pv_power_watts") == [57.0]
        assert registry.collections == 1


class TestMidnight:
    """In a fleet, what is of today ends for all stations at the same moment."""

    @staticmethod
    def fleet(count: int, before: timedelta) -> Bench:
        """So many stations that were read a minute ago, `before` midnight."""
        now = MIDNIGHT - before
        bench = Bench()
        bench.clock.advance((now - NOON).total_seconds())
        for number in range(count):
            bench.snapshots.put(home(now - timedelta(seconds=60), key=f"plant-{number}"))
        for _ in range(2):
            bench.bytes(compressed=True)
            bench.seconds += 1
        return bench

    def test_it_is_prepared_so_that_no_scrape_has_to_wait(self) -> None:
        bench = self.fleet(EARLY_EXPIRY_STATIONS, before=EARLY_EXPIRY)
        whole = len(values(bench.bytes(compressed=True), TODAY))

        bench.exposition.maintain()
        bench.clock.advance(EARLY_EXPIRY.total_seconds())

        with somebody_renders(bench):
            body = bench.bytes(compressed=True)
        assert (whole, values(body, TODAY)) == (EARLY_EXPIRY_STATIONS, [])
        assert values(body, "sems_station_pv_power_watts") == [5000.0] * EARLY_EXPIRY_STATIONS

    def test_few_stations_keep_their_values_to_the_last_moment(self) -> None:
        bench = self.fleet(EARLY_EXPIRY_STATIONS - 1, before=EARLY_EXPIRY)

        bench.exposition.maintain()

        assert len(values(bench.bytes(compressed=True), TODAY)) == EARLY_EXPIRY_STATIONS - 1
        bench.clock.advance(EARLY_EXPIRY.total_seconds())
        assert values(bench.bytes(compressed=True), TODAY) == []

    def test_nobody_is_said_to_be_down_too_early(self) -> None:
        """Absent is always true; "down" is not."""
        bench = self.fleet(EARLY_EXPIRY_STATIONS, before=timedelta(hours=3))
        bench.clock.advance(840 - EARLY_EXPIRY.total_seconds())

        bench.exposition.maintain()

        assert set(values(bench.bytes(compressed=True), "sems_station_up")) == {1.0}
        bench.clock.advance(EARLY_EXPIRY.total_seconds())
        assert set(values(bench.bytes(compressed=True), "sems_station_up")) == {0.0}


class TestParts:
    """A fleet may be scraped in parts."""

    @staticmethod
    def bench() -> Bench:
        (registry, _), (north, counter) = counted(), counted()
        counter.inc(7)
        bench = Bench(registry=registry, of_account={"north": north, "empty": north}.get)
        for key, account in (("a", "north"), ("b", "north"), ("c", "south")):
            bench.snapshots.put(home(key=key, account=account))
        return bench

    def stations(self, part: SeriesFilter, wanted: Format = Format.TEXT) -> tuple[set[str], list[float]]:
        """The stations, and the values of our own count, that `part` shows."""
        found = read(self.bench().text(wanted, part), wanted)
        own = [sample.value for sample in found if sample.name == "sems_x_total"]
        return {sample.labels["station"] for sample in found if "station" in sample.labels}, own

    @pytest.mark.parametrize("wanted", Format)
    def test_a_station_comes_alone(self, wanted: Format) -> None:
        assert self.stations(SeriesFilter(station="b"), wanted) == ({"b"}, [])

    @pytest.mark.parametrize("wanted", Format)
    def test_an_account_brings_what_the_exporter_knows_of_it(self, wanted: Format) -> None:
        assert self.stations(SeriesFilter(account="north"), wanted) == ({"a", "b"}, [7.0])

    def test_an_account_has_no_own_metrics_where_there_are_none_about_it(self) -> None:
        assert self.stations(SeriesFilter(account="south")) == ({"c"}, [])

    def test_an_account_without_stations_is_an_account(self) -> None:
        assert self.stations(SeriesFilter(account="empty")) == (set(), [7.0])

    def test_the_exporter_can_be_asked_about_itself_alone(self) -> None:
        assert self.stations(SeriesFilter(exporter=True)) == (set(), [0.0])

    @pytest.mark.parametrize("part", [SeriesFilter(station="x"), SeriesFilter(account="x"), SeriesFilter(account="")])
    def test_what_is_not_known_is_nothing(self, part: SeriesFilter) -> None:
        bench = self.bench()

        assert bench.exposition.body(Format.TEXT, compressed=True, part=part) is None
        assert not bench.exposition._scrapes._asked

    def test_the_account_is_a_label_of_the_stations_texts_only(self) -> None:
        found = read(self.bench().text(Format.TEXT), Format.TEXT)

        with_account = {(sample.name, sample.labels["account"]) for sample in found if "account" in sample.labels}
        assert with_account == {("sems_station_info", "north"), ("sems_station_info", "south")}

    def test_a_part_changes_with_its_station(self) -> None:
        bench = self.bench()
        bench.bytes(compressed=True, part=SeriesFilter(station="a"))

        bench.snapshots.put(replace(home(key="a", account="north"), pv_power=1.0))

        assert values(bench.bytes(compressed=True, part=SeriesFilter(station="a")), "sems_station_pv_power_watts") == [
            1.0
        ]


@pytest.mark.parametrize("wanted", Format)
def test_a_help_text_may_hold_anything(wanted: Format) -> None:
    """None of ours does today; a line break in one would cost every scrape."""
    hostile = 'two\nlines, a "quote", a \\ and an ü'
    family = replace(next(iter(all_families())), help=hostile)

    text = head(family, wanted) + ("# EOF\n" if wanted is Format.OPENMETRICS else "")

    parse = read_openmetrics if wanted is Format.OPENMETRICS else read_text
    [found] = parse(text)
    assert found.documentation == hostile


def test_a_station_that_comes_back_to_another_account_is_shown_once() -> None:
    """Nobody scraped on the day between."""
    bench = Bench()
    bench.snapshots.put(home(account="north"))
    bench.clock.advance(FORGET_AFTER.total_seconds())

    bench.snapshots.put(home(bench.clock.now(), account="south"))

    infos = [found.labels for found in bench.read(Format.TEXT) if found.name == "sems_station_info"]
    assert [labels["account"] for labels in infos] == ["south"]
    assert bench.exposition.body(Format.TEXT, compressed=False, part=SeriesFilter(account="north")) is None


def test_a_station_that_left_asks_for_no_more_attention() -> None:
    bench = Bench(home(key="a"), home(NOON + timedelta(hours=9), key="b"))
    bench.snapshots.keep_only(["b"])
    bench.clock.advance(3600)
    bench.bytes(compressed=True)
    bench.clock.advance(1)

    with somebody_renders(bench):
        assert values(bench.bytes(compressed=True), "sems_station_up") == [1.0]


def test_stations_known_before_it_began_are_shown() -> None:
    assert Bench(Station(id="plant-1", fetched_at=NOON)).value("sems_station_up") == 1.0

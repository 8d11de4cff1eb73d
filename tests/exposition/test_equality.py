"""Whatever happens, and however it was put together: a body is what the plain renderer writes."""

import gzip
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from prometheus_client import CollectorRegistry, Counter

from sems_exporter.exposition import ALL_SERIES, Format, SeriesFilter
from sems_exporter.model.plant import Alarm, AlarmLevel, Station
from sems_exporter.pipeline.staleness import StationView, apply_staleness
from sems_exporter.store import FORGET_AFTER
from tests.exposition.bench import LIMITS, Bench, read
from tests.homes import home
from tests.plain_exposition import rendered

IDS = ("a", "b", "b\\", 'b"', "c\nd", "ü", "\ud800", "z")
ACCOUNTS = ("", "north", "so\nuth")
POWERS = st.none() | st.sampled_from([0.0, -0.0, 1.5, 1e-7, 123_456.789]) | st.floats(0, 1e8)
KEYS = st.tuples(
    st.one_of(
        st.just(ALL_SERIES),
        st.just(SeriesFilter(exporter=True)),
        st.sampled_from(IDS).map(lambda key: SeriesFilter(station=key)),
        st.sampled_from((*ACCOUNTS, "nobody")).map(lambda name: SeriesFilter(account=name)),
    ),
    st.sampled_from(list(Format)),
    st.booleans(),
)


class Fleet(RuleBasedStateMachine):
    """An exposition of a few stations and accounts, beside a plain record of what it should show."""

    def __init__(self) -> None:
        super().__init__()
        registry = CollectorRegistry()
        self.scrapes = Counter("sems_x", "A count of ours.", registry=registry)
        self.bench = Bench(registry=registry)
        self.known: dict[str, tuple[Station, str, datetime]] = {}

    @rule(key=st.sampled_from(IDS), account=st.sampled_from(ACCOUNTS), power=POWERS, bare=st.booleans())
    def read_station(self, key: str, account: str, power: float | None, bare: bool) -> None:
        now = self.bench.clock.now()
        whole = replace(home(now, key=key, name=f"{key} {power}", account=account or None), pv_power=power)
        alarm = Alarm(device="INV1", code=f"E-{power}", level=AlarmLevel.FAULT, started_at=now)
        station = (
            Station(id=key, account=account or None, fetched_at=now, pv_power=power)
            if bare
            else replace(whole, alarms=(alarm,))
        )
        owner = self.known.get(key)
        if owner is None or owner[1] == account or now >= owner[2] + FORGET_AFTER:
            self.known[key] = (station, account, now)

        self.bench.snapshots.put(station)

    @rule(keys=st.sets(st.sampled_from(IDS)), account=st.sampled_from(ACCOUNTS))
    def list_stations(self, keys: set[str], account: str) -> None:
        self.known = {key: kept for key, kept in self.known.items() if kept[1] != account or key in keys}

        self.bench.snapshots.keep_only(keys, account)

    @rule(seconds=st.sampled_from([0.5, 60.0, 840.0, 900.0, 1200.0, 43_200.0, 86_400.0]))
    def wait(self, seconds: float) -> None:
        self.bench.clock.advance(seconds)
        self.bench.seconds += seconds

    @rule()
    def maintain(self) -> None:
        self.bench.exposition.maintain()

    @rule(key=KEYS)
    def scrape(self, key: tuple[SeriesFilter, Format, bool]) -> None:
        part, wanted, compressed = key

        body = self.bench.exposition.body(wanted, compressed=compressed, part=part)

        shown = self.shown(part)
        if not shown and (part.station is not None or part.account is not None):
            assert body is None
            return
        assert body is not None
        text = (gzip.decompress(body) if compressed else body).decode()
        expected = rendered(shown, wanted).encode("utf-8", "replace").decode()
        assert text.startswith(expected)
        rest = text.removeprefix(expected)
        read(text, wanted)
        assert rest.endswith("# EOF\n") == (wanted is Format.OPENMETRICS)
        assert rest.count("\nsems_x_total ") == (part == ALL_SERIES or part.exporter)

    @invariant()
    def whole_is_whole(self) -> None:
        self.scrape((ALL_SERIES, Format.TEXT, True))

    def shown(self, part: SeriesFilter) -> list[StationView]:
        now = self.bench.clock.now()
        return [
            apply_staleness(station, now, LIMITS)
            for key, (station, account, read_at) in self.known.items()
            if now < read_at + FORGET_AFTER
            and not part.exporter
            and part.station in (None, key)
            and part.account in (None, account)
        ]


Fleet.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestFleet = Fleet.TestCase


def test_a_thousand_stations_come_back() -> None:
    """In whatever order they came, and thinned out again."""
    bench = Bench()
    keys = [f"{(number * 7919) % 1000:03}" for number in range(1000)]
    now = bench.clock.now()

    for number, key in enumerate(keys):
        bench.snapshots.put(Station(id=key, fetched_at=now, name="x" * 500, pv_power=float(number)))
    bench.snapshots.keep_only(keys[::3])

    shown = bench.snapshots.shown(now + timedelta(seconds=1))
    assert len(shown) == 334
    for wanted in Format:
        end = "# EOF\n" if wanted is Format.OPENMETRICS else ""
        assert gzip.decompress(bench.bytes(wanted, compressed=True)).decode() == rendered(shown, wanted) + end

"""Stations as bytes that every scraper understands, true at every instant, and made once per change."""

import gzip
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter

from sems_exporter.exposition import Format
from sems_exporter.exposition.self_metrics import MAX_AGE_SECONDS
from sems_exporter.model.plant import KWH, Alarm, AlarmLevel, Inverter, Station
from sems_exporter.telemetry.metrics import SelfMetrics
from tests.exposition.bench import Bench
from tests.homes import NOON, home

HOSTILE = [
    'say "hi"',
    "C:\\new\\table",
    "two\nlines",
    'all "of\\these"\n\\n\\"',
    "Häuschen ☀ 太陽能 \U0001f31e",
    "\u2028\u0085\x0b\x0c\x1c\r",
    "ends with a backslash\\",
    '{job="x"} 1',
    "# HELP",
    "",
]


def blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """The lines of each family under the name that their comments carry."""
    name = ""
    for is_comment, lines in groupby(text.splitlines(), lambda line: line.startswith("# ")):
        group = list(lines)
        if is_comment:
            name = group[-1].split()[2] if len(group[-1].split()) > 2 else ""
            assert group[-1] == "# EOF" or all(line.split()[2] == name for line in group)
        else:
            yield name, group


BOTH = pytest.mark.parametrize("wanted", list(Format), ids=lambda wanted: wanted.name.lower())


@BOTH
class TestBothFormats:
    """What holds whatever a scraper asks for."""

    def test_every_value_comes_back_as_it_went_in(self, wanted: Format) -> None:
        found = {(r.name, tuple(sorted(r.labels.items()))): r.value for r in Bench(home()).read(wanted)}

        plant, inverter = ("station", "plant-1"), ("inverter", "INV1")
        assert found["sems_station_pv_power_watts", (plant,)] == 5000.0
        assert found["sems_station_load_power_watts", (plant,)] == 700.5
        assert found["sems_station_battery_state_of_charge_ratio", (plant,)] == 0.42
        assert found["sems_station_up", (plant,)] == 1.0
        assert found["sems_station_pv_energy_joules_total", (plant,)] == 12_345.6 * KWH
        assert found["sems_station_data_timestamp_seconds", (plant,)] == NOON.timestamp() - 60
        assert found["sems_inverter_input_power_watts", (("input", "2"), inverter, plant)] == 2000.0
        assert found["sems_inverter_phase_voltage_volts", (inverter, ("phase", "L1"), plant)] == 231.0
        assert found["sems_meter_phase_grid_export_power_watts", (("meter", "MTR1"), ("phase", "L1"), plant)] == 2299.5

    def test_what_is_not_known_has_no_series(self, wanted: Format) -> None:
        bare = Station(id="plant-1", fetched_at=NOON)

        assert {r.name for r in Bench(bare).read(wanted)} == {"sems_station_up", "sems_station_info"}
        assert "NaN" not in Bench(home()).text(wanted)

    def test_nothing_read_yet_is_valid_and_empty(self, wanted: Format) -> None:
        assert Bench().read(wanted) == []

    @pytest.mark.parametrize("text", HOSTILE)
    def test_names_may_hold_anything(self, wanted: Format, text: str) -> None:
        """The owner of a plant chooses them."""
        names = [r.labels["name"] for r in Bench(home(name=text)).read(wanted) if r.name == "sems_station_info"]

        assert names == [text]

    @given(text=st.text(max_size=20), number=st.floats(-1e8, 1e8))
    @settings(deadline=None, max_examples=80)
    def test_any_text_and_any_number_survive(self, wanted: Format, text: str, number: float) -> None:
        inverter = Inverter(id="INV1", name=text, ac_power=number)

        found = Bench(replace(home(key=text), inverters=(inverter,))).read(wanted)

        [power] = [r for r in found if r.name == "sems_inverter_ac_power_watts"]
        assert power == ("sems_inverter_ac_power_watts", {"station": text, "inverter": "INV1"}, number)
        assert [r.labels["name"] for r in found if r.name == "sems_inverter_info"] == [text]

    def test_half_a_character_does_not_cost_the_scrape(self, wanted: Format) -> None:
        """JSON can hold lone surrogates, UTF-8 cannot."""
        names = [r.labels["name"] for r in Bench(home(name="a\ud800b")).read(wanted) if r.name == "sems_station_info"]

        assert names == ["a?b"]

    def test_a_familys_samples_stand_together(self, wanted: Format) -> None:
        """Both formats demand it, and it is easily lost with several stations."""
        found = list(blocks(Bench(home(key="a"), home(key="b")).text(wanted)))

        names = [name for name, _ in found]
        assert len(names) == len(set(names)) > 30
        for name, lines in found:
            assert {line.partition("{")[0].removesuffix("_total").removesuffix("_info") for line in lines} == {
                name.removesuffix("_total").removesuffix("_info")
            }

    def test_every_family_says_what_it_is(self, wanted: Format) -> None:
        lines = Bench(home()).text(wanted).splitlines()

        helps = [line.split()[2] for line in lines if line.startswith("# HELP ")]
        types = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
        assert helps == types
        assert len(helps) > 30

    def test_no_sample_has_a_timestamp(self, wanted: Format) -> None:
        """Prometheus would drop a sample that is stamped some minutes ago."""
        lines = [line for line in Bench(home()).text(wanted).splitlines() if not line.startswith("#")]

        assert all(len(line.rpartition("} ")[2].split()) == 1 for line in lines)

    def test_exactly_one_state_is_true(self, wanted: Format) -> None:
        states = {r.labels["state"]: r.value for r in Bench(home()).read(wanted) if r.name == "sems_inverter_state"}

        assert states["running"] == 1.0
        assert sum(states.values()) == 1.0
        assert {"offline", "fault", "unknown"} <= states.keys()

    def test_own_metrics_are_appended(self, wanted: Format) -> None:
        metrics = SelfMetrics()
        metrics.failure("timeout")

        found = Bench(home(), registry=metrics.registry).read(wanted)

        assert ("sems_refresh_failures_total", {"reason": "timeout"}, 1.0) in found
        assert not [r.name for r in found if r.name.endswith("_created")]


class TestOpenMetrics:
    """What OpenMetrics 1.0.0 wants beyond the older format."""

    def test_counters_and_texts_are_named_without_their_endings(self) -> None:
        lines = Bench(home()).text(Format.OPENMETRICS).splitlines()

        assert "# TYPE sems_station_pv_energy_joules counter" in lines
        assert "# TYPE sems_station info" in lines
        assert any(line.startswith("sems_station_pv_energy_joules_total{") for line in lines)
        assert any(line.startswith("sems_station_info{") for line in lines)

    def test_units_are_declared(self) -> None:
        lines = Bench(home()).text(Format.OPENMETRICS).splitlines()

        assert "# UNIT sems_station_pv_power_watts watts" in lines
        assert "# UNIT sems_station_pv_energy_joules joules" in lines
        assert not [line for line in lines if line.startswith("# UNIT sems_station_state")]

    @pytest.mark.parametrize("stations", [(), (home(),)], ids=["empty", "a home"])
    def test_it_ends_with_exactly_one_end(self, stations: tuple[Station, ...]) -> None:
        text = Bench(*stations, registry=SelfMetrics().registry).text(Format.OPENMETRICS)

        assert text.endswith("\n# EOF\n")
        assert text.count("# EOF") == 1


class TestText:
    """What the older format does not know."""

    def test_counters_and_texts_are_named_by_their_samples(self) -> None:
        lines = Bench(home()).text(Format.TEXT).splitlines()

        assert "# TYPE sems_station_pv_energy_joules_total counter" in lines
        assert "# TYPE sems_station_info gauge" in lines

    def test_it_has_neither_units_nor_an_end(self) -> None:
        text = Bench(home(), registry=SelfMetrics().registry).text(Format.TEXT)

        assert "# UNIT" not in text
        assert "# EOF" not in text
        assert text.endswith("\n")


class TestAlarmsAndRegisters:
    """What is no plain number."""

    def test_active_alarms_are_counted_by_every_level(self) -> None:
        alarms = (
            Alarm(device="INV1", code="E-1", level=AlarmLevel.FAULT, name='Grid "lost"', started_at=NOON),
            Alarm(device="INV1", code="E-2", level=AlarmLevel.FAULT),
        )
        bench = Bench(replace(home(), alarms=alarms))

        levels = {r.labels["level"]: r.value for r in bench.read(Format.TEXT) if r.name == "sems_alarms_active"}

        assert levels["fault"] == 2.0
        assert levels.keys() == set(AlarmLevel)
        assert bench.value("sems_alarm_info", code="E-1", name='Grid "lost"') == 1.0
        assert bench.value("sems_alarm_start_timestamp_seconds", code="E-1") == NOON.timestamp()
        assert bench.value("sems_alarm_start_timestamp_seconds", code="E-2") is None

    def test_no_alarm_is_a_zero_and_not_asked_is_nothing(self) -> None:
        assert Bench(replace(home(), alarms=())).value("sems_alarms_active", level="fault") == 0.0
        assert Bench(replace(home(), alarms=None)).value("sems_alarms_active", level="fault") is None

    def test_an_alarm_that_is_listed_twice_is_one_series(self) -> None:
        alarm = Alarm(device="INV1", code="E-1", level=AlarmLevel.ALARM, started_at=NOON)

        bench = Bench(replace(home(), alarms=(alarm, replace(alarm, name="again"))))

        assert bench.value("sems_alarm_info", code="E-1") == 1.0

    def test_of_many_alarms_the_twenty_latest_are_shown_in_whatever_order_they_are_listed(self) -> None:
        alarms = tuple(
            Alarm(device="INV1", code=f"E-{hour}", level=AlarmLevel.ALARM, started_at=NOON - timedelta(hours=hour))
            for hour in range(30, 0, -1)
        )
        timeless = Alarm(device="INV1", code="E-0", level=AlarmLevel.ALARM)

        bench = Bench(replace(home(), alarms=(timeless, *alarms)))

        shown = {sample.labels["code"] for sample in bench.read(Format.TEXT) if sample.name == "sems_alarm_info"}
        assert shown == {f"E-{hour}" for hour in range(1, 21)}
        assert bench.value("sems_alarms_active", level="alarm") == 31.0

    def test_alarms_go_with_an_old_snapshot(self) -> None:
        alarm = Alarm(device="INV1", code="E-1", level=AlarmLevel.ALARM)
        bench = Bench(replace(home(), alarms=(alarm,)))

        bench.clock.advance(900)

        assert bench.value("sems_alarm_info", code="E-1") is None

    def test_a_register_is_shown_raw_and_bit_by_bit(self) -> None:
        inverter = replace(home().inverters[0], fault_bits=0b101)
        bench = Bench(replace(home(), inverters=(inverter,)))

        bits = [r.labels["bit"] for r in bench.read(Format.TEXT) if r.name == "sems_inverter_fault_bit"]

        assert bench.value("sems_inverter_fault_bits") == 5.0
        assert bits == ["0", "2"]


class TestReuse:
    """Bytes are made once per change, however many scrapers ask."""

    @pytest.mark.parametrize("compressed", [False, True])
    @BOTH
    def test_the_same_bytes_serve_every_scrape(self, wanted: Format, compressed: bool) -> None:
        bench = Bench(home())

        first = bench.bytes(wanted, compressed=compressed)

        assert bench.bytes(wanted, compressed=compressed) is first

    def test_a_new_reading_is_seen_by_the_next_scrape(self) -> None:
        bench = Bench(home())
        before = bench.bytes()

        bench.snapshots.put(replace(home(), pv_power=1.0))

        assert bench.bytes() is not before
        assert bench.value("sems_station_pv_power_watts") == 1.0

    def test_a_station_that_left_is_gone_from_the_next_scrape(self) -> None:
        bench = Bench(home())
        bench.bytes()

        bench.snapshots.keep_only([])

        assert bench.value("sems_station_up") is None

    def test_values_go_at_their_time_although_nobody_polls(self) -> None:
        """The poller may hang for ever; what is served stays true."""
        station = home()
        bench = Bench(replace(station, data_timestamp=NOON - timedelta(seconds=600)))
        first = bench.bytes()

        bench.clock.advance(599)
        second = bench.bytes()
        bench.clock.advance(1)

        assert second is first
        assert bench.value("sems_station_pv_power_watts") is None
        assert bench.value("sems_inverter_ac_power_watts") == 2900.0
        bench.clock.advance(300)
        assert bench.value("sems_station_up") == 0.0
        assert bench.value("sems_inverter_ac_power_watts") is None
        assert bench.value("sems_inverter_pv_energy_joules_total") == 12_345.6 * KWH

    def test_after_the_last_change_bytes_are_reused_again(self) -> None:
        bench = Bench(home())
        bench.clock.advance(86_000)

        first = bench.bytes()
        bench.clock.advance(100)

        assert bench.bytes() is first

    def test_own_metrics_are_new_after_a_few_seconds(self) -> None:
        registry = CollectorRegistry()
        counter = Counter("sems_x", "A count of ours.", registry=registry)
        bench = Bench(home(), registry=registry)
        bench.bytes()
        counter.inc()

        bench.seconds += MAX_AGE_SECONDS - 0.01
        early = bench.value("sems_x_total")
        bench.seconds += 0.01

        assert (early, bench.value("sems_x_total")) == (0.0, 1.0)

    @BOTH
    def test_gzip_holds_the_same_bytes(self, wanted: Format) -> None:
        bench = Bench(home(), registry=SelfMetrics().registry)

        small = bench.bytes(wanted, compressed=True)

        assert gzip.decompress(small) == bench.bytes(wanted)
        assert len(small) < len(bench.bytes(wanted)) / 3

    def test_gzip_is_renewed_like_the_rest(self) -> None:
        bench = Bench(home())
        bench.bytes(compressed=True)

        bench.snapshots.put(replace(home(), pv_power=1.0))

        assert b'sems_station_pv_power_watts{station="plant-1"} 1.0\n' in gzip.decompress(bench.bytes(compressed=True))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_written_so_that_nothing_is_lost(number: float) -> None:
    station = Station(id="plant-1", fetched_at=NOON, pv_power=number)

    assert math.isclose(Bench(station).value("sems_station_pv_power_watts") or 0.0, number, rel_tol=0, abs_tol=0)

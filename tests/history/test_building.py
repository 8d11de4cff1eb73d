"""The files: the same series as live, strictly valid, exact by the day, and nothing that nobody knows."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from sems_exporter.exposition.families import all_families
from sems_exporter.history.days import dates, midnight
from sems_exporter.model.plant import KWH
from tests.history.pasts import AMSTERDAM, NOW, STATION, Plant, built, falls, increase, steady, sunny

PV = "sems_station_pv_energy_joules_total"
BOUGHT = "sems_station_grid_import_energy_joules_total"
SINCE = date(2026, 11, 1)
HOUR = 3600


def plant(**options: Any) -> Plant:
    return Plant(begin=date(2026, 10, 20), **options)


def test_the_files_are_strictly_valid_and_hold_only_what_is_exposed_live(tmp_path: Path) -> None:
    made = built(plant(), tmp_path, date(2026, 10, 28))

    live = {found.name: found for found in all_families()}
    assert list(made.texts) == ["2026-11.om", "2026-10.om"]
    for text in made.texts.values():
        assert text.endswith("# EOF\n")
        for found in text_string_to_metric_families(text):  # type: ignore[no-untyped-call]
            assert found.documentation == live[found.name].help
            assert found.unit == live[found.name].unit
            instants = Counter((tuple(sorted(s.labels.items())), float(s.timestamp)) for s in found.samples)
            assert max(instants.values()) == 1, "one value an instant"
            for sample in found.samples:
                assert sample.name == live[found.name].sample_name
                assert {"job": "sems", "instance": "home:10736", "station": STATION}.items() <= sample.labels.items()


def test_what_panels_join_by_is_there_whenever_a_value_is(tmp_path: Path) -> None:
    made = built(plant(), tmp_path, SINCE)

    info = made.samples("sems_station_info")
    names = {line.split("{")[0] for text in made.texts.values() for line in text.splitlines() if line[0] != "#"}
    assert all(set(made.samples(name)) <= set(info) for name in names)
    assert 'name="Sunny Home"' in made.texts["2026-11.om"]
    assert set(made.samples("sems_station_installed_power_watts").values()) == {6000.0}


def test_no_file_overlaps_another(tmp_path: Path) -> None:
    made = built(plant(zone=ZoneInfo("Australia/Sydney")), tmp_path, date(2026, 10, 25))

    for name, text in made.texts.items():
        months = {f"{datetime.fromtimestamp(int(at), UTC):%Y-%m}" for at in _instants(text)}
        assert months == {name.removesuffix(".om")}


def _instants(text: str) -> list[str]:
    return [line.rsplit(" ", 1)[1] for line in text.splitlines() if line[0] != "#"]


def test_powers_are_means_told_at_the_end_of_their_time(tmp_path: Path) -> None:
    made = built(plant(spacing=60), tmp_path, date(2026, 11, 18), date(2026, 11, 18))

    noon = int(datetime(2026, 11, 18, 12, 0, tzinfo=AMSTERDAM).timestamp())
    powers = made.samples("sems_station_pv_power_watts")
    assert powers[noon] == pytest.approx(1000 * sum(4 - minute / 60 for minute in (5, 4, 3, 2, 1)) / 5)
    seven = int(datetime(2026, 11, 18, 7, 0, tzinfo=AMSTERDAM).timestamp())
    assert made.samples("sems_station_grid_import_power_watts")[seven + 300] == 2500.0
    assert set(made.samples("sems_station_grid_export_power_watts").values()) == {0.0}


def test_steps_of_a_minute_give_the_minutes(tmp_path: Path) -> None:
    made = built(plant(spacing=60), tmp_path, date(2026, 11, 18), date(2026, 11, 18), step=60)

    noon = int(datetime(2026, 11, 18, 12, 0, tzinfo=AMSTERDAM).timestamp())
    assert made.samples("sems_station_pv_power_watts")[noon + 60] == 4000.0
    assert len(made.samples("sems_station_pv_power_watts")) == 8 * 60


def test_a_night_without_a_curve_is_no_power_of_zero(tmp_path: Path) -> None:
    made = built(plant(), tmp_path, SINCE)

    night = int(datetime(2026, 11, 18, 2, 0, tzinfo=AMSTERDAM).timestamp())
    assert night not in made.samples("sems_station_pv_power_watts")
    assert night in made.samples(PV), "what was counted stays counted"


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Australia/Sydney", "Asia/Kolkata", "America/Santiago"])
def test_each_local_day_brings_what_the_portal_says_and_counters_never_fall(tmp_path: Path, zone: str) -> None:
    there = Plant(zone=ZoneInfo(zone), begin=date(2026, 10, 1))
    made = built(there, tmp_path, date(2026, 10, 1))

    for name, item in ((PV, "proSystemTotalStats"), (BOUGHT, "proPurchaseStats")):
        samples = made.samples(name)
        assert falls(samples) == []
        for day in dates(date(2026, 10, 1), date(2026, 11, 18)):
            begin, end = midnight(day, there.zone), midnight(day + timedelta(days=1), there.zone)
            assert increase(samples, begin, end) == round((there.energy(day, item) or 0) * KWH)
            assert samples[begin] == samples[begin + 1], "so that increase() begins with the day"


@pytest.mark.parametrize("day, hours", [(date(2026, 3, 29), 23), (date(2025, 10, 26), 25)])
def test_days_of_23_and_25_hours_are_whole(tmp_path: Path, day: date, hours: int) -> None:
    now = datetime.combine(day + timedelta(days=4), time(12), UTC)
    there = Plant(begin=day - timedelta(days=3), spacing=900, now=now)
    made = built(there, tmp_path, there.begin)

    begin, end = midnight(day, AMSTERDAM), midnight(day + timedelta(days=1), AMSTERDAM)
    bought = made.samples(BOUGHT)
    assert end - begin == hours * HOUR
    assert increase(bought, begin, end) == round((there.energy(day, "proPurchaseStats") or 0) * KWH)
    powers = [at for at in made.samples("sems_station_grid_import_power_watts") if begin < at <= end]
    assert len(powers) == hours * 4, "both of the hours that clocks show twice"


def test_the_energy_of_today_ends_as_the_energy_of_the_day(tmp_path: Path) -> None:
    there = plant()
    made = built(there, tmp_path, SINCE)

    today = made.samples("sems_station_pv_energy_today_joules")
    for day in dates(SINCE, date(2026, 11, 18)):
        begin, end = midnight(day, AMSTERDAM), midnight(day + timedelta(days=1), AMSTERDAM)
        within = {at: value for at, value in today.items() if begin < at < end}
        assert max(within.values()) == within[end - 1] == round((there.energy(day, "proSystemTotalStats") or 0) * KWH)
        assert falls(within) == []


def test_nothing_is_younger_than_three_hours(tmp_path: Path) -> None:
    made = built(plant(), tmp_path, SINCE)

    newest = max(int(at) for text in made.texts.values() for at in _instants(text))
    assert NOW - timedelta(hours=3, minutes=10) <= datetime.fromtimestamp(newest, UTC) <= NOW - timedelta(hours=3)


def test_nothing_is_outside_of_what_was_wanted(tmp_path: Path) -> None:
    made = built(plant(), tmp_path, date(2026, 11, 3), date(2026, 11, 9))

    instants = {int(at) for text in made.texts.values() for at in _instants(text)}
    assert min(instants) == midnight(date(2026, 11, 3), AMSTERDAM)
    assert max(instants) == midnight(date(2026, 11, 10), AMSTERDAM)


def test_a_plant_younger_than_the_first_day_begins_with_its_data(tmp_path: Path) -> None:
    made = built(plant(), tmp_path, date(2020, 1, 1))

    instants = {int(at) for text in made.texts.values() for at in _instants(text)}
    assert min(instants) == midnight(date(2026, 10, 20), AMSTERDAM)


def test_the_last_counters_are_not_above_the_live_reading(tmp_path: Path) -> None:
    there = plant()
    made = built(there, tmp_path, SINCE)

    for name, live in ((PV, there.station().pv_energy), (BOUGHT, there.station().grid_import_energy)):
        assert live is not None
        last = list(made.samples(name).values())[-1]
        assert last <= live
        assert live - last <= 3.2 * 4 * KWH


def test_a_curve_that_is_far_off_does_not_shape_its_day_and_that_is_told(tmp_path: Path) -> None:
    odd = date(2026, 11, 10)
    usual = plant().energy(odd, "proSystemTotalStats") or 0.0
    made = built(plant(energies={(odd, "proSystemTotalStats"): usual * 1.1}), tmp_path, SINCE)

    begin, end = midnight(odd, AMSTERDAM), midnight(odd + timedelta(days=1), AMSTERDAM)
    pv = made.samples(PV)
    assert increase(pv, begin, end) == round(usual * 1.1 * KWH)
    assert [at for at in pv if begin + 1 < at < end] == []
    assert [at for at in made.samples("sems_station_pv_energy_today_joules") if begin < at < end] == [end - 1]
    assert [note for note in made.builder.notes.values() if "pv energy" in note and f"one day, {odd}," in note]
    assert [note for note in made.builder.notes.values() if "grid import" in note] == []


def test_a_curve_that_is_a_little_off_is_scaled_to_the_day(tmp_path: Path) -> None:
    day = date(2026, 11, 10)
    usual = plant().energy(day, "proSystemTotalStats") or 0.0
    made = built(plant(energies={(day, "proSystemTotalStats"): usual * 1.04}), tmp_path, SINCE)

    begin, end = midnight(day, AMSTERDAM), midnight(day + timedelta(days=1), AMSTERDAM)
    pv, noon = made.samples(PV), int(datetime(2026, 11, 10, 12, tzinfo=AMSTERDAM).timestamp())
    assert increase(pv, begin, end) == round(usual * 1.04 * KWH)
    assert increase(pv, begin, noon) == pytest.approx(usual * 1.04 * KWH / 2, rel=0.05)
    assert made.builder.notes == {}


@pytest.mark.parametrize("told", [None, 0.0])
def test_a_day_of_which_the_portal_tells_no_energy_is_absent(tmp_path: Path, told: float | None) -> None:
    lost = date(2026, 11, 10)
    made = built(plant(energies={(lost, "proSystemTotalStats"): told}), tmp_path, SINCE)

    begin, end = midnight(lost, AMSTERDAM), midnight(lost + timedelta(days=1), AMSTERDAM)
    assert [at for at in made.samples(PV) if begin + 1 < at < end] == []
    assert [at for at in made.samples("sems_station_pv_energy_today_joules") if begin < at < end] == []
    assert falls(made.samples(PV)) == []
    assert any(f"of one day, {lost}, the portal tells no energy" in note for note in made.builder.notes.values())


def test_a_sunless_day_is_a_day_of_zero(tmp_path: Path) -> None:
    snow = date(2026, 11, 10)
    made = built(
        plant(pv=lambda at: 0.0 if at.date() == snow and sunny(at) is not None else sunny(at)), tmp_path, SINCE
    )

    begin, end = midnight(snow, AMSTERDAM), midnight(snow + timedelta(days=1), AMSTERDAM)
    assert increase(made.samples(PV), begin, end) == 0
    assert made.samples("sems_station_pv_energy_today_joules")[end - 1] == 0.0
    assert made.builder.notes == {}


def test_energies_without_curves_are_there_at_midnight_alone(tmp_path: Path) -> None:
    there = plant(curves_from=date(2026, 11, 10))
    made = built(there, tmp_path, SINCE)

    before = [at for at in made.samples(PV) if at < midnight(date(2026, 11, 10), AMSTERDAM)]
    assert len(before) == 2 * 9
    assert falls(made.samples(PV)) == []
    assert min(made.samples("sems_station_pv_power_watts")) > midnight(date(2026, 11, 8), AMSTERDAM)


def test_a_hole_in_the_curve_is_a_hole(tmp_path: Path) -> None:
    def with_hole(at: datetime) -> float | None:
        return None if at.date() == date(2026, 11, 10) and at.hour in (3, 4) else steady(at)

    made = built(plant(load=with_hole), tmp_path, SINCE)

    begin = int(datetime(2026, 11, 10, 3, 0, tzinfo=AMSTERDAM).timestamp())
    bought = made.samples("sems_station_grid_import_power_watts")
    assert [at for at in bought if begin < at <= begin + 2 * HOUR] == []


def test_a_replaced_inverter_ends_the_reckoning_of_its_counter(tmp_path: Path) -> None:
    there = plant()
    replaced = date(2026, 11, 5)
    today = there.energy(NOW.date(), "proSystemTotalStats") or 0.0
    whole = there.total("proSystemTotalStats", NOW.date()) - there.total("proSystemTotalStats", replaced) + today
    made = built(there, tmp_path, SINCE, station=there.station(pv_energy=whole * KWH))

    assert min(made.samples(PV)) == midnight(replaced, AMSTERDAM)
    assert min(made.samples(PV).values()) < 1 * KWH
    assert min(made.samples(BOUGHT)) == midnight(SINCE, AMSTERDAM)
    [note] = made.builder.notes.values()
    assert "pv energy is not reckoned beyond 2026-11-04" in note


def test_a_counter_that_the_station_does_not_have_is_not_invented(tmp_path: Path) -> None:
    there = plant()
    made = built(there, tmp_path, SINCE, station=there.station(grid_import_energy=None))

    assert made.samples(BOUGHT) == {}
    assert made.samples("sems_station_grid_import_energy_today_joules") != {}


def test_a_later_run_reckons_to_the_same_joule(tmp_path: Path) -> None:
    there = plant()
    first = built(there, tmp_path, SINCE).samples(PV)
    # The portal rounds, so that another reading may say a little more of the same midnight.
    more = (there.station().pv_energy or 0.0) + 36_000
    again = built(there, tmp_path, date(2026, 10, 20), station=there.station(pv_energy=more)).samples(PV)

    assert {at: again[at] for at in first} == first


def test_a_run_that_is_repeated_writes_the_same(tmp_path: Path) -> None:
    assert built(plant(), tmp_path, SINCE).texts == built(plant(), tmp_path, SINCE).texts


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    kwh=st.lists(st.one_of(st.none(), st.floats(0, 60).map(lambda x: round(x, 1))), min_size=12, max_size=12),
    missing=st.integers(0, 40),
)
def test_whatever_the_days_brought_sums_are_exact_and_counters_never_fall(
    tmp_path_factory: pytest.TempPathFactory, kwh: list[float | None], missing: int
) -> None:
    first = date(2026, 11, 8)
    told = {(first + timedelta(days=number), "proSystemTotalStats"): each for number, each in enumerate(kwh)}
    there = Plant(begin=first, energies=told, spacing=900)
    total = there.total("proSystemTotalStats", NOW.date()) + missing
    made = built(
        there,
        tmp_path_factory.mktemp("any"),
        first,
        station=there.station(pv_energy=total * KWH, pv_energy_today=0.0),
    )

    pv = made.samples(PV)
    assert falls(pv) == []
    for begin, end in pairwise(midnight(day, AMSTERDAM) for day in dates(first, NOW.date() - timedelta(days=1))):
        day = datetime.fromtimestamp(begin, AMSTERDAM).date()
        energy = there.energy(day, "proSystemTotalStats")
        if energy and begin in pv and end in pv:
            assert increase(pv, begin, end) == pytest.approx(round(energy * KWH), abs=KWH if pv[begin] == 0 else 0)

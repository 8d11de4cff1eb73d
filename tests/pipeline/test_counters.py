"""What a counter may do: rise no faster than its plant, begin anew, be corrected; and what `increase()` sees of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.model.diagnostics import DropReason
from sems_exporter.model.plant import KWH, DeviceState, Inverter, Meter, Station
from tests.homes import AMSTERDAM, NOON
from tests.judges import POLL, Judge, local

HOME = {"installed_power": 8500.0, "latitude": 52.1, "longitude": 5.1}
FLAT = {"installed_power": 8500.0}
"""A home whose place nobody knows."""


def increase(shown: Sequence[float | None]) -> float:
    """What Prometheus makes of a counter: after each fall it counts from 0."""
    known = [value for value in shown if value is not None]
    return sum(new - old if new >= old else new for old, new in pairwise(known))


def resets(shown: Sequence[float | None]) -> int:
    known = [value for value in shown if value is not None]
    return sum(new < old for old, new in pairwise(known))


class TestRises:
    """A leap is no energy."""

    @pytest.mark.parametrize("facts", [HOME, {}], ids=["rated", "unrated"])
    @pytest.mark.parametrize("leap", [20_000.0, 15_250_000.0])
    @pytest.mark.parametrize("polls", [1, 2, 12])
    def test_a_leap_is_held_and_the_counter_goes_on_at_once(
        self, facts: dict[str, float], leap: float, polls: int
    ) -> None:
        judge = Judge(facts=facts)
        true = [15_250.0 + number / 10 for number in range(26 * 12)]
        wire = [true[0], *[leap] * polls, *true[polls + 1 :]]

        shown = judge.totals([value * KWH for value in wire])

        assert shown[1 : polls + 1] == [15_250.0 * KWH] * polls
        assert shown[polls + 1 :] == [value * KWH for value in true[polls + 1 :]]
        assert resets(shown) == 0
        assert increase(shown) == pytest.approx((true[-1] - true[0]) * KWH)
        assert judge.findings.dropped == {("sems_station_pv_energy_joules_total", DropReason.ROSE): polls}

    def test_a_leap_that_stands_for_a_day_is_believed(self) -> None:
        """The owner had the history of an old inverter added."""
        judge = Judge(facts=HOME)

        shown = judge.totals([15_250.0 * KWH, *[20_000.0 * KWH + number for number in range(300)]])

        assert shown[288] == 15_250.0 * KWH
        assert shown[289] == 20_000.0 * KWH + 288

    def test_leaps_that_contradict_each_other_are_not_believed(self) -> None:
        judge = Judge(facts=HOME)

        shown = judge.totals([100.0 * KWH, *[(number % 2 + 1) * 5000.0 * KWH for number in range(400)]])

        assert set(shown) == {100.0 * KWH}

    def test_a_small_rise_too_early_is_made_up_for_without_a_reset(self) -> None:
        """Two kilowatt hours in five minutes pass; then the true counter takes two days of winter to get there."""
        judge = Judge(facts=HOME)
        true = [15_250.0 + number / 300 for number in range(900)]

        shown = judge.totals([value * KWH for value in (*true[:10], 15_252.0, *true[11:])])

        assert resets(shown) == 0
        assert increase(shown) == pytest.approx((true[-1] - true[0]) * KWH)

    @pytest.mark.parametrize("silent", [timedelta(hours=5), timedelta(days=3)])
    def test_what_comes_at_once_after_a_silence_is_believed(self, silent: timedelta) -> None:
        judge = Judge(facts=HOME)
        judge.total(NOON, 100.0 * KWH)
        more = 8.5 * silent / timedelta(hours=1)

        assert judge.total(NOON + silent, (100 + more) * KWH) == (100 + more) * KWH

    def test_a_portal_that_posts_a_day_at_once_is_believed_as_soon_as_the_plant_can_have_made_it(self) -> None:
        """It repeats the old value all day, beside powers of now."""
        judge = Judge(facts=HOME)
        readings = [1000.0, *[1040.0] * 287, *[1085.0] * 40]

        shown = judge.totals([value * KWH for value in readings])

        assert [shown.index(value * KWH) for value in (1000.0, 1040.0, 1085.0)] == [0, 26, 316]
        assert resets(shown) == 0

    @pytest.mark.parametrize(
        "name, step",
        [
            ("pv_energy", 1.4),
            ("battery_charge_energy", 1.4),
            ("grid_import_energy", 15.0),
            ("grid_export_energy", 1.4),
            ("load_energy", 15.0),
        ],
    )
    def test_a_plant_at_its_limits_is_never_held(self, name: str, step: float) -> None:
        """17 kW of modules at an inverter of 8.5 kW; a house behind 3 x 250 A."""
        judge = Judge(facts=HOME)
        readings = [1000.0 + number * step for number in range(300)]

        shown = [
            getattr(judge.at(NOON + number * POLL, **{name: value * KWH}), name)
            for number, value in enumerate(readings)
        ]

        assert shown == [value * KWH for value in readings]
        assert not judge.findings.dropped

    @pytest.mark.parametrize("name, leap", [("pv_energy", 20.0), ("grid_import_energy", 300.0), ("load_energy", 300.0)])
    def test_a_leap_after_hours_at_rest_is_no_energy(self, name: str, leap: float) -> None:
        """By night nothing is made, by day nothing is bought: what stood still is as young as its last answer."""
        judge = Judge(facts=HOME)
        wire = [*[1000.0] * 120, 1000.0 + leap, *[1000.0] * 3, 1000.1]

        shown = [
            getattr(judge.at(NOON + number * POLL, **{name: value * KWH}), name) for number, value in enumerate(wire)
        ]

        assert shown == [1000.0 * KWH] * 124 + [1000.1 * KWH]

    def test_a_leap_at_the_second_look_is_no_energy(self) -> None:
        judge = Judge(facts=HOME)
        days = Judge(facts=HOME)

        totals = judge.totals([value * KWH for value in (1000.0, 1100.0, 1000.1)])
        today = [days.today(NOON + number * POLL, value * KWH) for number, value in enumerate([12.5, 20.0, 12.6])]

        assert totals == [1000.0 * KWH, 1000.0 * KWH, 1000.1 * KWH]
        assert today == [12.5 * KWH, None, 12.6 * KWH]

    @pytest.mark.parametrize("seen_before", [True, False])
    @pytest.mark.parametrize("dated", [True, False])
    def test_an_inverter_that_is_back_after_days_brings_what_it_made(self, *, seen_before: bool, dated: bool) -> None:
        """While it was offline the portal repeated its counter, with the time of its last report or without one."""
        judge = Judge(facts=HOME)

        def shown(hour: float, value: float, state: DeviceState, reported: float) -> float | None:
            taken = NOON + timedelta(hours=reported) if dated else None
            inverter = Inverter(id="A", rated_power=8500.0, state=state, data_timestamp=taken, pv_energy=value * KWH)
            return judge.at(NOON + timedelta(hours=hour), inverters=(inverter,)).inverters[0].pv_energy

        if seen_before:
            shown(0, 1000.0, DeviceState.RUNNING, 0)
        away = [shown(hour, 1000.0, DeviceState.OFFLINE, 0) for hour in range(1, 49)]
        blip = shown(49, 1040.0, DeviceState.OFFLINE, 0)

        assert set(away) == {1000.0 * KWH}
        assert blip == 1000.0 * KWH
        assert shown(50, 1085.0, DeviceState.RUNNING, 50) == 1085.0 * KWH

    def test_money_and_whole_hours_are_never_held(self) -> None:
        judge = Judge(facts=HOME)

        incomes = [judge.at(NOON + number * POLL, income=1e6 * (number + 1)).income for number in range(5)]
        hours = [
            judge.at(NOON + number * POLL, inverters=(Inverter(id="A", operating_time=3600.0 * (number // 12)),))
            .inverters[0]
            .operating_time
            for number in range(12, 62)
        ]

        assert incomes == [1e6, 2e6, 3e6, 4e6, 5e6]
        assert hours == [3600.0 * (number // 12) for number in range(12, 62)]
        assert not judge.findings.dropped

    def test_a_device_is_bounded_by_its_own_rating(self) -> None:
        """100 kWh in five minutes are nothing for the park, and too much for one of its inverters."""
        judge = Judge(facts={"installed_power": 5e6})

        def shown(minute: int, value: float) -> float | None:
            inverter = Inverter(id="A", rated_power=50_000.0, battery_charge_energy=value * KWH)
            return judge.at(NOON + timedelta(minutes=minute), inverters=(inverter,)).inverters[0].battery_charge_energy

        shown(0, 1000.0)
        shown(5, 1001.0)

        assert shown(10, 1101.0) == 1001.0 * KWH
        assert shown(15, 1002.0) == 1002.0 * KWH
        assert judge.dropped(DropReason.ROSE) == 1

    def test_an_earlier_memory_without_instants_takes_what_comes(self) -> None:
        judge = Judge(facts=HOME)
        judge.quality.remember({"station/plant-1/pv_energy": {"good": 1.0, "low": None, "low_since": 0.0, "lows": 0}})

        assert judge.total(NOON, 9000.0 * KWH) == 9000.0 * KWH

    def test_the_doubt_of_an_earlier_memory_goes_on(self) -> None:
        since = NOON.timestamp() - 3600
        judge = Judge(facts=HOME)
        memory = {"good": 1000.0, "period": "", "low": 1.0, "low_since": since, "lows": 2, "before": 0.0}
        judge.quality.remember({"station/plant-1/pv_energy": memory})

        assert judge.total(NOON, 2.0) == 2.0


class TestFirstReading:
    """Without a memory, what stands beside a lifetime counter is all there is to judge it by."""

    def first(self, judge: Judge, now: datetime, total: float, **beside: float) -> float | None:
        values = {name: value * KWH for name, value in beside.items()}
        return judge.at(now, pv_energy=total * KWH, **values).pv_energy

    @pytest.mark.parametrize("beside", ["pv_energy_today", "pv_energy_month"])
    @pytest.mark.parametrize("total", [0.0, 5.0])
    def test_a_lifetime_below_its_own_day_or_month_is_absent(self, total: float, beside: str) -> None:
        judge = Judge(facts=HOME)

        first = self.first(judge, NOON, total, **{beside: 12.5})
        second = self.first(judge.restarted(), NOON + POLL, 15_250.0, **{beside: 12.6})

        assert (first, second) == (None, 15_250.0 * KWH)
        assert judge.findings.dropped == {("sems_station_pv_energy_joules_total", DropReason.CONTRADICTED): 1}

    def test_a_device_is_judged_by_its_year_too(self) -> None:
        judge = Judge(facts=HOME)
        inverter = Inverter(id="A", pv_energy=0.0, pv_energy_year=2000.0 * KWH)

        shown = judge.at(NOON, inverters=(inverter,))

        assert shown.inverters[0].pv_energy is None
        assert shown.pv_energy is None

    def test_a_new_plant_shows_its_first_tenth_of_a_kilowatt_hour(self) -> None:
        judge = Judge(facts=HOME)

        shown = [self.first(judge, NOON + number * POLL, number / 10, pv_energy_today=number / 10) for number in (0, 1)]

        assert shown == [None, 0.1 * KWH]

    @pytest.mark.parametrize(
        "name",
        ["pv_energy", "grid_import_energy", "grid_export_energy", "battery_charge_energy", "load_energy", "income"],
    )
    @pytest.mark.parametrize("polls", [1, 6, 150])
    def test_a_zero_at_night_is_no_beginning_and_the_truth_is_shown_at_once(self, name: str, polls: int) -> None:
        """Nothing of today stands beside it, and no memory is there; restarts do not make it truer."""
        judge, shown = Judge(facts=HOME), []
        for number in range(polls + 2):
            judge = judge.restarted() if number % 3 == 0 else judge
            value = 0.0 if number < polls else 15_250.0 * KWH
            shown.append(getattr(judge.at(NOON + number * POLL, **{name: value, f"{name}_today": 0.0}), name))

        assert shown == [None] * polls + [15_250.0 * KWH] * 2
        assert judge.dropped(DropReason.UNPROVEN) == polls

    def test_a_zero_that_stands_for_a_day_is_believed(self) -> None:
        """A plant that may not export."""
        judge = Judge(facts=HOME)

        shown = [judge.at(NOON + number * POLL, grid_export_energy=0.0).grid_export_energy for number in range(290)]

        assert shown == [None] * 288 + [0.0] * 2

    def test_a_zero_that_its_days_contradict_is_not_believed_in_their_nights(self) -> None:
        judge = Judge(facts=HOME)

        shown = {
            self.first(judge, NOON + number * POLL, 0.0, pv_energy_today=9.0 if number % 288 < 90 else 0.0)
            for number in range(4 * 288)
        }

        assert shown == {None}

    def test_whole_kilowatt_hours_contradict_nothing(self) -> None:
        assert self.first(Judge(facts=HOME), NOON, 12.0, pv_energy_today=12.9) == 12.0 * KWH

    def test_a_low_lifetime_that_stands_for_a_day_is_believed_and_a_zero_never(self) -> None:
        """The inverter's own counter began anew in spring; the portal counts the year by itself."""
        low, zero = Judge(facts=HOME), Judge(facts=HOME)

        lows = [self.first(low, NOON + number * POLL, 50.0, pv_energy_month=90.0) for number in range(290)]
        zeros = [self.first(zero, NOON + number * POLL, 0.0, pv_energy_month=90.0) for number in range(290)]

        assert lows == [None] * 288 + [50.0 * KWH] * 2
        assert set(zeros) == {None}


class TestCorrections:
    """Values of a day are gauges: the newest plausible one is the truth."""

    def today(self, judge: Judge, readings: Sequence[float]) -> list[float | None]:
        shown = [judge.today(NOON + number * POLL, value * KWH) for number, value in enumerate(readings)]
        return [None if value is None else round(value / KWH, 3) for value in shown]

    def test_a_day_that_is_corrected_by_a_little_shows_the_new_value(self) -> None:
        shown = self.today(Judge(facts=HOME), [26.9, 27.0, *[26.9] * 50])

        assert shown == [26.9, 27.0, *[26.9] * 50]

    @pytest.mark.parametrize("name", ["self_consumption_energy_today", "self_consumption_energy_month"])
    def test_what_is_worked_out_from_others_may_fall(self, name: str) -> None:
        """The portal takes away what the grid put into the battery, down to 0; the next morning it rises again."""
        judge = Judge(facts=HOME)
        readings = [4.0 - number / 10 for number in range(41)] + [number / 10 for number in range(20)]

        shown = [
            getattr(judge.at(NOON + number * POLL, **{name: value * KWH}), name)
            for number, value in enumerate(readings)
        ]

        assert shown == [value * KWH for value in readings]
        assert not judge.findings.dropped

    def test_a_moments_zero_is_no_fall(self) -> None:
        judge = Judge(facts=HOME)

        shown = [
            judge.at(NOON + number * POLL, self_consumption_energy_today=value * KWH).self_consumption_energy_today
            for number, value in enumerate([30.0, 0.0, 30.1])
        ]

        assert shown == [30.0 * KWH, None, 30.1 * KWH]

    def test_what_may_fall_is_yesterdays_while_it_falls_after_midnight(self) -> None:
        judge = Judge(facts=HOME)
        midnight = local("Europe/Amsterdam", 2026, 6, 11, 0, 0)
        readings = [8.0, 7.9, *[7.8 - number / 5 for number in range(9)], 0.0, 0.1]

        shown = [
            judge.at(
                midnight + (number - 2) * POLL, self_consumption_energy_today=value * KWH
            ).self_consumption_energy_today
            for number, value in enumerate(readings)
        ]

        assert shown == [8.0 * KWH, 7.9 * KWH, *[None] * 9, 0.0, 0.1 * KWH]

    def test_a_leap_is_left_out_and_hides_nothing_after_it(self) -> None:
        judge = Judge(facts=HOME)

        shown = self.today(judge, [12.4, 12.5, 20.0, 12.6, 12.62, 12.7])

        assert shown == [12.4, 12.5, None, 12.6, 12.62, 12.7]
        assert judge.findings.dropped == {("sems_station_pv_energy_today_joules", DropReason.ROSE): 1}

    def test_a_leap_that_could_be_true_hides_nothing_after_it(self) -> None:
        shown = self.today(Judge(facts=HOME), [0.1, 0.2, 5.2, 0.3, 0.4])

        assert shown == [0.1, 0.2, 5.2, 0.3, 0.4]

    def test_a_first_look_that_was_too_high_hides_no_more_than_half_an_hour(self) -> None:
        shown = self.today(Judge(facts=HOME), [60.0, *[12.6 + number / 10 for number in range(8)]])

        assert shown == [60.0, None, None, None, None, None, 13.1, 13.2, 13.3]

    @pytest.mark.parametrize("polls", [1, 3, 100])
    def test_a_sudden_zero_is_never_believed(self, polls: int) -> None:
        shown = self.today(Judge(facts=HOME), [12.4, 12.5, *[0.0] * polls, 12.8])

        assert shown == [12.4, 12.5, *[None] * polls, 12.8]

    @pytest.mark.parametrize("seen_before", [True, False])
    @pytest.mark.parametrize("polls", [1, 3])
    def test_a_zero_at_the_first_look_of_a_day_is_contradicted_by_power(self, polls: int, *, seen_before: bool) -> None:
        judge = Judge(facts={**HOME, "pv_power": 4000.0})
        if seen_before:
            judge.today(local(AMSTERDAM, 2026, 6, 9, 12, 0), 17.5 * KWH)
        afternoon = local(AMSTERDAM, 2026, 6, 10, 15, 0)
        wire = [0.0] * polls + [16.0 + step / 10 for step in range(3)]

        shown = [judge.today(afternoon + number * POLL, value * KWH) for number, value in enumerate(wire)]

        assert shown == [None] * polls + [value * KWH for value in wire[polls:]]
        assert judge.findings.dropped == {("sems_station_pv_energy_today_joules", DropReason.CONTRADICTED): polls}

    @pytest.mark.parametrize("hour, watts", [(0, 4000.0), (15, 300.0)])
    def test_a_zero_that_may_be_true_is_shown(self, hour: int, watts: float) -> None:
        judge = Judge(facts={**HOME, "load_power": watts})

        assert judge.at(local(AMSTERDAM, 2026, 6, 10, hour, 25), load_energy_today=0.0).load_energy_today == 0.0

    def test_a_zero_at_the_first_look_of_a_day_hides_no_more_than_half_an_hour(self) -> None:
        """The exporter was off over midnight; after the blip, today's energy is more than all of yesterday's."""
        judge = Judge(facts=HOME)
        judge.today(local(AMSTERDAM, 2026, 6, 9, 12, 0), 17.5 * KWH)
        afternoon = local(AMSTERDAM, 2026, 6, 10, 16, 0)

        shown = [
            judge.today(afternoon + number * POLL, value * KWH)
            for number, value in enumerate([0.0, *(30.0 + step / 10 for step in range(8))])
        ]

        assert shown[6:] == [30.5 * KWH, 30.6 * KWH, 30.7 * KWH]

    def test_yesterdays_value_in_the_midst_of_the_day_is_left_out(self) -> None:
        judge = Judge(facts=HOME)
        judge.today(local(AMSTERDAM, 2026, 6, 9, 23, 55), 17.5 * KWH)
        judge.today(local(AMSTERDAM, 2026, 6, 10, 0, 25), 0.0)
        morning = [judge.today(local(AMSTERDAM, 2026, 6, 10, 9, minute), 3.0 * KWH) for minute in (0, 5)]

        replayed = judge.today(local(AMSTERDAM, 2026, 6, 10, 9, 10), 17.5 * KWH)
        after = judge.today(local(AMSTERDAM, 2026, 6, 10, 9, 15), 3.1 * KWH)

        assert morning == [3.0 * KWH] * 2
        assert (replayed, after) == (None, 3.1 * KWH)


class TestMidnight:
    """A day begins when its counter does."""

    def loads(
        self, judge: Judge, day: int, readings: Sequence[tuple[int, int, float]], name: str = "load_energy_today"
    ) -> list[float | None]:
        shown = [
            getattr(judge.at(local(AMSTERDAM, 2026, 6, day, hour, minute), **{name: value * KWH}), name)
            for hour, minute, value in readings
        ]
        return [None if value is None else round(value / KWH, 3) for value in shown]

    @pytest.mark.parametrize("facts", [HOME, FLAT, {}], ids=["placed", "flat", "unrated"])
    @pytest.mark.parametrize("name", ["load_energy_today", "grid_import_energy_today", "income_today"])
    def test_a_replay_that_grows_past_twenty_past_stays_out(self, name: str, facts: dict[str, float]) -> None:
        judge = Judge(facts=facts)
        self.loads(judge, 10, [(23, 45, 17.9), (23, 50, 18.0)], name)

        night = [(0, 5, 18.15), (0, 19, 18.29), (0, 21, 18.31), (0, 36, 18.43), (0, 37, 0.3), (0, 42, 0.4)]
        shown = self.loads(judge, 11, night, name)

        assert shown == [None, None, None, None, 0.3, 0.4]

    @pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Australia/Melbourne", "America/Sao_Paulo"])
    def test_a_replay_that_grows_over_a_restart_of_the_exporter_stays_out(self, zone: str) -> None:
        judge = Judge(zone, FLAT)
        judge.at(local(zone, 2026, 6, 10, 23, 50), load_energy_today=18.0 * KWH)
        judge = judge.restarted()

        grown = judge.at(local(zone, 2026, 6, 11, 0, 25), load_energy_today=18.4 * KWH)

        assert grown.load_energy_today is None

    def test_a_replay_that_is_corrected_stays_out(self) -> None:
        judge = Judge(facts=FLAT)
        self.loads(judge, 10, [(23, 45, 27.0), (23, 55, 27.0)])

        assert self.loads(judge, 11, [(0, 5, 26.9), (0, 25, 26.9), (1, 0, 27.1), (1, 5, 0.4)]) == [
            None,
            None,
            None,
            0.4,
        ]

    @pytest.mark.parametrize("facts, hour", [(HOME, 4), (FLAT, 0)], ids=["sun", "rating"])
    def test_a_first_look_at_yesterdays_sun_is_left_out(self, facts: dict[str, float], hour: int) -> None:
        """Before the sun rises there is none; where nobody knows the place, no more than the modules could give."""
        judge = Judge(facts=facts)

        assert self.loads(judge, 11, [(hour, 21, 22.5), (hour, 26, 22.5)], "pv_energy_today") == [None, None]
        assert judge.dropped(DropReason.REPLAY) == 2

    def test_a_first_look_at_yesterdays_load_is_left_out_until_it_restarts(self) -> None:
        judge = Judge(facts=FLAT)

        shown = self.loads(judge, 11, [(0, 21, 18.31), (0, 26, 18.35), (0, 31, 0.3), (0, 36, 0.35)])

        assert shown == [None, None, 0.3, 0.35]

    @pytest.mark.parametrize("minute", [21, 38, 55])
    def test_a_first_look_at_more_than_the_house_takes_is_left_out(self, minute: int) -> None:
        """Yesterday's load could be that of a house that charges a car, but this one takes half a kilowatt."""
        judge = Judge(facts={**FLAT, "load_power": 500.0, "grid_import_power": 500.0})

        shown = [
            getattr(judge.at(local(AMSTERDAM, 2026, 6, 11, 0, minute), **{name: value * KWH}), name)
            for name, value in (
                ("load_energy_today", 9.0),
                ("grid_import_energy_today", 4.8),
                ("load_energy_month", 0.4),
            )
        ]

        assert shown == [None, None, 0.4 * KWH]

    def test_a_first_look_by_night_believes_what_the_house_takes(self) -> None:
        judge = Judge(facts={**FLAT, "load_power": 11_000.0})

        assert self.loads(judge, 11, [(0, 38, 7.0), (0, 43, 7.9)]) == [7.0, 7.9]

    def test_a_first_look_at_yesterdays_export_is_left_out_where_no_battery_can_export(self) -> None:
        with_battery = Judge(facts=HOME).at(
            local(AMSTERDAM, 2026, 6, 11, 0, 40), has_battery=True, grid_export_energy_today=2.0 * KWH
        )
        without = Judge(facts=HOME).at(
            local(AMSTERDAM, 2026, 6, 11, 0, 40), has_battery=None, grid_export_energy_today=2.0 * KWH
        )

        assert with_battery.grid_export_energy_today == 2.0 * KWH
        assert without.grid_export_energy_today is None

    @pytest.mark.parametrize("minute", [10, 30])
    def test_a_lower_day_than_the_last_one_seen_may_be_yesterdays(self, minute: int) -> None:
        """The exporter was off for days; what it remembers is not what the portal repeats."""
        judge = Judge(facts={**FLAT, "load_power": 500.0})
        self.loads(judge, 8, [(23, 55, 18.0)])

        shown = self.loads(judge.restarted(), 11, [(0, minute, 9.0), (0, minute + 5, 9.1), (0, 50, 0.4)])

        assert shown == [None, None, 0.4]

    def test_a_day_that_begins_in_a_gap_is_shown_within_the_hour(self) -> None:
        judge = Judge(facts={**FLAT, "load_power": 500.0})
        self.loads(judge, 10, [(21, 0, 8.0)])

        shown = self.loads(judge, 11, [(0, minute, minute / 120) for minute in range(10, 60, 5)])

        assert shown[0] is None
        assert shown[-6:] == [round(minute / 120, 3) for minute in range(30, 60, 5)]

    def test_a_first_look_by_day_is_believed(self) -> None:
        assert self.loads(Judge(facts=HOME), 11, [(6, 30, 0.6)], "pv_energy_today") == [0.6]
        assert self.loads(Judge(facts=HOME), 11, [(13, 0, 30.0)], "pv_energy_today") == [30.0]
        assert self.loads(Judge(facts=HOME), 11, [(1, 40, 40.0)]) == [40.0]

    def test_the_answers_own_instant_counts_not_the_end_of_the_read(self) -> None:
        """A fleet is read for minutes; the counter was asked for while the portal repeats yesterday."""
        judge = Judge(facts=FLAT)
        asked = local(AMSTERDAM, 2026, 6, 11, 0, 19)
        inverter = Inverter(id="A", fetched_at=asked, rated_power=60_000.0, pv_energy_today=22.5 * KWH)
        station = Station(id="plant-1", fetched_at=asked, timezone=AMSTERDAM, inverters=(inverter,))

        shown = judge.quality.check(station, asked + timedelta(minutes=4), judge.findings)

        assert shown.inverters[0].pv_energy_today is None
        assert shown.pv_energy_today is None

    def test_a_day_that_begins_while_nobody_looks_is_shown(self) -> None:
        """The exporter was off from yesterday's morning to today's noon."""
        judge = Judge(facts=HOME)
        self.loads(judge, 10, [(8, 0, 0.5)], "pv_energy_today")

        assert self.loads(judge, 11, [(12, 0, 12.0)], "pv_energy_today") == [12.0]

    def test_a_day_of_sun_after_a_day_of_snow_is_shown(self) -> None:
        """Yesterday's 0.1 kWh are passed before anybody sees a lower value."""
        judge = Judge(facts=FLAT)
        self.loads(judge, 10, [(23, 50, 0.1), (23, 55, 0.1)], "pv_energy_today")

        night = self.loads(judge, 11, [(hour, 5, 0.1) for hour in range(8)], "pv_energy_today")
        shown = self.loads(judge, 11, [(8, minute * 5, minute / 10) for minute in range(2, 8)], "pv_energy_today")

        assert night == [None] * 8
        assert shown == [None, 0.3, 0.4, 0.5, 0.6, 0.7]

    def test_the_month_begins_likewise(self) -> None:
        judge = Judge(facts=FLAT)
        before = local(AMSTERDAM, 2026, 6, 30, 23, 50)
        judge.at(before, load_energy_month=500.0 * KWH)

        shown = [
            judge.at(before + timedelta(minutes=minutes), load_energy_month=value * KWH).load_energy_month
            for minutes, value in ((15, 500.1), (31, 500.3), (36, 0.2))
        ]

        assert shown == [None, None, 0.2 * KWH]

    def test_a_day_counter_that_begins_anew_at_noon_is_shown_again_the_next_day(self) -> None:
        """An inverter was restarted or replaced: the rest of that day is half a day, and only that one."""
        judge = Judge(facts=HOME)
        morning = self.loads(judge, 10, [(hour, 0, hour / 2) for hour in range(7, 13)])
        afternoon = self.loads(judge, 10, [(12 + step // 6, step % 6 * 10, step / 12) for step in range(1, 72)])
        midnight = self.loads(judge, 11, [(0, 0, 6.0), (0, 5, 6.1), (0, 10, 0.1), (0, 40, 0.3), (8, 0, 4.0)])

        assert None not in morning
        assert set(afternoon) == {None}
        assert midnight == [None, None, 0.1, 0.3, 4.0]

    @pytest.mark.parametrize("minutes", [5, 15])
    @pytest.mark.parametrize("watts", [400.0, 1500.0])
    def test_a_winter_morning_is_not_forgotten_by_a_portal_that_counts_days_of_utc(
        self, watts: float, minutes: int
    ) -> None:
        """In Melbourne the sun rises two hours and a half before the portal's day does."""
        judge = Judge("Australia/Melbourne", HOME)
        sunrise, restart = 7 * 60 + 30, 10 * 60
        looks = [(minute, max(0.0, minute - sunrise) / 60 * watts) for minute in range(420, 900, minutes)]
        begun = (restart - sunrise) / 60 * watts

        shown = [
            judge.today(
                local("Australia/Melbourne", 2026, 6, 11, *divmod(minute, 60)),
                (made if minute < restart else made - begun) * 3600.0,
            )
            for minute, made in looks
        ]

        assert None not in shown[: (restart - 420) // minutes]
        assert set(shown[(restart - 420) // minutes :]) == {None}

    @pytest.mark.parametrize("zone", ["Australia/Sydney", "America/New_York", "Asia/Kolkata", "Europe/Amsterdam"])
    def test_a_portal_that_counts_days_of_utc_never_shows_another_days_load(self, zone: str) -> None:
        """What is shown lies between nothing and what was used since the station's midnight, and not by much below."""
        judge = Judge(zone, FLAT)
        begin = datetime(2026, 6, 9, 12, tzinfo=UTC)
        first_day = begin.astimezone(judge.zone).date()
        for number in range(3 * 288):
            now = begin + number * POLL
            since_utc = now - now.replace(hour=0, minute=0)
            here = now.astimezone(judge.zone)
            since_local = now - here.replace(hour=0, minute=0).astimezone(UTC)

            shown = judge.at(now, load_energy_today=since_utc.total_seconds() * 700.0).load_energy_today

            if shown and here.date() != first_day:
                assert shown == since_local.total_seconds() * 700.0

    @pytest.mark.parametrize("minutes", [5, 30])
    @pytest.mark.parametrize("watts, installed", [(700.0, 8_500.0), (15_000.0, 3_000.0), (200_000.0, 30_000.0)])
    @pytest.mark.parametrize("zone", ["Australia/Sydney", "America/New_York", "Asia/Kolkata", "Europe/Amsterdam"])
    def test_a_portal_that_counts_local_days_shows_them_all(
        self, zone: str, watts: float, installed: float, minutes: int
    ) -> None:
        """A home, one that heats and charges a car all night, and a works with a few modules."""
        judge = Judge(zone, {"installed_power": installed})
        begin, shown, true = datetime(2026, 6, 9, 12, 2, tzinfo=UTC), [], []
        for number in range(3 * 1440 // minutes):
            now = begin + number * timedelta(minutes=minutes)
            here = now.astimezone(judge.zone)
            since_local = now - here.replace(hour=0, minute=0).astimezone(UTC)
            true.append(since_local.total_seconds() * watts)
            shown.append(judge.at(now, load_energy_today=true[-1]).load_energy_today)

        assert shown == true
        assert not judge.findings.dropped


class TestAnyPortal:
    """Whatever it says, and however often the exporter starts anew in between."""

    @given(
        st.lists(
            st.tuples(
                st.floats(0, 1.4),
                st.sampled_from(["true", "true", "true", "zero", "leap", "double", "repeat", "lower"]),
                st.booleans(),
            ),
            max_size=120,
        )
    )
    @settings(deadline=None, max_examples=60)
    def test_blips_and_restarts_of_the_exporter_never_add_energy(self, polls: list[tuple[float, str, bool]]) -> None:
        judge, true = Judge(facts=HOME), 15_250.0 * KWH
        shown: list[float | None] = [judge.total(NOON, true)]
        start = true
        for number, (grown, word, restarted) in enumerate(polls, 1):
            before, true = true, true + grown * KWH / 2
            judge = judge.restarted() if restarted else judge
            said = {"zero": 0.0, "leap": true + 4750 * KWH, "double": 2 * true, "repeat": before, "lower": true * 0.9}
            # Of what is not true, nothing stands for long.
            wire = said.get(word, true) if number % 4 else true
            shown.append(judge.total(NOON + number * POLL, wire))

        assert resets(shown) == 0
        assert increase(shown) <= true - start + 1.0

    @given(
        st.lists(st.tuples(st.floats(0, 8_500.0), st.integers(1_200, 20_000), st.booleans()), max_size=120),
        st.integers(0, 54_000),
    )
    @settings(deadline=None, max_examples=60)
    def test_a_true_day_is_never_left_out(self, polls: list[tuple[float, int, bool]], start: int) -> None:
        """Of a counter that is seen to begin anew after midnight, whatever the gaps between two looks."""
        judge, now = Judge(facts=FLAT), local(AMSTERDAM, 2026, 6, 10, 8, 0) + timedelta(seconds=start)
        today = 0.0
        for watts, seconds, restarted in polls:
            before, now = now.astimezone(AMSTERDAM).date(), now + timedelta(seconds=seconds)
            new_day = now.astimezone(AMSTERDAM).date() != before
            since = now.astimezone(AMSTERDAM).replace(hour=0, minute=0, second=0, microsecond=0)
            passed = (now - since.astimezone(UTC)).total_seconds()
            yesterday, today = today, watts * min(seconds, passed) + (0.0 if new_day else today)
            if new_day and (passed < 1200 or today >= yesterday * 0.9):
                today = 0.0
            judge = judge.restarted() if restarted else judge

            assert judge.today(now, today) == today

        assert not judge.findings.dropped

    @given(st.lists(st.tuples(st.floats(0, 8_500.0), st.integers(1, 20_000), st.booleans()), max_size=120))
    @settings(deadline=None, max_examples=60)
    def test_what_is_true_is_never_held(self, polls: list[tuple[float, int, bool]]) -> None:
        judge, true, now = Judge(facts=HOME), 15_250.0 * KWH, NOON
        for watts, seconds, restarted in polls:
            now, true = now + timedelta(seconds=seconds), true + watts * seconds
            judge = judge.restarted() if restarted else judge

            assert judge.total(now, true) == true

        assert not judge.findings.dropped

    @given(
        st.lists(
            st.tuples(
                st.one_of(st.just(0.0), st.floats(0, 1e15), st.floats(999, 1001)),
                st.integers(1, 7200),
                st.booleans(),
            ),
            max_size=60,
        )
    )
    @settings(deadline=None, max_examples=60)
    def test_a_lifetime_is_always_shown_and_a_day_never_negative(self, readings: list[tuple[float, int, bool]]) -> None:
        judge, now = Judge(facts=HOME), NOON
        judge.total(now - POLL, 500.0)
        for value, seconds, restart in readings:
            now += timedelta(seconds=seconds)
            judge = judge.restarted() if restart else judge

            assert judge.total(now, value) is not None
            assert judge.today(now, value) in (None, value)


class TestSums:
    """The total of a station goes on when its devices come and go."""

    def total(self, judge: Judge, minute: float, **parts: float | None) -> float | None:
        inverters = tuple(
            Inverter(id=key, rated_power=5000.0, pv_energy=None if value is None else value * KWH)
            for key, value in parts.items()
        )
        shown = judge.at(NOON + timedelta(minutes=minute), inverters=inverters).pv_energy
        return None if shown is None else round(shown / KWH, 6)

    def test_an_inverter_that_is_added_brings_no_lifetime(self) -> None:
        judge = Judge(facts=HOME)

        shown = [
            self.total(judge, 0, a=15_000.0),
            self.total(judge, 5, a=15_000.1, b=5_000.0),
            self.total(judge.restarted(), 10, a=15_000.2, b=5_000.1),
        ]

        assert shown == [15_000.0, 15_000.1, 15_000.3]

    def test_an_inverter_that_is_replaced_takes_no_lifetime_away(self) -> None:
        judge = Judge(facts=HOME)

        shown = [
            self.total(judge, 0, a=15_000.0, b=5_000.0),
            self.total(judge, 5, a=15_000.1, b=5_000.1),
            self.total(judge, 10, a=15_000.2),
            self.total(judge, 15, a=15_000.3, c=0.0),
            self.total(judge, 20, a=15_000.4, c=0.2),
            self.total(judge.restarted(), 25, a=15_000.5, c=0.4),
        ]

        assert shown == [20_000.0, 20_000.2, 20_000.3, 20_000.4, 20_000.5, 20_000.8]
        assert judge.findings.dropped == {("sems_inverter_pv_energy_joules_total", DropReason.UNPROVEN): 1}

    @pytest.mark.parametrize("silent", [{"a": 15_000.1}, {"a": 15_000.1, "b": None}], ids=["unlisted", "silent"])
    def test_an_inverter_that_is_away_for_a_while_adds_what_it_made_meanwhile(
        self, silent: dict[str, float | None]
    ) -> None:
        judge = Judge(facts=HOME)
        self.total(judge, 0, a=15_000.0, b=5_000.0)

        away = self.total(judge, 30, **silent)
        back = self.total(judge, 60, a=15_000.2, b=5_001.0)

        assert (away, back) == (20_000.1, 20_001.2)

    def test_a_zero_of_one_inverter_is_held_in_the_total(self) -> None:
        judge = Judge(facts=HOME)
        self.total(judge, 0, a=15_000.0, b=5_000.0)

        assert self.total(judge, 5, a=0.0, b=5_000.1) == 20_000.1
        assert judge.findings.dropped == {("sems_inverter_pv_energy_joules_total", DropReason.FELL): 1}

    def test_an_inverter_whose_counter_begins_anew_leaves_the_total_as_it_is(self) -> None:
        judge = Judge(facts=HOME)
        self.total(judge, 0, a=15_000.0, b=5_000.0)

        shown = [self.total(judge, minute, a=minute / 100, b=5_000.0) for minute in range(5, 40, 5)]

        assert shown == [20_000.0] * 5 + [20_000.0, 20_000.05]

    def test_a_total_waits_for_all_at_first(self) -> None:
        judge = Judge(facts=HOME)

        assert self.total(judge, 0, a=15_000.0, b=None) is None
        assert self.total(judge, 5, a=15_000.0, b=5_000.0) == 20_000.0

    def test_a_meter_that_is_replaced_takes_no_lifetime_away(self) -> None:
        judge = Judge(facts=HOME)

        shown = [
            judge.at(NOON + number * POLL, meters=(Meter(id=key, grid_import_energy=value * KWH),)).grid_import_energy
            for number, (key, value) in enumerate([("m", 9000.0), ("n", 0.0), ("n", 0.1), ("n", 0.5)])
        ]

        assert shown == [9000.0 * KWH, 9000.0 * KWH, 9000.0 * KWH, 9000.4 * KWH]

    def test_a_day_that_lost_a_part_is_no_sum(self) -> None:
        judge = Judge(facts=HOME)

        def today(minute: float, **parts: float) -> float | None:
            inverters = tuple(Inverter(id=key, pv_energy_today=value * KWH) for key, value in parts.items())
            return judge.at(NOON + timedelta(minutes=minute), inverters=inverters).pv_energy_today

        shown = [today(0, a=1.0, b=2.0), today(5, a=1.1), today(10, a=1.2, b=2.1), today(24 * 60, a=0.4)]

        assert shown[:3] == [3.0 * KWH, None, pytest.approx(3.3 * KWH)]
        assert shown[3] == 0.4 * KWH

    def test_what_the_portal_tells_and_nobody_trusts_is_not_summed_instead(self) -> None:
        """Two sources of one series would make steps."""
        judge = Judge(facts=HOME)
        parts = (Inverter(id="a", pv_energy_today=3.0 * KWH),)
        judge.at(NOON, inverters=parts, pv_energy_today=3.0 * KWH)
        judge.at(NOON + POLL, inverters=parts, pv_energy_today=3.1 * KWH)

        assert judge.at(NOON + 2 * POLL, inverters=parts, pv_energy_today=3000.0 * KWH).pv_energy_today is None

    @pytest.mark.parametrize(
        "spoilt", [{"parts": {"a": "x"}}, {"parts": 5}, {"total": 1.0}, {"parts": {}, "offset": None}]
    )
    def test_a_spoilt_sum_refuses_the_memory(self, spoilt: dict[str, object]) -> None:
        judge = Judge(facts=HOME)
        self.total(judge, 0, a=15_000.0)

        with pytest.raises((AttributeError, TypeError, ValueError)):
            judge.quality.remember({"sum/station/plant-1/pv_energy": spoilt})

        assert self.total(judge, 5, a=0.0) == 15_000.0

"""Counters that never fall, no yesterday after midnight, no battery that is not there; each exception counted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter.model.diagnostics import Diagnostics, DropReason
from sems_exporter.model.plant import KWH, Battery, Inverter, Meter, Station
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.counters import RESET_POLLS, RESET_SECONDS
from tests.homes import AMSTERDAM, NOON, home
from tests.judges import POLL, Judge, local

ZONES = ["Europe/Amsterdam", "America/Sao_Paulo", "Australia/Melbourne", "Asia/Kolkata", "Pacific/Kiritimati"]


class TestLifetimeCounters:
    """Prometheus adds the whole lifetime to the day's yield for every fall that it sees."""

    def test_a_rising_counter_passes_and_nothing_is_counted(self) -> None:
        judge = Judge()

        shown = judge.totals([100.0, 100.0, 101.0, 250.0])

        assert shown == [100.0, 100.0, 101.0, 250.0]
        assert not judge.findings.dropped

    def test_a_zero_between_good_readings_is_held_and_counted(self) -> None:
        judge = Judge()

        shown = judge.totals([100.0, 0.0, 0.0, 101.0])

        assert shown == [100.0, 100.0, 100.0, 101.0]
        assert judge.findings.dropped == {("sems_station_pv_energy_joules_total", DropReason.FELL): 2}

    def test_a_first_reading_of_zero_is_not_shown_before_the_plant_counts(self) -> None:
        assert Judge().totals([0.0, 0.0, 1.0]) == [None, None, 1.0]

    def test_a_restart_is_accepted_after_25_minutes(self) -> None:
        """An inverter was replaced: its counter begins anew, and stays low."""
        judge = Judge()

        shown = judge.totals([1000.0, 0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])

        assert shown == [1000.0] * 6 + [0.5, 0.6]
        assert judge.dropped(DropReason.FELL) == 5

    def test_a_restart_is_not_accepted_for_few_polls_however_long(self) -> None:
        """An hour without internet between two odd answers proves nothing."""
        judge = Judge()
        judge.total(NOON, 1000.0)

        second = judge.total(NOON + timedelta(hours=1), 1.0)
        third = judge.total(NOON + timedelta(hours=2), 2.0)
        fourth = judge.total(NOON + timedelta(hours=3), 3.0)

        assert (second, third, fourth) == (1000.0, 1000.0, 3.0)

    def test_many_low_polls_in_a_short_time_are_no_restart(self) -> None:
        judge = Judge()
        judge.total(NOON, 1000.0)

        shown = [judge.total(NOON + timedelta(minutes=1 + number), 1.0) for number in range(25)]

        assert shown == [1000.0] * 25

    def test_a_good_reading_between_ends_the_suspicion(self) -> None:
        judge = Judge()

        shown = judge.totals([1000.0, 1.0, 1.0, 1.0, 1.0, 1000.0, 1.0, 1.0, 1.0, 1.0])

        assert shown == [1000.0] * 10

    def test_falling_further_starts_the_wait_anew(self) -> None:
        judge = Judge()

        shown = judge.totals([1000.0, 400.0, 300.0, 200.0, 100.0, 50.0, 10.0, 10.0, 10.0])

        assert shown == [1000.0] * 9

    def test_falling_again_after_a_rise_starts_the_wait_anew(self) -> None:
        """What restarted only grows; what goes up and down at the bottom is disorder."""
        judge = Judge()

        shown = judge.totals([1000.0, 1.0, 3.0, 2.0, 2.1, 2.2, 2.3, 2.4, 2.5])

        assert shown == [1000.0] * 8 + [2.5]

    @pytest.mark.parametrize("low, patience", [(1.0, 1500), (500.0, 86_400)])
    def test_not_a_second_is_spared_of_the_wait(self, low: float, patience: float) -> None:
        """Half of what was is no restart, but a correction."""
        judge = Judge()
        judge.totals([1000.0, low, low])
        fallen_at = NOON + POLL

        early = judge.total(fallen_at + timedelta(seconds=patience - 1), low + 1)
        due = judge.total(fallen_at + timedelta(seconds=patience), low + 2)

        assert (early, due) == (1000.0, low + 2)

    @pytest.mark.parametrize("low", [0.0, 1.0])
    @pytest.mark.parametrize("hours", [0.5, 2.0, 12.0])
    def test_what_stands_still_far_down_is_no_restart_and_comes_back(self, low: float, hours: float) -> None:
        """A portal in trouble may tell nought for hours; shown once, the whole lifetime would be counted again."""
        judge = Judge()
        shown = judge.totals([1000.0, *[low] * int(hours * 12), 1001.0])

        assert shown == [1000.0] * (len(shown) - 1) + [1001.0]

    def test_a_restart_by_night_is_believed_when_it_begins_to_count(self) -> None:
        judge = Judge()
        shown = judge.totals([1000.0, *[0.0] * 100, 1.0, 2.0])

        assert shown == [1000.0] * 101 + [1.0, 2.0]

    def test_what_stands_still_far_down_is_believed_after_a_day(self) -> None:
        judge = Judge()
        shown = judge.totals([1000.0, *[0.0] * 289])

        assert shown == [1000.0] * 289 + [0.0]

    def test_a_small_correction_is_held_for_a_day(self) -> None:
        """The portal recalculates by a few kWh; as a fall it would count 12 MWh."""
        judge = Judge()
        judge.total(NOON, 1000.0)

        held = [judge.total(NOON + timedelta(hours=hours), 995.0) for hours in range(1, 25)]
        accepted = judge.total(NOON + timedelta(hours=25), 995.0)

        assert held == [1000.0] * 24
        assert accepted == 995.0

    def test_a_corrected_counter_that_grows_past_the_held_value_never_falls(self) -> None:
        judge = Judge()

        shown = judge.totals([1000.0, 995.0, 997.0, 999.0, 1001.0])

        assert shown == [1000.0, 1000.0, 1000.0, 1000.0, 1001.0]

    def test_a_missing_reading_stays_missing_and_is_forgiven(self) -> None:
        judge = Judge()
        judge.total(NOON, 100.0)

        absent = judge.at(NOON + POLL).pv_energy
        back = judge.total(NOON + 2 * POLL, 90.0)

        assert (absent, back) == (None, 100.0)

    def test_every_device_has_a_memory_of_its_own(self) -> None:
        """Two inverters of one station, an inverter and a meter: none borrows from another."""
        quality, findings = CounterGuard(), Diagnostics()
        first = replace(
            home(),
            inverters=(Inverter(id="A", grid_import_energy=500.0), Inverter(id="B", grid_import_energy=5.0)),
            meters=(Meter(id="A", grid_import_energy=50.0),),
        )

        quality.check(first, NOON, findings)
        second = quality.check(first, NOON + POLL, findings)

        assert [inverter.grid_import_energy for inverter in second.inverters] == [500.0, 5.0]
        assert second.meters[0].grid_import_energy == 50.0
        assert not findings.dropped

    def test_stations_do_not_share_memory(self) -> None:
        quality, findings = CounterGuard(), Diagnostics()
        quality.check(replace(home(key="one"), pv_energy=500.0), NOON, findings)

        other = quality.check(replace(home(key="two"), pv_energy=5.0, pv_energy_today=None), NOON, findings)

        assert other.pv_energy == 5.0

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
    @settings(deadline=None, max_examples=150)
    def test_the_published_counter_never_falls_except_as_an_accepted_restart(
        self, readings: list[tuple[float, int, bool]]
    ) -> None:
        """Whatever the portal says, however often the exporter restarts between two polls."""
        judge, now = Judge(), NOON
        last, low_since, lows = 500.0, NOON, 0
        judge.total(now - POLL, last)

        for value, seconds, restart in readings:
            now += timedelta(seconds=seconds)
            judge = judge.restarted() if restart else judge
            if value >= last:
                lows = 0
            else:
                lows += 1
                low_since = now if lows == 1 else low_since
            shown = judge.total(now, value)

            assert shown is not None
            if shown < last:
                assert shown == value
                assert lows >= RESET_POLLS
                assert (now - low_since).total_seconds() >= RESET_SECONDS
                lows = 0
            last = shown


class TestAroundMidnight:
    """From 23:58 to 00:20 the portal repeats the day before."""

    @pytest.mark.parametrize("zone", ZONES)
    def test_yesterday_is_not_shown_again_and_today_begins_when_it_restarts(self, zone: str) -> None:
        judge = Judge(zone)
        judge.today(local(zone, 2026, 6, 10, 23, 55), 17.5)

        replayed = [judge.today(local(zone, 2026, 6, 11, 0, minute), 17.5) for minute in (0, 5, 10, 15, 19)]
        restarted = judge.today(local(zone, 2026, 6, 11, 0, 21), 0.0)
        later = judge.today(local(zone, 2026, 6, 11, 6, 0), 0.4)

        assert replayed == [None] * 5
        assert (restarted, later) == (0.0, 0.4)
        assert judge.findings.dropped == {("sems_station_pv_energy_today_joules", DropReason.REPLAY): 5}

    @pytest.mark.parametrize("before, after", [(17.5, 17.6), (0.5, 0.6)])
    def test_a_repeat_that_still_grows_is_a_repeat(self, before: float, after: float) -> None:
        """The last minutes of yesterday arrive after midnight."""
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 55), before)

        assert judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 3), after) is None

    def test_a_repeat_that_is_frozen_stays_out_after_twenty_past(self) -> None:
        """An inverter that is asleep reports yesterday's yield until dawn."""
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 55), 17.5)

        night = [judge.today(local(AMSTERDAM, 2026, 6, 11, hour, 30), 17.5) for hour in range(6)]
        dawn = judge.today(local(AMSTERDAM, 2026, 6, 11, 6, 5), 0.1)

        assert night == [None] * 6
        assert dawn == 0.1

    def test_a_day_that_restarts_early_is_believed_at_once_and_grows(self) -> None:
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 55), 17.5)

        shown = [judge.today(local(AMSTERDAM, 2026, 6, 11, 0, minute), minute / 5) for minute in (1, 6, 11)]

        assert shown == [0.2, 1.2, 2.2]

    def test_a_zero_day_needs_no_restart(self) -> None:
        """Nothing was exported yesterday, nothing is exported now: 0 is today's."""
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 55), 0.0)

        assert judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 5), 0.0) == 0.0

    def test_a_fall_within_the_day_is_left_out_until_it_recovers(self) -> None:
        judge = Judge()

        shown = [judge.today(NOON + number * POLL, value) for number, value in enumerate([10.0, 0.0, 10.2])]

        assert shown == [10.0, None, 10.2]
        assert judge.dropped(DropReason.FELL) == 1

    @pytest.mark.parametrize("yesterday", [31.4, 0.5])
    def test_a_new_day_that_gives_way_to_the_old_one_once_more_shows_nothing_false(self, yesterday: float) -> None:
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 55), yesterday)

        shown = [
            judge.today(local(AMSTERDAM, 2026, 6, 11, 0, minute), value)
            for minute, value in ((1, 0.0), (6, yesterday), (11, 0.1), (16, yesterday), (21, 0.1))
        ]

        assert shown == [0.0, None, 0.1, None, 0.1]
        assert judge.dropped(DropReason.REPLAY) == 2

    def test_a_portal_that_restarts_before_midnight_shows_nothing_false(self) -> None:
        """Its clock is two minutes ahead of the station's."""
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 55), 17.5)

        before = judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 59), 0.0)
        after = judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 4), 0.1)

        assert (before, after) == (None, 0.1)

    def test_the_same_yield_as_yesterday_is_shown_once_the_day_has_begun(self) -> None:
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 55), 17.5)
        judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 25), 0.0)

        assert judge.today(local(AMSTERDAM, 2026, 6, 11, 20, 0), 17.5) == 17.5

    def test_a_first_look_in_the_window_believes_nothing_but_zero(self) -> None:
        """Without a memory nobody can tell yesterday from today."""
        judge = Judge()

        assert judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 10), 17.5) is None
        assert judge.findings.dropped == {("sems_station_pv_energy_today_joules", DropReason.REPLAY): 1}
        assert Judge().today(local(AMSTERDAM, 2026, 6, 11, 0, 10), 0.0) == 0.0

    def test_a_first_look_after_the_window_is_believed_and_not_a_second_before(self) -> None:
        end = local(AMSTERDAM, 2026, 6, 11, 0, 20)

        assert Judge().today(end, 0.3) == 0.3
        assert Judge().today(end - timedelta(seconds=1), 0.3) is None

    def test_a_day_that_was_first_seen_at_zero_grows_in_the_window(self) -> None:
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 1), 0.0)

        shown = [judge.today(local(AMSTERDAM, 2026, 6, 11, 0, minute), float(minute)) for minute in (6, 11, 16)]

        assert shown == [6.0, 11.0, 16.0]

    def test_a_restart_of_the_exporter_in_the_window_forgets_nothing(self) -> None:
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 10, 23, 58), 17.5)

        other = judge.restarted()

        assert other.today(local(AMSTERDAM, 2026, 6, 11, 0, 5), 17.5) is None
        assert other.today(local(AMSTERDAM, 2026, 6, 11, 0, 30), 17.5) is None
        assert other.today(local(AMSTERDAM, 2026, 6, 11, 5, 0), 0.1) == 0.1

    def test_a_first_look_in_the_window_keeps_the_repeat_out_until_it_ends(self) -> None:
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 10), 17.5)

        frozen = judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 40), 17.5)
        restarted = judge.today(local(AMSTERDAM, 2026, 6, 11, 0, 45), 0.1)

        assert (frozen, restarted) == (None, 0.1)

    @pytest.mark.parametrize(
        "zone, day",
        [
            ("Europe/Amsterdam", date(2026, 3, 29)),
            ("Europe/Amsterdam", date(2026, 10, 25)),
            ("Australia/Melbourne", date(2026, 4, 5)),
            ("Australia/Melbourne", date(2026, 10, 4)),
            ("America/New_York", date(2026, 3, 8)),
            ("America/New_York", date(2026, 11, 1)),
        ],
    )
    def test_days_of_23_and_25_hours_begin_at_their_midnight(self, zone: str, day: date) -> None:
        judge, before, after = Judge(zone), day - timedelta(days=1), day + timedelta(days=1)

        judge.today(local(zone, before.year, before.month, before.day, 23, 50), 9.0)
        into = judge.today(local(zone, day.year, day.month, day.day, 0, 5), 9.1)
        noon = judge.today(local(zone, day.year, day.month, day.day, 12, 0), 5.0)
        late = judge.today(local(zone, day.year, day.month, day.day, 23, 50), 9.5)
        out_of = judge.today(local(zone, after.year, after.month, after.day, 0, 5), 9.6)

        assert (into, noon, late, out_of) == (None, 5.0, 9.5, None)

    def test_an_hour_that_comes_twice_is_one_day(self) -> None:
        """Between 02:00 and 03:00 of summer time's end nothing restarts."""
        judge = Judge()
        judge.today(local(AMSTERDAM, 2026, 10, 25, 2, 30), 0.5)

        again = judge.today(local(AMSTERDAM, 2026, 10, 25, 2, 30, fold=1), 0.7)

        assert again == 0.7
        assert not judge.findings.dropped

    def test_where_summer_time_begins_at_midnight_the_window_is_as_long(self) -> None:
        """In Santiago the clock goes from 24:00 to 01:00, so the first minutes of that day read 01:05."""
        judge = Judge("America/Santiago")
        judge.today(datetime(2026, 9, 6, 3, 55, tzinfo=UTC), 9.0)

        first = judge.today(datetime(2026, 9, 6, 4, 5, tzinfo=UTC), 9.1)
        later = judge.today(datetime(2026, 9, 6, 4, 25, tzinfo=UTC), 0.1)

        assert (first, later) == (None, 0.1)

    @pytest.mark.parametrize("name", ["pv_energy_today", "pv_energy_month"])
    @pytest.mark.parametrize("value", [17.5, 0.5])
    def test_a_first_look_at_a_plant_that_is_silent_since_last_month_earns_nothing(
        self, name: str, value: float
    ) -> None:
        """Its portal page still shows the yield of its last day, and the exporter has no memory of that day."""
        judge = Judge()
        silent_since = local(AMSTERDAM, 2026, 5, 31, 17, 0)

        shown = judge.at(NOON, data_timestamp=silent_since, **{name: value})

        assert getattr(shown, name) is None
        assert judge.findings.dropped == {(f"sems_station_{name}_joules", DropReason.REPLAY): 1}

    def test_a_plant_is_silent_since_yesterday_by_its_own_calendar(self) -> None:
        """At eleven in the evening of São Paulo the next day has begun in Greenwich."""
        judge, zone = Judge("America/Sao_Paulo"), "America/Sao_Paulo"
        silent_since = local(zone, 2026, 6, 9, 23, 0)

        shown = judge.at(local(zone, 2026, 6, 10, 12, 0), data_timestamp=silent_since, pv_energy_today=17.5)

        assert shown.pv_energy_today is None

    def test_a_plant_that_is_silent_since_yesterday_keeps_its_month_and_a_zero(self) -> None:
        judge = Judge()
        silent_since = NOON - timedelta(days=1)

        shown = judge.at(NOON, data_timestamp=silent_since, pv_energy_today=0.0, pv_energy_month=300.0)

        assert (shown.pv_energy_today, shown.pv_energy_month) == (0.0, 300.0)
        assert not judge.findings.dropped

    def test_a_plant_that_reports_again_shows_its_day_at_once(self) -> None:
        judge = Judge()
        judge.at(NOON, data_timestamp=NOON - timedelta(days=1), pv_energy_today=17.5)

        shown = judge.at(NOON + POLL, data_timestamp=NOON, pv_energy_today=0.3)

        assert shown.pv_energy_today == 0.3

    def test_without_a_zone_the_portals_word_stands(self) -> None:
        """Nobody knows when midnight is."""
        judge = Judge(zone=None)

        shown = [judge.today(NOON + number * POLL, value) for number, value in enumerate([10.0, 10.0, 0.0, 10.0])]

        assert shown == [10.0, 10.0, 0.0, 10.0]

    def test_a_zone_that_is_learnt_later_hides_nothing(self) -> None:
        """The call that tells the zone failed at first; in the evening the day's yield no longer changes."""
        judge = Judge(zone=None)
        judge.today(local(AMSTERDAM, 2026, 6, 10, 22, 0), 17.5)
        judge = judge.restarted()
        judge.zone = AMSTERDAM

        shown = judge.today(local(AMSTERDAM, 2026, 6, 10, 22, 5), 17.5)

        assert shown == 17.5


class TestMonthsAndYears:
    """Longer periods restart at their own first midnight only."""

    def inverter(self, judge: Judge, now: datetime, month: float, year: float) -> Inverter:
        part = Inverter(id="INV1", pv_energy_month=month, pv_energy_year=year)
        station = Station(id="plant-1", fetched_at=now, timezone=judge.zone, inverters=(part,))
        return judge.quality.check(station, now, judge.findings).inverters[0]

    def test_they_grow_through_an_ordinary_midnight(self) -> None:
        judge = Judge()
        self.inverter(judge, local(AMSTERDAM, 2026, 6, 10, 23, 55), 100.0, 900.0)

        after = self.inverter(judge, local(AMSTERDAM, 2026, 6, 11, 0, 5), 100.0, 900.0)

        assert (after.pv_energy_month, after.pv_energy_year) == (100.0, 900.0)

    def test_a_month_ends_and_the_year_goes_on(self) -> None:
        judge = Judge()
        self.inverter(judge, local(AMSTERDAM, 2026, 6, 30, 23, 55), 300.0, 900.0)

        replayed = self.inverter(judge, local(AMSTERDAM, 2026, 7, 1, 0, 5), 300.0, 900.0)
        restarted = self.inverter(judge, local(AMSTERDAM, 2026, 7, 1, 0, 25), 0.1, 900.1)

        assert (replayed.pv_energy_month, replayed.pv_energy_year) == (None, 900.0)
        assert (restarted.pv_energy_month, restarted.pv_energy_year) == (0.1, 900.1)

    def test_a_year_ends_with_its_last_month(self) -> None:
        judge = Judge()
        self.inverter(judge, local(AMSTERDAM, 2026, 12, 31, 23, 55), 50.0, 4000.0)

        replayed = self.inverter(judge, local(AMSTERDAM, 2027, 1, 1, 0, 5), 50.0, 4000.0)
        restarted = self.inverter(judge, local(AMSTERDAM, 2027, 1, 1, 0, 25), 0.0, 0.0)

        assert (replayed.pv_energy_month, replayed.pv_energy_year) == (None, None)
        assert (restarted.pv_energy_month, restarted.pv_energy_year) == (0.0, 0.0)

    def test_a_first_look_in_the_window_doubts_only_what_begins_then(self) -> None:
        """On the first of July the month is in doubt, the year is not."""
        shown = self.inverter(Judge(), local(AMSTERDAM, 2026, 7, 1, 0, 10), 300.0, 900.0)

        assert (shown.pv_energy_month, shown.pv_energy_year) == (None, 900.0)


class TestPhantomBattery:
    """Registers of a plant without a battery read 400 % and 0 kWh."""

    def test_no_charge_without_a_battery(self) -> None:
        findings = Diagnostics()
        station = replace(
            home(), has_battery=None, battery_state_of_charge=0.4, battery_charge_energy=0.0, batteries=()
        )

        shown = CounterGuard().check(station, NOON, findings)

        assert shown.battery_state_of_charge is None
        assert shown.battery_charge_energy is None
        assert findings.dropped == {("sems_station_battery_state_of_charge_ratio", DropReason.NO_BATTERY): 1}

    def test_no_battery_at_rest_where_there_is_none(self) -> None:
        still = {"battery_charge_power": 0.0, "battery_discharge_power": 0.0, "battery_state_of_charge": None}
        station = replace(home(), has_battery=None, batteries=(), **still)  # type: ignore[arg-type]

        shown = CounterGuard().check(station, NOON, Diagnostics())

        assert (shown.battery_charge_power, shown.battery_discharge_power) == (None, None)

    @pytest.mark.parametrize("charge, discharge", [(0.0, 500.0), (500.0, 0.0)])
    def test_power_that_flows_is_shown_though_nothing_else_tells_of_a_battery(
        self, charge: float, discharge: float
    ) -> None:
        station = replace(
            home(),
            has_battery=None,
            battery_charge_power=charge,
            battery_discharge_power=discharge,
            battery_charge_energy=0.0,
            batteries=(),
        )

        shown = CounterGuard().check(station, NOON, Diagnostics())

        assert (shown.battery_charge_power, shown.battery_discharge_power) == (charge, discharge)

    def test_energy_that_went_through_one_proves_a_battery(self) -> None:
        station = replace(home(), has_battery=None, battery_state_of_charge=0.4, battery_charge_energy=5.0 * KWH)

        shown = CounterGuard().check(station, NOON, Diagnostics())

        assert shown.battery_state_of_charge == 0.4

    def test_a_known_battery_may_be_empty(self) -> None:
        empty = {"battery_state_of_charge": 0.0, "battery_charge_power": 0.0, "battery_charge_energy_today": 0.0}
        station = replace(home(), has_battery=True, **empty)  # type: ignore[arg-type]

        shown = CounterGuard().check(station, NOON, Diagnostics())

        assert (shown.battery_state_of_charge, shown.battery_charge_energy_today) == (0.0, 0.0)


class TestMemory:
    """What the rules know outlives the process."""

    def test_it_survives_json(self) -> None:
        judge = Judge()
        judge.quality.check(home(), NOON, judge.findings)

        other = judge.restarted()

        assert other.quality.remembered() == judge.quality.remembered() != {}

    def test_what_an_earlier_version_remembered_still_holds(self) -> None:
        """A new release must not let a counter fall."""
        judge = Judge()

        judge.quality.remember({"station/plant-1/pv_energy": {"good": 1000.0}})

        assert judge.total(NOON, 0.0) == 1000.0

    def test_a_restart_between_a_good_and_a_zero_reading_holds(self) -> None:
        judge = Judge()
        judge.total(NOON, 1000.0)

        assert judge.restarted().total(NOON + POLL, 0.0) == 1000.0

    def test_the_wait_for_an_accepted_restart_goes_on_over_restarts_of_the_exporter(self) -> None:
        judge = Judge()
        judge.total(NOON, 1000.0)
        shown = []

        for number in range(1, 7):
            judge = judge.restarted()
            shown.append(judge.total(NOON + number * POLL, number))

        assert shown == [1000.0] * 5 + [6.0]

    @pytest.mark.parametrize(
        "document",
        [
            [],
            None,
            7,
            {"station/plant-1/pv_energy": 5},
            {"station/plant-1/pv_energy": {}},
            {"station/plant-1/pv_energy": {"good": "much"}},
            {"station/plant-1/pv_energy": {"good": None}},
            {"station/plant-1/pv_energy": {"good": 1.0, "low": "x"}},
            {"station/plant-1/pv_energy": {"good": 1.0, "lows": None}},
            {"station/plant-1/pv_energy": {"good": 1.0, "before": "x"}},
            {"station/plant-1/pv_energy": {"good": 1.0, "period": 5}},
            {"station/plant-1/pv_energy": {"good": 1.0, "of a later version": 1}},
        ],
    )
    def test_a_memory_of_another_shape_is_refused_as_a_whole(self, document: object) -> None:
        """Rather than accepted, to fail at every poll from then on."""
        judge = Judge()
        judge.total(NOON, 1000.0)

        with pytest.raises((AttributeError, TypeError, ValueError)):
            judge.quality.remember(document)

        assert judge.total(NOON + POLL, 0.0) == 1000.0


def test_live_values_are_none_of_its_business() -> None:
    """A power may fall, and a state of charge may be zero."""
    quality, findings = CounterGuard(), Diagnostics()
    quality.check(home(), NOON, findings)
    low = replace(home(), pv_power=0.0, batteries=(Battery(id="BAT1", state_of_charge=0.0),))

    shown = quality.check(low, NOON + POLL, findings)

    assert (shown.pv_power, shown.batteries[0].state_of_charge) == (0.0, 0.0)
    assert not findings.dropped

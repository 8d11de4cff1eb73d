"""When the portal is asked, and what becomes of what it says. No time passes here but the test's."""

import gc
import json
import logging
import random
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sems_exporter import errors
from sems_exporter.config.settings import Account, AccountSettings
from sems_exporter.model.diagnostics import Diagnostics, DropReason, Limited, Unknown
from sems_exporter.model.plant import KWH, Station
from sems_exporter.pipeline.staleness import Limits
from sems_exporter.polling.poller import Poller
from sems_exporter.portal import StationRef
from sems_exporter.portal.past import Answer, Question
from sems_exporter.portal.session.account_state import AccountState
from sems_exporter.portal.session.file_stores import LARGEST_COUNTERS, TextFile
from sems_exporter.store import StationStore
from sems_exporter.telemetry.metrics import FAILURES, SelfMetrics
from sems_exporter.telemetry.redaction import Secret
from tests.clocks import FakeClock
from tests.homes import NOON, home

INTERVAL = 300.0
ACCOUNT = Account("demo@example.com", Secret("demo"), "https://portal.example.com/login")


class FakePortal:
    """An account whose stations say what the test wants; an exception among them is raised."""

    def __init__(self, clock: FakeClock, *keys: str) -> None:
        self.clock = clock
        self.keys: list[str] | Exception = list(keys)
        self.failing: dict[str, Exception] = {}
        self.changes: dict[str, object] = {}
        self.found: Callable[[Diagnostics], None] = lambda _: None
        self.reads: list[str] = []

    def stations(self, findings: Diagnostics) -> tuple[StationRef, ...]:
        self.found(findings)
        if isinstance(self.keys, Exception):
            raise self.keys
        return tuple(StationRef(key) for key in self.keys)

    def overview(self, findings: Diagnostics, *, anew: bool) -> tuple[StationRef, ...]:
        assert not anew, "so few stations need no overview"
        return self.stations(findings)

    def read(self, ref: StationRef, _: Diagnostics) -> Station:
        self.reads.append(ref.id)
        if ref.id in self.failing:
            raise self.failing[ref.id]
        return replace(home(self.clock.now(), key=ref.id), **self.changes)  # type: ignore[arg-type]

    def past(self, question: Question) -> Answer:
        raise AssertionError(f"polling asks for no past days: {question}")

    def account_state(self) -> AccountState:
        return AccountState()

    def release_brake(self) -> None:
        raise AssertionError("polling never releases the brake")

    def close(self) -> None:
        raise AssertionError("polling closes nothing")


class Bench:
    """A poller of a fake account, on a clock that moves only while it waits."""

    def __init__(
        self,
        *keys: str,
        wanted: Sequence[str] = (),
        excluded: Sequence[str] = (),
        memory: Path | None = None,
        curves: object = None,
        seed: int = 1,
    ) -> None:
        self.clock = FakeClock(NOON)
        self.portal = FakePortal(self.clock, *keys)
        self.snapshots = StationStore(self.clock, Limits(1200.0, 900.0))
        self.metrics = SelfMetrics()
        self.stop = threading.Event()
        self.poller = Poller(
            self.portal,
            self.snapshots,
            self.metrics,
            AccountSettings(ACCOUNT, stations=tuple(wanted), exclude_stations=tuple(excluded), interval=INTERVAL),
            clock=self.clock,
            memory=TextFile(memory, LARGEST_COUNTERS) if memory else None,
            curves=curves,  # type: ignore[arg-type]
            chance=random.Random(seed),
        )

    def run(self, polls: int, each: Callable[[int], None] = lambda _: None) -> list[float]:
        """Poll so many times, calling `each` before every one; the seconds waited before each, and after the last."""
        wait, done = self.clock.wait, 0

        def counted(stop: threading.Event, seconds: float) -> bool:
            nonlocal done
            wait(stop, seconds)
            if done == polls:
                stop.set()
                return True
            each(done)
            done += 1
            return False

        self.clock.wait = counted  # type: ignore[method-assign]
        self.poller.run(self.stop)
        return self.clock.waits

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    def shown(self) -> list[str]:
        return [shown.station.id for shown in self.snapshots.shown(self.clock.now())]


class TestTiming:
    """Politely, and not in step with everybody else."""

    def test_the_first_refresh_comes_within_the_first_delay(self) -> None:
        waits = [Bench("a", seed=seed).run(1)[0] for seed in range(20)]

        assert all(0 <= wait <= 2.0 for wait in waits)
        assert len(set(waits)) == 20

    def test_the_interval_is_kept_with_a_jitter_that_never_shortens_it(self) -> None:
        waits = Bench("a").run(50)[1:]

        assert len(waits) == 50
        assert all(INTERVAL <= wait <= INTERVAL * 1.05 for wait in waits)
        assert len(set(waits)) == 50

    def test_a_refresh_begins_every_interval_however_long_the_last_one_took(self) -> None:
        bench = Bench("a")
        bench.portal.found = lambda _: bench.clock.advance(100)

        waits = bench.run(5)[1:]

        assert all(INTERVAL - 100 <= wait <= INTERVAL * 1.05 - 100 for wait in waits)

    @pytest.mark.parametrize("jump", [-300 * 86_400, 300 * 86_400])
    def test_a_clock_that_is_set_during_a_refresh_puts_the_next_one_neither_off_nor_forward(self, jump: int) -> None:
        """A board without a good clock gets the time while the first refresh is under way."""
        bench = Bench("a")
        bench.portal.found = lambda _: bench.clock.jump(jump)

        waits = bench.run(3)[1:]

        assert all(INTERVAL <= wait <= INTERVAL * 1.05 for wait in waits)

    def test_an_end_of_a_pause_that_lies_far_ahead_by_now_is_not_waited_for(self) -> None:
        bench = Bench("a")
        bench.portal.keys = errors.RateLimited("slow down", until=NOON + timedelta(days=300))

        waits = bench.run(1)[1:]

        assert waits[0] <= 3600 * 1.05

    def test_the_next_refresh_is_announced(self) -> None:
        bench = Bench("a")
        bench.run(1)

        due = bench.clock.now()
        assert bench.poller.health.next_refresh == due
        assert bench.value("sems_refresh_next_timestamp_seconds") == pytest.approx(due.timestamp())

    def test_told_to_stop_it_polls_no_more(self) -> None:
        bench = Bench("a")
        bench.stop.set()

        bench.poller.run(bench.stop)

        assert bench.portal.reads == []

    def test_a_refresh_that_the_end_cuts_short_is_given_up_and_no_failure(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        bench = Bench("a", "b", memory=tmp_path / "counters.json")
        bench.portal.failing = {"b": errors.Stopping("the exporter is stopping")}

        bench.run(1)

        assert bench.shown() == ["a"]
        assert "station/a/pv_energy" in json.loads((tmp_path / "counters.json").read_text())
        assert {bench.value("sems_refresh_failures_total", reason=reason) for reason in FAILURES} == {0.0}
        assert caplog.records == []

    @pytest.mark.parametrize(
        "failure",
        [
            errors.Unreachable("refused"),
            errors.TimedOut("slow"),
            errors.ConnectionBroken("reset"),
            errors.CertificateInvalid("expired"),
        ],
    )
    def test_without_a_way_to_the_portal_it_tries_again_soon_then_ever_later(self, failure: errors.PortalError) -> None:
        """A router that restarts must not cost five minutes, a night without internet not 500 attempts."""
        bench = Bench()
        bench.portal.keys = failure

        waits = bench.run(6)[1:]

        for wait, least in zip(waits, (60, 120, 240, 300, 300, 300), strict=True):
            assert least <= wait <= least * 1.05

    def test_a_good_refresh_ends_the_hurry(self) -> None:
        bench = Bench("a")

        def broken_at_first(poll: int) -> None:
            bench.portal.keys = errors.Unreachable("refused") if poll in (0, 2) else ["a"]

        waits = bench.run(3, broken_at_first)[1:]

        assert [round(wait / 60) for wait in waits] == [1, 5, 1]

    @pytest.mark.parametrize(
        "failure", [errors.ServerFault("500"), errors.ProtocolChanged("100004"), errors.CredentialsRejected("wrong")]
    )
    def test_what_the_portal_itself_refuses_is_not_retried_sooner(self, failure: errors.PortalError) -> None:
        bench = Bench()
        bench.portal.keys = failure

        waits = bench.run(3)[1:]

        assert all(wait >= INTERVAL for wait in waits)

    def test_a_pause_that_the_portal_asked_for_is_kept(self) -> None:
        bench = Bench()

        def limited(_: int) -> None:
            bench.portal.keys = errors.RateLimited("pause", until=bench.clock.now() + timedelta(seconds=1800))

        waits = bench.run(2, limited)[1:]

        assert all(1800 <= wait <= 1800 * 1.05 for wait in waits)

    @pytest.mark.parametrize("left, least", [(100, 100), (1, 60), (1800, 300)])
    def test_a_sign_in_that_is_allowed_soon_is_not_put_off_for_an_interval(self, left: float, least: float) -> None:
        bench = Bench()

        def withheld(_: int) -> None:
            bench.portal.keys = errors.LoginWithheld("brake", until=bench.clock.now() + timedelta(seconds=left))

        waits = bench.run(2, withheld)[1:]

        assert all(least <= wait <= least * 1.05 for wait in waits)

    def test_a_pause_shorter_than_the_interval_does_not_hasten(self) -> None:
        bench = Bench()
        bench.portal.keys = errors.RateLimited("pause", until=NOON + timedelta(seconds=30))

        assert bench.run(1)[1] >= INTERVAL


class TestFailures:
    """What fails is named and counted, and takes nothing else with it."""

    def test_before_the_first_refresh_nothing_is_claimed(self) -> None:
        assert Bench("a").poller.health.up is None

    def test_a_good_refresh_is_up(self) -> None:
        bench = Bench("a", "b")

        bench.poller.refresh()

        assert (bench.value("sems_up"), bench.value("sems_stations")) == (1.0, 2.0)
        assert bench.poller.health.up is True
        assert bench.poller.health.last_success == NOON
        assert bench.poller.health.problem is None
        assert bench.shown() == ["a", "b"]

    def test_a_portal_that_is_down_is_counted_and_told(self) -> None:
        bench = Bench()
        bench.portal.keys = errors.Unreachable("connection refused")

        bench.poller.refresh()

        assert bench.value("sems_up") == 0.0
        assert bench.value("sems_refresh_failures_total", reason="unreachable") == 1.0
        told = "the portal could not be reached (connection refused)"
        assert (bench.poller.health.up, bench.poller.health.problem) == (False, told)

    def test_one_station_that_fails_leaves_the_others(self) -> None:
        bench = Bench("a", "b", "c")
        bench.portal.failing["b"] = errors.AnswerEmpty("nothing in it")

        bench.poller.refresh()

        assert bench.shown() == ["a", "c"]
        assert bench.value("sems_up") == 1.0
        assert bench.value("sems_refresh_failures_total", reason="empty") == 1.0
        assert bench.poller.health.problem == "station b: nothing in it"

    def test_a_failure_that_is_remembered_lets_go_of_what_was_at_hand(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of a fleet that cannot be read, a thousand answers would stay in memory."""
        bench, seen = Bench("a", "b"), list["weakref.ref[FakeClock]"]()

        def read(*_: object) -> Station:
            answer = FakeClock(NOON)  # anything of which one can tell that it is gone
            seen.append(weakref.ref(answer))
            raise errors.AnswerUnreadable("not JSON")

        monkeypatch.setattr(bench.portal, "read", read)

        bench.poller.refresh()
        gc.collect()

        assert [answer() for answer in seen] == [None, None]

    @pytest.mark.parametrize(
        "failure", [errors.RateLimited("pause"), errors.LoginWithheld("brake"), errors.GatewayRefused("odd host")]
    )
    def test_what_concerns_the_account_ends_the_refresh(self, failure: errors.PortalError) -> None:
        """Each further request would be pointless or do harm."""
        bench = Bench("a", "b", "c")
        bench.portal.failing["a"] = failure

        outcome = bench.poller.refresh()

        assert bench.portal.reads == ["a"]
        assert outcome.whole is failure
        assert bench.value("sems_up") == 0.0

    def test_three_stations_in_a_row_that_cannot_be_reached_end_the_refresh_and_count_once_each(self) -> None:
        """The way is gone; a thousand more timeouts would tell nothing new."""
        bench = Bench("a", "b", "c", "d")
        bench.portal.failing = {key: errors.TimedOut(f"no answer for {key}") for key in "abcd"}

        outcome = bench.poller.refresh()

        assert bench.portal.reads == ["a", "b", "c"]
        assert outcome.whole is bench.portal.failing["c"]
        assert bench.value("sems_refresh_failures_total", reason="timeout") == 3.0

    def test_stations_that_cannot_be_reached_between_others_end_nothing(self) -> None:
        bench = Bench("a", "b", "c", "d")
        bench.portal.failing = {key: errors.TimedOut("no answer") for key in "abd"}

        outcome = bench.poller.refresh()

        assert bench.portal.reads == ["a", "b", "c", "d"]
        assert outcome.whole is None

    def test_all_stations_failing_is_down(self) -> None:
        bench = Bench("a")
        bench.portal.failing["a"] = errors.ServerFault("500")

        assert not bench.poller.refresh().up

    def test_an_account_without_stations_is_told(self) -> None:
        bench = Bench()

        bench.poller.refresh()

        assert bench.poller.health.up is False
        assert bench.poller.health.problem == "the account shows no stations"
        assert bench.value("sems_stations") == 0.0

    def test_a_fault_of_the_exporter_does_not_end_polling(self, caplog: pytest.LogCaptureFixture) -> None:
        """A mistake in our code must not silence it for the years to come."""
        bench = Bench("a")

        def faulty(poll: int) -> None:
            bench.portal.failing = {"a": ZeroDivisionError("ours")} if poll == 0 else {}

        waits = bench.run(2, faulty)

        assert bench.value("sems_refresh_failures_total", reason="internal") == 1.0
        assert bench.portal.reads == ["a", "a"]
        assert waits[1] >= INTERVAL
        assert (bench.value("sems_up"), bench.shown()) == (1.0, ["a"])
        assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]

    def test_a_fault_over_one_station_keeps_no_other_from_being_read(self) -> None:
        bench = Bench("a", "b", "c")

        def faulty(poll: int) -> None:
            bench.portal.failing = {"a": ZeroDivisionError("ours")} if poll < 3 else {}

        bench.run(4, faulty)

        assert bench.portal.reads == ["a", *("b", "c", "a") * 3]
        assert bench.value("sems_up") == 1.0
        assert bench.shown() == ["a", "b", "c"]

    def test_the_next_good_answer_recovers(self) -> None:
        bench = Bench()
        bench.portal.keys = errors.AnswerUnreadable("HTML")
        bench.poller.refresh()
        bench.portal.keys = ["a"]

        bench.poller.refresh()

        assert (bench.poller.health.up, bench.poller.health.problem) == (True, None)
        assert bench.shown() == ["a"]

    def test_a_failed_look_keeps_the_last_good_one(self) -> None:
        bench = Bench("a")
        bench.poller.refresh()
        bench.portal.failing["a"] = errors.ServerFault("500")
        bench.clock.advance(300)

        bench.poller.refresh()

        [shown] = bench.snapshots.shown(bench.clock.now())
        assert (shown.up, shown.station.fetched_at) == (True, NOON)
        assert bench.poller.health.last_success == NOON


class TestStations:
    """Which stations are read."""

    def test_only_the_wanted_ones(self) -> None:
        bench = Bench("a", "b", "c", wanted=["c", "a"])

        bench.poller.refresh()

        assert bench.portal.reads == ["c", "a"]
        assert bench.value("sems_stations") == 2.0

    def test_an_unknown_one_is_named_with_those_there_are(self) -> None:
        bench = Bench("a", "b", wanted=["a", "typo"])

        outcome = bench.poller.refresh()

        problem = bench.poller.health.problem or ""
        assert "'typo' is not a station of this account; it has a, b" in problem
        assert problem.count("stations:") == 1
        assert outcome.up
        assert bench.shown() == ["a"]
        assert bench.value("sems_refresh_failures_total", reason="station_unknown") == 1.0

    def test_only_unknown_ones_is_down(self) -> None:
        bench = Bench("a", wanted=["typo"])

        assert not bench.poller.refresh().up

    def test_one_that_leaves_the_account_disappears(self) -> None:
        bench = Bench("a", "b")
        bench.poller.refresh()
        bench.portal.keys = ["b"]

        bench.poller.refresh()

        assert bench.shown() == ["b"]

    def test_all_stay_while_the_list_cannot_be_read(self) -> None:
        bench = Bench("a", "b")
        bench.poller.refresh()
        bench.portal.keys = errors.TimedOut("slow")

        bench.poller.refresh()

        assert bench.shown() == ["a", "b"]
        assert bench.value("sems_stations") == 2.0


class TestSelection:
    """Which stations are read, and what is said of words that fit none."""

    def test_stations_that_another_account_reads_are_left_to_it(self) -> None:
        bench = Bench("a", "b")
        bench.snapshots.put(home(key="a", account="other"))

        bench.poller.refresh()

        assert bench.portal.reads == ["b"]
        assert (bench.value("sems_stations"), bench.value("sems_stations_elsewhere")) == (2.0, 1.0)

    def test_an_account_of_which_all_stations_are_read_elsewhere_is_up(self) -> None:
        bench = Bench("a")
        bench.snapshots.put(home(key="a", account="other"))

        outcome = bench.poller.refresh()

        assert outcome.up
        assert bench.poller.health.problem is None

    def test_a_word_that_excludes_nothing_is_told_once_counted_and_no_failure(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        bench = Bench("a", excluded=["typo*"])

        bench.run(3)

        assert [record.getMessage() for record in caplog.records] == [
            "exclude_stations: 'typo*' leaves out no station of this account"
        ]
        assert bench.value("sems_stations_unmatched") == 1.0
        assert bench.value("sems_up") == 1.0

    def test_what_the_portal_sends_too_much_of_is_told_once_a_kind_and_counted_each_time(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        bench = Bench("a")

        def too_much(findings: Diagnostics) -> None:
            findings.limit(Limited.DEVICES, 7)
            findings.limit(Limited.TEXT, 1)

        bench.portal.found = too_much

        bench.run(3)

        told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert sorted(told) == [
            f"the portal sends more {kind} than the exporter keeps; the rest is left out"
            for kind in ("devices", "text")
        ]
        assert bench.value("sems_portal_limited_total", kind="devices") == 3 * 7.0

    def test_a_pattern_selects_by_name_and_an_exclusion_wins(self) -> None:
        bench = Bench("a", "b", "c", wanted=["*"], excluded=["b"])

        bench.poller.refresh()

        assert bench.portal.reads == ["a", "c"]
        assert bench.value("sems_stations") == 2.0
        assert bench.value("sems_stations_unmatched") == 0.0


class TestTrust:
    """Readings pass the rules on their way, and what was odd becomes a metric."""

    def test_a_falling_counter_is_held_and_counted(self) -> None:
        bench = Bench("a")
        bench.poller.refresh()
        bench.portal.changes = {"pv_energy": 0.0}
        bench.clock.advance(300)

        bench.poller.refresh()

        [shown] = bench.snapshots.shown(bench.clock.now())
        assert shown.station.pv_energy == home().pv_energy
        metric = {"metric": "sems_station_pv_energy_joules_total", "reason": "fell"}
        assert bench.value("sems_values_dropped_total", **metric) == 1.0

    def test_sums_over_devices_are_watched_as_well(self) -> None:
        """The station's total is a sum of ours here; it must not fall either."""
        bench = Bench("a")
        bench.portal.changes = {"pv_energy": None}
        bench.poller.refresh()
        [inverter] = home().inverters
        bench.portal.changes = {"pv_energy": None, "inverters": (replace(inverter, pv_energy=0.0),)}

        bench.poller.refresh()

        [shown] = bench.snapshots.shown(bench.clock.now())
        assert shown.station.pv_energy == inverter.pv_energy

    def test_what_follows_from_the_values_is_added(self) -> None:
        bench = Bench("a")

        bench.poller.refresh()

        [shown] = bench.snapshots.shown(bench.clock.now())
        assert shown.station.power_residual == 0.0

    def test_findings_of_a_refresh_that_failed_are_counted(self) -> None:
        bench = Bench()
        bench.portal.keys = errors.AnswerUnreadable("HTML")
        bench.portal.found = lambda findings: findings.drop("sems_station_pv_power_watts", DropReason.SENTINEL)

        bench.poller.refresh()

        labels = {"metric": "sems_station_pv_power_watts", "reason": "sentinel"}
        assert bench.value("sems_values_dropped_total", **labels) == 1.0


class TestLog:
    """A line when something changes, not one for every poll."""

    def test_a_lasting_problem_is_one_line_and_its_end_another(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        bench = Bench()
        bench.portal.keys = errors.Unreachable("refused")

        def back_later(poll: int) -> None:
            bench.portal.keys = ["a"] if poll >= 20 else errors.Unreachable("refused")

        bench.run(40, back_later)

        assert [record.getMessage() for record in caplog.records] == ["refresh failed", "refresh works"]

    def test_another_problem_is_another_line(self, caplog: pytest.LogCaptureFixture) -> None:
        bench = Bench()

        def changing(poll: int) -> None:
            bench.portal.keys = errors.Unreachable("refused") if poll < 3 else errors.ServerFault("500")

        bench.run(6, changing)

        assert [vars(record)["reason"] for record in caplog.records] == ["unreachable", "server_fault"]

    def test_a_night_of_two_problems_in_turn_does_not_fill_the_disk(self, caplog: pytest.LogCaptureFixture) -> None:
        bench = Bench("a")
        caplog.set_level(logging.INFO)

        def flicker(poll: int) -> None:
            bench.portal.keys = (errors.ServerFault if poll % 2 else errors.AnswerEmpty)(f"number {poll % 2}")

        bench.run(288, flicker)
        told = [record.message for record in caplog.records]
        bench.portal.keys = ["a"]
        bench.stop.clear()
        bench.run(288 + 30)

        assert len(told) < 60
        assert any(getattr(record, "changes_untold", None) for record in caplog.records)
        assert caplog.records[-1].message == "refresh works"

    def test_a_station_that_fails_is_named(self, caplog: pytest.LogCaptureFixture) -> None:
        bench = Bench("a", "b")
        bench.portal.failing["b"] = errors.AnswerEmpty("nothing in it")

        bench.run(3)

        [record] = caplog.records
        assert record.getMessage() == "refresh incomplete"
        assert vars(record)["error"] == "station b: nothing in it"

    def test_new_words_of_the_portal_are_told_once(self, caplog: pytest.LogCaptureFixture) -> None:
        bench = Bench("a")
        bench.portal.found = lambda findings: findings.meet(Unknown.FACTOR, "hydrogenPower")

        bench.run(5)

        [record] = caplog.records
        assert (vars(record)["kind"], vars(record)["detail"]) == ("factor", "hydrogenPower")
        assert bench.value("sems_portal_unknown_total", kind="factor") == 5.0

    def test_a_part_that_is_missing_is_told_when_it_goes_and_when_it_returns(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        bench = Bench("a")

        def without_alarms(poll: int) -> None:
            gone = ["station a: alarms"] if poll < 5 else []
            bench.portal.found = lambda findings: findings.partial.extend(gone)
            bench.portal.keys = errors.Unreachable("refused") if poll == 3 else ["a"]

        bench.run(8, without_alarms)

        told = [record.getMessage() for record in caplog.records]
        assert told == [
            "part of a station is missing",
            "refresh works",
            "refresh failed",
            "refresh works",
            "part of a station is back",
        ]


class Keeper:
    """What the poll loop does for curves: the seconds that polling leaves idle, and the order of it all."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.raised: list[Exception] = []

    def begin(self) -> None:
        self.done.append("begin")

    def after_refresh(self, idle_seconds: float) -> None:
        self.done.append(idle_seconds)
        if self.raised:
            raise self.raised.pop()

    def end(self) -> None:
        self.done.append("end")


class TestCurves:
    """The picture of the day comes after polling and never in its way."""

    @pytest.fixture
    def keeper(self) -> Keeper:
        return Keeper()

    @pytest.fixture
    def bench(self, keeper: Keeper) -> Bench:
        return Bench("a", curves=keeper)

    def test_half_an_interval_is_left_for_it(self, bench: Bench, keeper: Keeper) -> None:
        bench.run(2)

        assert keeper.done == ["begin", INTERVAL / 2, INTERVAL / 2, "end"]

    def test_what_a_refresh_takes_is_gone(self, bench: Bench, keeper: Keeper) -> None:
        bench.portal.found = lambda _: bench.clock.advance(100.0)
        bench.run(1)

        assert keeper.done == ["begin", INTERVAL / 2 - 100.0, "end"]

    def test_while_something_fails_nothing_is_asked_for_it(self, bench: Bench, keeper: Keeper) -> None:
        bench.portal.failing["a"] = errors.TimedOut("slow")
        bench.run(2)

        assert keeper.done == ["begin", 0.0, 0.0, "end"]

    def test_its_time_is_part_of_the_interval(self, bench: Bench, keeper: Keeper) -> None:
        """The next refresh comes no later for it."""
        keeper.after_refresh = lambda _: bench.clock.advance(100.0)  # type: ignore[method-assign, assignment]
        waits = bench.run(3)

        assert all(wait <= INTERVAL * 1.05 - 100.0 for wait in waits[1:])

    def test_a_fault_of_it_does_not_end_the_polling(
        self, bench: Bench, keeper: Keeper, caplog: pytest.LogCaptureFixture
    ) -> None:
        keeper.raised.append(KeyError("a fault of ours"))
        bench.run(3)

        assert len(bench.portal.reads) == 3
        assert "the day's curves failed through a fault of the exporter" in caplog.text

    def test_the_end_of_the_program_ends_it(self, bench: Bench, keeper: Keeper) -> None:
        keeper.raised.append(errors.Stopping("the exporter is stopping"))
        bench.run(3)

        assert keeper.done == ["begin", INTERVAL / 2, "end"]

    def test_a_single_look_keeps_no_curves(self, bench: Bench, keeper: Keeper) -> None:
        bench.poller.refresh()
        bench.poller.remember()

        assert keeper.done == []


class TestMemory:
    """What the counter rules know outlives the process."""

    def test_a_restart_does_not_begin_blind(self, tmp_path: Path) -> None:
        memory = tmp_path / "counters.json"
        Bench("a", memory=memory).run(1)
        second = Bench("a", memory=memory)
        second.portal.changes = {"pv_energy": 0.0}

        second.poller.refresh()

        [shown] = second.snapshots.shown(second.clock.now())
        assert shown.station.pv_energy == home().pv_energy

    def test_it_is_kept_on_the_way_not_only_at_the_end(self, tmp_path: Path) -> None:
        """The next end may be a power cut."""
        memory = tmp_path / "counters.json"
        saved: list[bool] = []

        Bench("a", memory=memory).run(6, lambda _: saved.append(memory.exists()))

        assert saved == [False, True, True, True, True, True]

    def test_a_kill_after_any_refresh_costs_nothing(self, tmp_path: Path) -> None:
        """What was shown last is on disk, not what was shown a quarter of an hour before."""
        memory = tmp_path / "counters.json"
        bench = Bench("a", memory=memory)
        bench.clock.advance(600)
        kept: list[bytes] = []

        def grow(poll: int) -> None:
            if poll:
                kept.append(memory.read_bytes())
            bench.portal.changes = {"pv_energy": (20_000.0 + poll / 10) * KWH}

        bench.run(3, grow)
        memory.write_bytes(kept[-1])
        second = Bench("a", memory=memory)
        second.portal.changes = {"pv_energy": 20_000.0 * KWH}
        second.poller.refresh()

        [shown] = second.snapshots.shown(second.clock.now())
        assert shown.station.pv_energy == pytest.approx(20_000.1 * KWH)

    def test_a_night_in_which_nothing_changes_is_not_written(self, tmp_path: Path) -> None:
        memory = tmp_path / "counters.json"
        written: list[int] = []

        Bench("a", memory=memory).run(4, lambda _: written.append(memory.stat().st_ino if memory.exists() else 0))

        assert written[1] == written[2] == written[3] != 0

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", '{"a": 1}', '{"a": {"good": "x"}}', '{"a": {"other": 1}}', "\xff", "null", "[" * 100_000],
        ids=lambda text: text[:10],
    )
    def test_a_spoiled_memory_costs_a_warning_only(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str
    ) -> None:
        memory = tmp_path / "counters.json"
        memory.write_bytes(text.encode("latin-1"))

        bench = Bench("a", memory=memory)
        bench.run(2)

        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert bench.value("sems_up") == 1.0
        assert json.loads(memory.read_text())

    def test_a_folder_that_cannot_be_entered_stops_nothing(self, tmp_path: Path) -> None:
        """Such as one that root has made for a service of another user; here, one whose name is too long."""
        bench = Bench("a", memory=tmp_path / ("x" * 300) / "counters.json")
        bench.run(2)

        assert bench.value("sems_up") == 1.0

    def test_a_folder_that_cannot_be_written_stops_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")

        bench = Bench("a", memory=tmp_path / "file" / "counters.json")
        bench.run(2)

        assert bench.value("sems_up") == 1.0


def test_midnight_passes_without_yesterdays_values() -> None:
    """All packages together: from ten to midnight until one, the portal repeats yesterday for twenty minutes."""
    bench = Bench("a")
    midnight = datetime(2026, 6, 10, 22, 0, tzinfo=UTC)
    bench.clock.advance((midnight - NOON).total_seconds() - 900)
    shown: list[tuple[float, float | None]] = []

    def at_night(_: int) -> None:
        now = bench.clock.now()
        today = 17.5 if (now - midnight).total_seconds() < 1100 else 0.0
        [inverter] = home().inverters
        bench.portal.changes = {"pv_energy_today": today, "inverters": (replace(inverter, pv_energy_today=today),)}
        known = bench.snapshots.shown(now)
        shown.extend(((now - midnight).total_seconds(), one.station.pv_energy_today) for one in known)

    bench.run(14, at_night)

    assert all(value == 17.5 for second, value in shown if second < 0)
    assert all(value in (None, 0.0) for second, value in shown if second >= 0)
    assert [value for second, value in shown if second > 1800] == [0.0] * len([s for s, _ in shown if s > 1800])

"""What the demo is made of: a clock that runs fast, and answers from files."""

import json
import signal
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest

from sems_exporter.cli import commands
from sems_exporter.cli.demo import DemoClock, simulate
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import ServerSettings
from sems_exporter.errors import SettingError, StartError
from sems_exporter.simulator import BREAKS, SimulatedClock
from tests.clocks import FakeClock
from tests.homes import NOON


class Noted(threading.Event):
    """An event that notes for how long somebody wanted to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return self.is_set()


def test_the_demos_time_is_the_simulated_one() -> None:
    simulated = SimulatedClock(NOON, speed=0)
    clock = DemoClock(simulated)

    simulated.advance(3600)

    assert clock.now() == datetime(2026, 6, 10, 11, 0, tzinfo=UTC)


def test_waiting_is_shorter_by_as_much_as_time_is_faster() -> None:
    stop = Noted()

    stopped = DemoClock(SimulatedClock(NOON, speed=600)).wait(stop, 300)

    assert (stopped, stop.waited) == (False, [0.5])


@pytest.mark.parametrize("speed, seconds", [(1.0, 1200.0), (600.0, 12_000.0)])
def test_values_live_for_as_many_real_seconds_at_any_speed(
    speed: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[ServerSettings] = []
    monkeypatch.setattr("sems_exporter.cli.demo.run", lambda settings, *_, **__: found.append(settings))
    monkeypatch.setattr("sems_exporter.cli.demo.log_as", lambda _: None)

    commands.cli(["demo", "--speed", f"{speed}"], standalone_mode=False)

    assert (found[0].data_max_age, found[0].snapshot_max_age >= 20 * speed) == (seconds, True)


def test_the_machines_clock_waits_as_long_as_it_says_and_no_negative_time() -> None:
    stop = Noted()
    clock = SystemClock()

    clock.wait(stop, 2.5)
    clock.wait(stop, -5)
    stop.set()

    assert clock.wait(stop, 1) is True
    assert stop.waited == [2.5, 0.0, 1]
    assert clock.now().tzinfo is UTC


class TestFakeClock:
    """The tests' own clock keeps its word, too."""

    def test_waiting_moves_it(self) -> None:
        clock, stop = FakeClock(NOON), threading.Event()

        assert clock.wait(stop, 60) is False
        stop.set()
        assert clock.wait(stop, 60) is True

        assert (clock.now() - NOON).total_seconds() == 60
        assert clock.waits == [60]

    def test_it_wants_to_know_the_zone(self) -> None:
        with pytest.raises(ValueError, match="aware"):
            FakeClock(datetime(2026, 6, 10))  # noqa: DTZ001 - the mistake under test


def test_samples_of_answers_are_named_by_file(tmp_path: Path) -> None:
    from sems_exporter.cli import demo  # noqa: PLC0415 - only here a private name is wanted

    path = tmp_path / "flow.json"
    path.write_text("{}")

    assert demo._answers((f"flow={path}", f"telemetry.BAT_SYS={path}")) == {"flow": path, "telemetry.BAT_SYS": path}


class TestSimulate:
    """The simulated portal alone, until somebody ends it."""

    @pytest.fixture
    def played(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
        """What it says, played until it has said it; whether its port is open then stands beside it."""

        def play(address: str = "127.0.0.1:0", replay: Path | None = None) -> list[str]:
            handlers: dict[int, Callable[..., None]] = {}
            said: list[str] = []

            def echo(text: str) -> None:
                url = urlsplit(text.rpartition("SEMS_LOGIN_URL=")[2])
                socket.create_connection((url.hostname or "", url.port or 0), timeout=30).close()
                said.append(text)
                handlers[signal.SIGTERM](signal.SIGTERM, None)

            # Signals belong to the test run.
            monkeypatch.setattr(signal, "signal", handlers.__setitem__)
            monkeypatch.setattr(click, "echo", echo)
            simulate({"web_listen_address": address, "replay": replay and str(replay), "plants": 1})
            return said

        return play

    def test_it_serves_until_it_is_told_to_stop(self, played: Callable[..., list[str]]) -> None:
        [said] = played()

        assert said.startswith("simulated portal; account demo@example.com, password demo")

    def test_it_plays_a_dump(self, played: Callable[..., list[str]], tmp_path: Path) -> None:
        path = tmp_path / "dump.json"
        head = {"format": "sems-exporter-dump", "version": 1, "dialect": "semsplus", "taken_at": NOON.isoformat()}
        path.write_text(json.dumps(head | {"answers": []}))

        assert len(played(replay=path)) == 1

    def test_what_is_no_dump_is_a_wrong_setting(self, played: Callable[..., list[str]], tmp_path: Path) -> None:
        path = tmp_path / "dump.json"
        path.write_text("{}")

        with pytest.raises(SettingError, match="is no dump"):
            played(replay=path)

    def test_a_port_in_use_is_named(self, played: Callable[..., list[str]]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"

            with pytest.raises(StartError, match=address):
                played(address)


def test_what_can_be_broken_is_what_the_simulator_breaks() -> None:
    assert set(commands.BREAKS) == set(BREAKS)

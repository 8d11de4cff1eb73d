"""The program as its users meet it: started, asked, signalled, and given what cannot work."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from sems_exporter.simulator import SimulatedPortal
from tests.e2e.program import ANY_PORT, COMMAND, PATIENCE, UNHURRIED, environment, finished, running, until
from tests.ports import unserved

SECRET = "corréct horse/b&ttery"
"""A password that looks different in every encoding."""
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def values(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """All samples of an exposition in the text format."""
    families = list(read_text(text))
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for found in families for s in found.samples}


def counters(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {key: value for key, value in values(text).items() if key[0].endswith("_total")}


@pytest.fixture
def portal() -> Iterator[SimulatedPortal]:
    with SimulatedPortal(password=SECRET, strict=True) as portal:
        yield portal


@pytest.fixture
def settings(portal: SimulatedPortal, tmp_path: Path) -> dict[str, str]:
    """Variables of an exporter of this portal's account."""
    return {
        "SEMS_ACCOUNT": "demo@example.com",
        "SEMS_PASSWORD": SECRET,
        "SEMS_LOGIN_URL": portal.login_url,
        "SEMS_STATE_DIR": str(tmp_path / "state"),
        "SEMS_REQUESTS_PER_MINUTE": "120",
    }


def asked(portal: SimulatedPortal, endpoint: str, times: int = 1) -> threading.Event:
    """Set once the portal has been asked so often."""
    reached, count = threading.Event(), 0

    def note(_: dict[str, Any], __: Mapping[str, Any]) -> None:
        nonlocal count
        count += 1
        if count >= times:
            reached.set()

    portal.mutate(endpoint, note)
    return reached


def nowhere(port: int) -> str:
    return f"http://127.0.0.1:{port}/login"


class TestDemo:
    """What people try first."""

    def test_it_serves_valid_metrics_that_move_on_and_ends_when_told_to(self) -> None:
        with running("demo", "--speed", "600", "--start", "2026-06-10T09:00", ANY_PORT) as program:
            first = program.refreshed()
            success = ("sems_refresh_last_success_timestamp_seconds", ())
            until(lambda: values(program.get("/metrics")[1])[success] > values(first)[success])
            second = program.get("/metrics")[1]
            openmetrics = program.get("/metrics", Accept=OPENMETRICS)[1]
            page = program.get("/")
            code = program.end(signal.SIGTERM)

        before, after = counters(first), counters(second)
        assert values(first)["sems_up", ()] == 1.0
        assert {name for name, _ in before} >= {"sems_station_pv_energy_joules_total", "sems_portal_requests_total"}
        assert all(after[key] >= value for key, value in before.items())
        assert list(read_openmetrics(openmetrics))  # type: ignore[no-untyped-call]
        assert page[0] == 200
        assert "Sunny Home" in page[1]
        assert code == 0
        assert "Traceback" not in program.output
        assert "after 1 sign-in to the simulated portal" in program.output

    def test_ctrl_c_ends_it_quietly(self) -> None:
        with running("demo", "--speed", "600", "--log.format", "json", ANY_PORT) as program:
            code = program.end(signal.SIGINT)

        assert code == 0
        assert "Traceback" not in program.output

    def test_at_its_fastest_it_asks_for_no_setting_that_it_has_not(self) -> None:
        with running("demo", "--speed", "10000", "--start", "2026-06-10 09:00", ANY_PORT) as program:
            metrics = program.refreshed()
            code = program.end()

        assert code == 0
        assert values(metrics)["sems_up", ()] == 1.0
        assert "requests_per_minute" not in program.output

    @pytest.mark.needs("promtool")
    def test_promtool_has_nothing_to_say_about_its_metrics(self) -> None:
        with running("demo", "--speed", "600", "--plants", "3", "--start", "2026-06-10T09:00", ANY_PORT) as program:
            metrics = program.refreshed()

        command = ["promtool", "check", "metrics"]
        checked = subprocess.run(command, input=metrics, capture_output=True, text=True, timeout=PATIENCE, check=False)

        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


KILLED_BEFORE_IT_LISTENS_TO_SIGNALS = """
import os, signal, sys
from sems_exporter.__main__ import main
from sems_exporter.web.http import server

run = server._Server.run

def late(self, *args, **kwargs):
    os.kill(os.getpid(), signal.{signal})
    return run(self, *args, **kwargs)

server._Server.run = late
sys.argv = ["sems-exporter", "demo", "{port}"]
main()
"""
KILLED_WHILE_IT_IS_LOADED = """
import os, signal, sys
from sems_exporter.__main__ import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it starts beside others ignore it

class Killer:
    def find_spec(self, name, *_):
        if name == "sems_exporter.cli.commands":
            os.kill(os.getpid(), signal.{signal})

sys.meta_path.insert(0, Killer())
sys.argv = ["sems-exporter", "demo", "{port}"]
main()
"""


class TestSignals:
    """They count from the first moment."""

    @pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
    @pytest.mark.parametrize(
        "script, codes",
        [(KILLED_BEFORE_IT_LISTENS_TO_SIGNALS, {0}), (KILLED_WHILE_IT_IS_LOADED, {-signal.SIGTERM, -signal.SIGINT})],
    )
    def test_no_start_survives_being_told_to_end(self, script: str, codes: set[int], name: str) -> None:
        source = script.format(signal=name, port=ANY_PORT)
        ended = subprocess.run(
            [sys.executable, "-c", source],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

        assert ended.returncode in codes
        assert "Traceback" not in ended.stderr

    def test_sighup_reads_the_web_configuration_again_and_ends_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "web.yml"
        path.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
        with running("demo", f"--web.config.file={path}", ANY_PORT) as program:
            program.process.send_signal(signal.SIGHUP)
            told = program.printed("web configuration was read again")
            healthy = program.get("/-/healthy")[0]
            code = program.end()

        assert (bool(told), healthy, code) == (True, 200, 0)

    def test_sighup_without_a_web_configuration_ends_nothing(self) -> None:
        with running("demo", ANY_PORT) as program:
            program.process.send_signal(signal.SIGHUP)
            healthy = program.get("/-/healthy")[0]
            code = program.end()

        assert (healthy, code) == (200, 0)


class TestServe:
    """Against a portal that the test plays."""

    def test_a_wrong_password_is_told_once_and_the_exporter_goes_on_serving(
        self, portal: SimulatedPortal, settings: dict[str, str]
    ) -> None:
        wrong = SECRET + "x"
        settings["SEMS_PASSWORD"] = wrong
        with running(ANY_PORT, "--log.level=debug", **settings) as program:
            metrics = program.refreshed()
            page = program.get("/")
            code = program.end()

        found = values(metrics)
        assert found["sems_portal_logins_total", (("outcome", "credentials_rejected"),)] == 1.0
        assert found["sems_portal_credential_rejections", ()] == 1.0
        assert found["sems_up", ()] == 0.0
        assert (portal.login_attempts, page[0], code) == (1, 200, 0)
        [line] = [line for line in program.output.splitlines() if "refresh failed" in line]
        assert "reason=credentials_rejected" in line
        for text in (program.output, metrics, page[1]):
            assert "Traceback" not in text
            assert wrong not in text
            assert "horse" not in text

    def test_a_crash_loop_signs_in_once(self, portal: SimulatedPortal, settings: dict[str, str]) -> None:
        """Ten restarts, each killed as soon as it has begun to ask; the account must not notice."""
        for _ in range(10):
            begun = asked(portal, "stations")
            process = subprocess.Popen(
                [*COMMAND, "once"], env=environment(**settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            reached = begun.wait(PATIENCE)
            process.kill()
            process.wait(PATIENCE)
            portal.clear()
            assert reached

        assert (portal.login_attempts, portal.logins) == (1, 1)

    def test_without_a_portal_it_serves_and_says_so(self, settings: dict[str, str]) -> None:
        with unserved() as port, running(ANY_PORT, **settings | {"SEMS_LOGIN_URL": nowhere(port)}) as program:
            metrics = program.refreshed()
            healthy = program.get("/-/healthy")[0]
            code = program.end()

        found = values(metrics)
        assert found["sems_up", ()] == 0.0
        assert found["sems_refresh_failures_total", (("reason", "unreachable"),)] >= 1.0
        assert (healthy, code) == (200, 0)
        assert "Traceback" not in program.output

    def test_it_ends_in_time_while_the_portal_keeps_it_waiting(
        self, portal: SimulatedPortal, settings: dict[str, str]
    ) -> None:
        release = threading.Event()

        def hang(_: dict[str, Any], __: Mapping[str, Any]) -> None:
            hung.set()
            release.wait(2 * PATIENCE)

        hung = threading.Event()
        portal.mutate("stations", hang)
        with running(ANY_PORT, command=UNHURRIED, **settings) as program:
            assert hung.wait(PATIENCE)
            status = program.get("/metrics")[0]
            code = program.end()
            release.set()

        assert (status, code) == (200, 0)

    def test_a_port_in_use_is_a_line_with_a_way_out(self, settings: dict[str, str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"

            done = finished(f"--web.listen-address={address}", **settings)

        assert done.returncode == 1
        assert done.stderr.startswith(f"sems-exporter: web.listen-address {address}: ")
        assert done.stderr.count("\n") == 1
        assert SECRET not in done.stdout + done.stderr

    def test_settings_that_cannot_work_are_a_line_and_exit_code_2(self, settings: dict[str, str]) -> None:
        done = finished("--interval=30", **settings)

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("sems-exporter: interval: ")
        assert done.stderr.count("\n") == 1


class TestLookOnce:
    """Commands that look once and end, started side by side."""

    def test_each_prints_what_it_found_and_leaves_no_secret(self, settings: dict[str, str], tmp_path: Path) -> None:
        commands = {"text": ["once"], "json": ["once", "--format=json"], "check": ["check"]}
        with ExitStack() as stack:
            # One portal each: a second sign-in to an account would end the session of the first.
            portals = {name: stack.enter_context(SimulatedPortal(password=SECRET, strict=True)) for name in commands}
            processes = {
                name: subprocess.Popen(
                    [*COMMAND, *args, f"--state-dir={tmp_path / name}", f"--login-url={portals[name].login_url}"],
                    env=environment(**settings),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                )
                for name, args in commands.items()
            }
            outputs = {name: process.communicate(timeout=PATIENCE) for name, process in processes.items()}

        codes = {name: process.returncode for name, process in processes.items()}
        assert codes == dict.fromkeys(commands, 0)
        found = values(outputs["text"][0])
        assert found["sems_up", ()] == 1.0
        assert [name for name, _ in found].count("sems_station_up") == 1
        [station] = json.loads(outputs["json"][0])["stations"]
        assert (station["name"], station["up"]) == ("Sunny Home", True)
        assert "Session: works" in outputs["check"][0]
        assert "  battery SIMBAT0001" in outputs["check"][0]
        assert [portal.logins for portal in portals.values()] == [1, 1, 1]
        kept = [file for name in commands for file in (tmp_path / name).iterdir()]
        assert {file.stat().st_mode & 0o777 for file in kept} == {0o600}
        for text in [*(part for output in outputs.values() for part in output), *(file.read_text() for file in kept)]:
            assert SECRET not in text
            assert "horse" not in text
            assert "Traceback" not in text

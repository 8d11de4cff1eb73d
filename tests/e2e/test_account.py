"""Several programs on one account and one state directory: the portal sees one of them sign in."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.program import ANY_PORT, COMMAND, PATIENCE, environment, finished, running, until
from tests.faulty_portal.portal import FaultyPortal

PASSWORD = "corréct horse/b&ttery"


@pytest.fixture
def portal() -> Iterator[FaultyPortal]:
    with FaultyPortal(password=PASSWORD, strict=True) as portal:
        yield portal


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def settings(portal: FaultyPortal, state: Path) -> dict[str, str]:
    return {
        "SEMS_ACCOUNT": "demo@example.com",
        "SEMS_PASSWORD": PASSWORD,
        "SEMS_LOGIN_URL": portal.login_url,
        "SEMS_STATE_DIR": str(state),
        "SEMS_REQUESTS_PER_MINUTE": "120",
    }


def test_a_second_server_does_not_start_and_the_first_goes_on(
    portal: FaultyPortal, state: Path, settings: dict[str, str]
) -> None:
    with running(ANY_PORT, **settings) as first:
        first.refreshed()

        second = finished("serve", ANY_PORT, **settings)

        assert first.get("/-/healthy")[0] == 200
        assert first.end() == 0
    assert second.returncode == 1
    assert second.stderr.startswith(f"sems-exporter: state_dir: {state} is in use: process {first.process.pid} on ")
    assert second.stderr.count("\n") == 1
    assert (portal.login_attempts, portal.logins) == (1, 1)


def kept(state: Path) -> dict[str, bytes]:
    """What the state directory holds, but for the record of requests, into which all programs write."""
    return {path.name: path.read_bytes() for path in state.iterdir() if path.suffix != ".requests"}


def test_commands_beside_a_server_read_with_its_session(
    portal: FaultyPortal, state: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    with running(ANY_PORT, **settings) as server:
        server.refreshed()
        until((state / "counters.json").exists)  # it is written right after
        before = kept(state)

        check = finished("check", **settings)
        once = finished("once", **settings)
        dump = finished("dump", f"--output={tmp_path / 'dump.json'}", **settings)

        after = kept(state)
    assert [done.returncode for done in (check, once, dump)] == [0, 0, 0]
    assert "Session: works" in check.stdout
    assert f"Beside it: process {server.process.pid} on " in check.stdout
    assert "\nsems_up 1.0\n" in once.stdout
    assert after == before
    assert (portal.login_attempts, portal.logins) == (1, 1)


def test_commands_beside_a_server_without_a_session_say_so_and_sign_nobody_in(
    portal: FaultyPortal, settings: dict[str, str], tmp_path: Path
) -> None:
    portal.play("agreement_pending")
    with running(ANY_PORT, **settings) as server:
        server.refreshed()
        portal.heal()

        check = finished("check", **settings)
        once = finished("once", **settings)
        dump = finished("dump", f"--output={tmp_path / 'dump.json'}", **settings)

    assert [done.returncode for done in (check, once, dump)] == [1, 1, 1]
    for text in (check.stdout, once.stderr, dump.stderr):
        assert f"process {server.process.pid} on " in text
        assert "serves this account, and there is no session of it that works" in text
    assert portal.login_attempts == 1


def test_a_command_beside_a_server_signs_nobody_in_at_another_address_either(
    portal: FaultyPortal, settings: dict[str, str]
) -> None:
    """Such as `check --region eu`, to see whether that works: it would end the session of the server."""
    elsewhere = {
        "SEMS_ACCOUNT": settings["SEMS_ACCOUNT"].upper(),
        "SEMS_LOGIN_URL": portal.login_url.replace("127.0.0.1", "localhost"),
    }
    with running(ANY_PORT, **settings) as server:
        server.refreshed()

        check = finished("check", **settings | elsewhere)

        assert check.returncode == 1
        assert f"process {server.process.pid}" in check.stdout
    assert portal.logins == 1


def test_the_place_of_a_killed_server_is_free_and_its_session_goes_on(
    portal: FaultyPortal, settings: dict[str, str]
) -> None:
    with running(ANY_PORT, **settings) as first:
        first.refreshed()
        first.end(signal.SIGKILL)

        with running(ANY_PORT, **settings) as second:
            metrics = second.refreshed()

    assert "\nsems_up 1.0\n" in metrics
    assert (portal.login_attempts, portal.logins) == (1, 1)


def test_two_commands_at_once_sign_in_once(portal: FaultyPortal, settings: dict[str, str]) -> None:
    """The second has the session of the first, or finds the place taken and says so."""
    processes = [
        subprocess.Popen(
            [*COMMAND, "once"], env=environment(**settings), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]

    for process in processes:
        process.communicate(timeout=PATIENCE)

    assert 0 in [process.returncode for process in processes]
    assert (portal.login_attempts, portal.logins) == (1, 1)


def test_a_person_releases_the_brake_of_a_running_server(
    portal: FaultyPortal, state: Path, settings: dict[str, str]
) -> None:
    """The server has stopped to sign in; `check --release-brake` writes to disk what it finds at its next refresh."""
    assert finished("once", **settings).returncode == 0
    portal.expire_session()
    [path] = state.glob("account-*.json")
    document = json.loads(path.read_text())
    document["brake"] |= {"rejections": 3, "next_login_at": 0.0}
    document["token"] = None
    path.write_text(json.dumps(document))
    with running(ANY_PORT, "--interval=60s", **settings) as server:
        blocked = server.refreshed()

        check = finished("check", "--release-brake", **settings)

        kept = json.loads(path.read_text())["brake"]
    assert "\nsems_portal_login_blocked 1.0\n" in blocked
    assert (kept["rejections"], kept["unanswered"], kept["failures"]) == (0, 0, 0)
    assert "Brake: released" in check.stdout
    assert "Problem" not in check.stdout
    assert check.returncode == 0
    assert portal.login_attempts == 1


@pytest.mark.parametrize("way", ["a file in its place", "no right to write"])
def test_a_state_directory_that_cannot_be_written_stops_nothing_and_is_told(
    way: str, portal: FaultyPortal, state: Path, settings: dict[str, str]
) -> None:
    if way == "a file in its place":
        state.write_text("")
    elif os.geteuid() == 0:
        # Root may write everywhere but into what is no directory of a disk.
        settings["SEMS_STATE_DIR"] = "/proc/sems-exporter"
    else:
        state.mkdir(mode=0o500)
    with running(ANY_PORT, **settings) as server:
        metrics = server.refreshed()
        until(lambda: "cannot be saved in " in server.get("/")[1])
        code = server.end()
    check = finished("check", **settings)

    assert "\nsems_state_writable 0.0\n" in metrics
    assert "cannot be saved" in server.output
    assert "cannot be locked" in server.output
    assert code == 0
    assert "State: cannot be saved in " in check.stdout
    # Neither lived for the minute that a program without memory has to wait.
    assert portal.login_attempts == 0


def test_a_pause_that_one_program_is_told_is_kept_by_all(portal: FaultyPortal, settings: dict[str, str]) -> None:
    """A command or the server is told "too many requests", and then neither another command nor the server asks.

    Which of them is told it is chance: the server goes on asking for a while, for the days before today.
    """
    with running(ANY_PORT, "--interval=60s", **settings) as server:
        server.refreshed()
        # Asked for after the first refresh, to draw the day.
        until(lambda: any(request.endpoint == "curve" for request in portal.requests))
        before = len(portal.requests)
        portal.play("http_429")

        told = finished("once", **settings)
        once, check = finished("once", **settings), finished("check", **settings)

    assert "the portal asks for a pause" in told.stderr or "paused at the portal's request" in told.stderr
    assert [done.returncode for done in (told, once, check)] == [1, 1, 1]
    assert "no request is sent until" in check.stdout
    # One that was under way, and one each of the server and the command that are told at the same time.
    assert len(portal.requests) <= before + 3


def test_servers_that_are_killed_and_commands_share_one_budget(portal: FaultyPortal, settings: dict[str, str]) -> None:
    """A crash loop with a command beside it: together they send no more than one program may."""
    settings["SEMS_REQUESTS_PER_MINUTE"] = "10"
    for _ in range(4):
        with running(ANY_PORT, **settings) as server:
            until(lambda: bool(portal.requests))
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(
                    [*COMMAND, "once"], env=environment(**settings), capture_output=True, timeout=3, check=False
                )
            server.end(signal.SIGKILL)

    # The portal notes when a request has come, which may be some seconds after it was allowed.
    first = portal.requests[0].instant
    assert 0 < sum((request.instant - first).total_seconds() < 40 for request in portal.requests) <= 10


@pytest.mark.parametrize(
    "password, complaint",
    [
        ("one\ntwo\n", "holds a line break or another control character"),
        ("zero\0byte", "holds a line break or another control character"),
        ("   \n", "is nothing but blanks"),
    ],
    ids=["line break", "NUL", "blanks"],
)
def test_a_password_that_nobody_can_type_is_refused_before_a_request(
    portal: FaultyPortal, settings: dict[str, str], tmp_path: Path, password: str, complaint: str
) -> None:
    file = tmp_path / "password"
    file.write_text(password)
    settings["SEMS_PASSWORD_FILE"] = str(file)
    del settings["SEMS_PASSWORD"]

    check = finished("check", **settings)

    assert check.returncode == 2
    assert complaint in check.stderr
    assert password.strip() == "" or password.strip() not in check.stderr
    assert list(portal.requests) == []


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="only Linux tells the limits of a process")
def test_no_core_dump_will_hold_the_password(settings: dict[str, str]) -> None:
    with running(ANY_PORT, **settings) as server:
        server.refreshed()

        limits = Path(f"/proc/{server.process.pid}/limits").read_text()

    [core] = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core.split()[4] == "0"

"""The command `history`: what it refuses, what it does beside a running exporter, and that it may be cut off."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Self

import pytest

from sems_exporter.cli import commands, history
from sems_exporter.cli.history import Options
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.errors import SettingError, StartError
from sems_exporter.files import Draft
from sems_exporter.history import blocks
from sems_exporter.portal.session.lock import AccountLock
from sems_exporter.portal.session.state_file import StateFile
from sems_exporter.simulator import SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.portal.semsplus.homes import SharedClock
from tests.tariffs.examples import FIXED
from tests.tariffs.examples import settings as tariffs

NOW = datetime(2026, 6, 10, 10, 30, 20, tzinfo=UTC)
SINCE = date(2026, 6, 9)
STORE = "http://127.0.0.1:9"
"""A port on which nobody listens."""


class Desk:
    """An account on a simulated portal, and the command run on it."""

    def __init__(self, folder: Path) -> None:
        self.clock = SharedClock(NOW)
        self.portal = SimulatedPortal(demo_plants(1, clock=self.clock), clock=self.clock, signature_tolerance=None)
        self.folder = folder
        self.output = folder / "history"

    def settings(self, name: str = "demo@example.com") -> ServerSettings:
        account = Account(name, Secret("demo"), self.portal.login_url, ("127.0.0.1",))
        return ServerSettings((AccountSettings(account, state_dir=self.folder / "state"),))

    def run(self, **wanted: object) -> int:
        options = replace(Options(self.output, since=SINCE), **wanted)  # type: ignore[arg-type]
        return history.history(self.settings(), options, self.clock)

    def asked(self) -> int:
        """Requests for curves."""
        return sum(each.endpoint == "curve" for each in self.portal.requests)

    def files(self, output: str = "history") -> dict[str, bytes]:
        return {each.name: each.read_bytes() for each in (self.folder / output / "openmetrics").iterdir()}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(history, "log_as", lambda *_: None)  # pytest's own logging stays
    made = Desk(tmp_path)
    with made.portal:
        yield made


def refused(desk: Desk, **wanted: object) -> str:
    with pytest.raises((SettingError, StartError)) as error:
        desk.run(**wanted)
    return str(error.value)


def test_two_days_are_fetched_and_written(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run() == 0

    said = capsys.readouterr().out
    assert "Sunny Home: from 2026-06-09 to 2026-06-10" in said
    assert "At most 2 requests, 6 a minute: a minute or two" in said
    assert "curves from" in said
    assert list(desk.files()) == ["2026-06.om"]
    assert b"sems_station_pv_energy_joules_total{" in desk.files()["2026-06.om"]
    assert desk.portal.logins == 1


def test_money_and_the_only_battery_are_written_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    paid = replace(desk.settings(), tariffs=tariffs(FIXED))
    monkeypatch.setattr(desk, "settings", lambda: paid)

    assert desk.run() == 0

    text = desk.files()["2026-06.om"].decode()
    for name in (
        "station_grid_import_cost_total",
        "station_self_consumption_savings_total",
        "battery_charge_power_watts",
    ):
        assert f"sems_{name}{{" in text
    assert 'tariff="home",currency="EUR"} 1.0' in text


def test_a_dry_run_asks_for_nothing_and_writes_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run(dry_run=True) == 0

    assert "At most 2 requests" in capsys.readouterr().out
    assert {each.endpoint for each in desk.portal.requests} == {"login", "stations"}
    assert not desk.output.exists()


def test_beside_a_running_exporter_it_reads_with_its_session_and_never_signs_in(desk: Desk) -> None:
    desk.run()
    place = StateFile(desk.folder / "state", desk.settings().accounts[0].account).lock_path
    running = AccountLock(place)
    assert running.acquire() == ""

    try:
        assert desk.run(since=date(2026, 5, 31)) == 0
    finally:
        running.release()

    assert desk.portal.logins == 1


def test_beside_a_running_exporter_without_a_session_it_ends_and_says_so(desk: Desk) -> None:
    running = AccountLock(StateFile(desk.folder / "state", desk.settings().accounts[0].account).lock_path)
    assert running.acquire() == ""

    try:
        assert "serves this account, and there is no session of it that works" in refused(desk)
    finally:
        running.release()

    assert desk.portal.logins == 0


@pytest.mark.parametrize(
    "wanted, said",
    [
        ({"since": None}, "since: missing; name the first day"),
        ({"since": date(1999, 12, 31)}, "since: 1999-12-31 is before 2000-01-01"),
        ({"since": date(2026, 6, 20)}, "since: 2026-06-20 has not come yet"),
        ({"until": date(2027, 1, 1)}, "until: 2027-01-01 has not come yet"),
        ({"until": date(2026, 5, 1)}, "until: 2026-05-01 is before --since 2026-06-09"),
        ({"gaps": True}, "prometheus: missing; --gaps and --verify look into the store"),
        ({"verify": True}, "prometheus: missing"),
        ({"verify": True, "prometheus": STORE, "blocks": Path("x")}, "verify: stands alone"),
        ({"prometheus": STORE}, f"prometheus: {STORE} cannot be reached: Connection refused"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(
    desk: Desk, wanted: dict[str, object], said: str
) -> None:
    assert said in refused(desk, **wanted)

    assert not desk.portal.requests
    assert not desk.output.exists()


def test_a_directory_of_another_account_is_refused(desk: Desk) -> None:
    desk.run()
    before = desk.files(), len(desk.portal.requests)

    with pytest.raises(StartError, match="the history of another account"):
        history.history(desk.settings("other@example.com"), Options(desk.output, since=SINCE), desk.clock)

    assert (desk.files(), len(desk.portal.requests)) == before


def test_a_directory_that_cannot_be_made_is_refused(desk: Desk) -> None:
    desk.output.write_text("a file")

    assert "cannot be" in refused(desk)


@pytest.mark.parametrize("place", ["raw", "openmetrics/2026-06.om/x"])
def test_what_stands_in_the_way_within_it_is_told(desk: Desk, place: str) -> None:
    desk.run()
    path = desk.output / place
    shutil.rmtree(desk.output / "raw")
    for file in (desk.output / "openmetrics").iterdir():
        file.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file")

    assert "cannot be used" in refused(desk)


def test_several_accounts_want_one_to_be_named(desk: Desk) -> None:
    [one] = desk.settings().accounts
    both = ServerSettings((replace(one, name="a"), replace(one, name="b")))

    with pytest.raises(SettingError, match="only: a history is of one account; name it with --only, there are a, b"):
        history.history(both, Options(desk.output, since=SINCE), desk.clock)


def test_a_shard_without_accounts_has_no_history(desk: Desk) -> None:
    with pytest.raises(SettingError, match=r"only: a history is of one account; .* none here"):
        history.history(ServerSettings(()), Options(desk.output, since=SINCE), desk.clock)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "01.04.2023", "20230401T"])
def test_dates_that_make_no_sense_end_with_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["history", "--since", text, "--output", str(tmp_path / "out")])

    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert text in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_store_address_with_a_password_is_refused_without_saying_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["history", "--output", str(tmp_path), "--import", "http://me:hidden@127.0.0.1:8428"])

    assert ended.value.code == 2
    assert "hidden" not in capsys.readouterr().err


def test_a_full_disk_leaves_what_was_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run()
    before = desk.files()
    keep = Draft.keep_pieces

    def full(draft: Draft, pieces: Iterator[bytes]) -> None:
        if draft._path.suffix == ".om":
            draft._file.write(next(iter(pieces)))
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        keep(draft, pieces)

    monkeypatch.setattr(Draft, "keep_pieces", full)
    with pytest.raises(StartError, match="No space left"):
        desk.run(since=date(2026, 5, 31))

    assert desk.files() == before


def test_too_little_room_is_told_before_the_past_is_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BYTES_A_DAY", 10**15)

    assert "has room for" in refused(desk)
    assert desk.asked() == 0


@pytest.mark.parametrize("phase", ["fetch", "write", "load"])
def test_a_run_that_is_killed_anywhere_can_be_gone_on_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    first = date(2026, 5, 31)
    desk.run(since=first, output=desk.folder / "whole")
    kept: Callable[..., None] = Draft.keep_pieces
    calls = 0

    def killed(draft: Draft, pieces: Iterator[bytes]) -> None:
        nonlocal calls
        calls += draft._path.suffix == {"fetch": ".gz", "write": ".om", "load": ".json"}[phase]
        if calls == 2:
            draft._file.write(b"half")
            raise KeyboardInterrupt
        kept(draft, pieces)

    with monkeypatch.context() as patch:
        patch.setattr(Draft, "keep_pieces", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.run(since=first)
    desk.run(since=first)

    assert {name: _samples(text) for name, text in desk.files().items()} == {
        name: _samples(text) for name, text in desk.files("whole").items()
    }


def _samples(text: bytes) -> int:
    return sum(not line.startswith(b"#") for line in text.splitlines())


def test_without_promtool_the_line_to_run_is_printed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(blocks, "is_there", lambda: False)

    assert desk.run(blocks=desk.folder / "data") == 0

    said = capsys.readouterr().out
    line = " ".join(blocks.command(desk.output / "openmetrics" / "2026-06.om", desk.folder / "data"))
    assert line in said
    assert "--max-block-duration" in line
    assert "retention" in said
    assert not any((desk.folder / "data").iterdir())


class FakeStore:
    """What an importing store is sent; answers with `status`."""

    def __init__(self, status: int) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                bodies.append(self.path.encode() + b" " + body)
                self.send_response(status)
                self.send_header("Content-Length", "12")
                self.end_headers()
                self.wfile.write(b"cannot parse")

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_files_are_imported_once_and_in_milliseconds(desk: Desk) -> None:
    with FakeStore(200) as store:
        desk.run(import_url=store.url, until=date(2026, 6, 9))
        desk.run(import_url=store.url, until=date(2026, 6, 9))

    [body] = store.bodies
    path, _, text = body.partition(b" ")
    assert path == b"/api/v1/import/prometheus"
    assert text.startswith(b"sems_station_info{")
    assert b"#" not in text
    assert all(line.endswith(b"000") for line in text.splitlines())
    assert len(text.splitlines()) == _samples(desk.files()["2026-06.om"])


def test_a_store_that_refuses_is_told(desk: Desk) -> None:
    with FakeStore(400) as store:
        assert f"import: {store.url} refuses 2026-06.om (400): cannot parse" in refused(desk, import_url=store.url)

"""`sems-exporter tariff`, and tariffs in the settings of the other commands."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sems_exporter.cli import check, commands, log_setup, once
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.portal.session import rate_limiter
from sems_exporter.simulator import SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.ports import unserved
from tests.tariffs.examples import AGILE, FIXED, SEASONS, importing, settings


def run(*args: str) -> int:
    with pytest.raises(SystemExit) as ended:
        commands.main(list(args))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def file(folder: Path, text: str) -> str:
    path = folder / "config.yml"
    path.write_text(text, "utf-8")
    return str(path)


def tariff(folder: Path, text: str, *args: str) -> int:
    return run("tariff", "--config.file", file(folder, text), "--state-dir", str(folder / "state"), *args)


def test_the_prices_of_a_day_are_printed_with_where_they_are_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = tariff(tmp_path, SEASONS, "--timezone", "Europe/Berlin", "--at", "2026-11-30")

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[:8] == [
        "Tariff seasons, energy from the grid, Mon 2026-11-30 in Europe/Berlin; EUR for a kilowatt hour",
        "  00:00 - 05:00     0.3101  night",
        "  05:00 - 17:00     0.3920  price",
        "  17:00 - 20:00     0.5576  winter peak",
        "  20:00 - 23:00     0.3920  price",
        "  23:00 - 00:00     0.3101  night",
        "Tariff seasons, energy fed in, Mon 2026-11-30 in Europe/Berlin; EUR for a kilowatt hour",
        "  00:00 - 00:00     0.0600  price",
    ]
    assert lines[-1] == "Tariff seasons: prices of export are known without an end in sight"


def test_the_doubled_hour_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = [
        {"start": "2026-10-25T01:00:00+02:00", "end": "2026-10-25T02:00:00+02:00", "value": 0.1},
        {"start": "2026-10-25T02:00:00+02:00", "end": "2026-10-25T02:00:00+01:00", "value": 0.2},
        {"start": "2026-10-25T02:00:00+01:00", "end": "2026-10-25T03:00:00+01:00", "value": 0.3},
    ]
    (tmp_path / "list.json").write_text(json.dumps(listed), "utf-8")
    text = importing(f"{{from: 2026-01-01, prices: {{source: file, path: {tmp_path / 'list.json'}}}}}")

    code = tariff(tmp_path, text, "--timezone", "Europe/Berlin", "--at", "2026-10-25")

    lines = capsys.readouterr().out.splitlines()
    assert code == 1
    assert lines[0].endswith(
        "Sun 2026-10-25 in Europe/Berlin, a day of 25 hours: 02:00 - 03:00 comes twice; EUR for a kilowatt hour"
    )
    assert lines[1:6] == [
        "  00:00 - 01:00    unknown",
        "  01:00 - 02:00 CEST (first)     0.1000  file",
        "  02:00 CEST (first) - 02:00 CET (second)     0.2000  file",
        "  02:00 CET (second) - 03:00     0.3000  file",
        "  03:00 - 00:00    unknown",
    ]


def test_the_hour_that_is_left_out_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tariff(tmp_path, SEASONS, "--timezone", "Europe/Berlin", "--at", "2026-03-29")

    assert "a day of 23 hours: 02:00 - 03:00 is left out" in capsys.readouterr().out


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.json").write_text('[{"start": "2026-10-25T02:00:00", "end": "", "value": 1}]', "utf-8")
    text = importing(f"{{from: 2026-01-01, prices: {{source: file, path: {tmp_path / 'list.json'}}}}}")

    assert tariff(tmp_path, text, "--timezone", "Europe/Berlin") == 1
    assert "list.json entry 0: '2026-10-25T02:00:00' lacks its offset from UTC" in capsys.readouterr().out


@pytest.mark.usefixtures("no_web")
def test_a_source_that_does_not_answer_ends_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with unserved() as port:
        text = importing(f"{{from: 2026-01-01, prices: {{source: url, url: 'http://127.0.0.1:{port}/list'}}}}")

        assert tariff(tmp_path, text, "--timezone", "Europe/Berlin") == 1
    said = capsys.readouterr().out
    assert "tariffs.home.import[0].prices: the answer of 127.0.0.1 did not come" in said
    assert said.endswith("Tariff home: prices of import are not known\n")


@pytest.fixture
def no_web(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of this machine stands in the way."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_overlaps_and_doubts_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zones = "zones: [{hours: '22-6', price: 0.2}, {days: sat-sun, price: 0.1}]"
    tariff(tmp_path, importing(f"{{from: 2026-01-01, price: 29.4, {zones}}}"), "--timezone", "Europe/Berlin")

    said = capsys.readouterr().out
    assert "zones[1] overlaps [0], as on sat in jan at 00:00; the last wins" in said
    assert "import[0].price: 29.4 EUR for a kilowatt hour is far beyond what is usual" in said


@pytest.mark.parametrize(
    "text, args, words",
    [
        (FIXED, (), "timezone: the tariff home goes by the station's time"),
        ("interval: 5m", (), "tariffs: there are none in the configuration file"),
        (FIXED.replace("0.294", "free"), (), "tariffs.home.import[0].price: 'free' is not a number"),
        (FIXED, ("--at", "tomorrow"), "'tomorrow' is not a day such as 2026-10-25"),
        (FIXED, ("--timezone", "Berlin"), "'Berlin' is not a time zone such as Europe/Berlin"),
    ],
)
def test_what_is_wrong_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, args: tuple[str, ...], words: str
) -> None:
    assert tariff(tmp_path, text, *args) == 2
    assert words in capsys.readouterr().err


def test_the_zone_is_that_of_the_stations_that_were_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "state" / "money"
    folder.mkdir(parents=True, mode=0o700)
    ledger = {"currency": "GBP", "zone": "Europe/London"}
    path = folder / "station-a.json"
    path.write_text(json.dumps(ledger), "utf-8")
    path.chmod(0o600)

    tariff(tmp_path, FIXED, "--at", "2026-06-01")

    assert "in Europe/London" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["serve", "check", "once", "dump"])
def test_no_command_starts_with_a_tariff_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMS_ACCOUNT", "me@example.com")
    monkeypatch.setenv("SEMS_PASSWORD", "secret")
    text = AGILE.replace("region: C", "region: Z")

    assert run(command, "--config.file", file(tmp_path, text)) == 2
    assert "tariffs.agile.import[0].prices.region" in capsys.readouterr().err


def test_the_examples_of_the_documentation_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "tariffs.md").read_text("utf-8")
    examples = [block.split("```")[0] for block in page.split("```yaml\n")[1:]]

    for example in examples[:2]:
        assert tariff(tmp_path, example, "--timezone", "Europe/Berlin", "--at", "2026-10-03") == 0
    assert len(examples) == 3
    assert "for a kilowatt hour" in capsys.readouterr().out


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedPortal]:
    """A portal with one plant; pytest's own logging stays."""
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    monkeypatch.setattr(log_setup, "set_up", lambda *_: None)
    with SimulatedPortal(demo_plants(1, clock=SimulatedClock())) as found:
        yield found


def with_portal(portal: SimulatedPortal, state: Path, text: str) -> ServerSettings:
    account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
    return ServerSettings((AccountSettings(account, state_dir=state, requests_per_minute=120),), tariffs=settings(text))


def test_check_says_until_when_prices_are_known(
    portal: SimulatedPortal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    end = (datetime.now(UTC) + timedelta(hours=7)).replace(minute=0, second=0, microsecond=0)
    listed = [{"start": (end - timedelta(days=2)).isoformat(), "end": end.isoformat(), "value": 0.2}]
    (tmp_path / "list.json").write_text(json.dumps(listed), "utf-8")
    text = importing(f"{{from: 2024-01-01, prices: {{source: file, path: {tmp_path / 'list.json'}}}}}")

    assert check.check(with_portal(portal, tmp_path / "state", text), release_brake=False) == 0

    said = capsys.readouterr().out
    assert f"Tariff home: prices of import are known until {end:%Y-%m-%d %H:%M} UTC" in said


def test_once_counts_from_one_run_to_the_next(
    portal: SimulatedPortal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As from cron: the ledger of the first is found by the second."""
    for _ in range(2):
        assert once.once_printed(with_portal(portal, tmp_path, FIXED), "prometheus") == 0

    said = capsys.readouterr().out
    assert said.count('tariff="home",currency="EUR"} 1.0') == 2
    assert "\nsems_station_grid_import_cost_total{" in said
    [kept] = (tmp_path / "money").iterdir()
    assert json.loads(kept.read_text("utf-8"))["zone"] == "Europe/Amsterdam"

"""`once` into files: each form is written as a whole, before anything is asked in vain."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sems_exporter.cli import commands, once
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.errors import StartError
from sems_exporter.simulator import SimulatedPortal
from sems_exporter.telemetry.redaction import Secret


@pytest.fixture
def settings(portal: SimulatedPortal, tmp_path: Path) -> ServerSettings:
    account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
    return ServerSettings((AccountSettings(account, state_dir=tmp_path / "state", requests_per_minute=120),))


def is_textfile(path: Path) -> bool:
    text = path.read_text()
    return "\nsems_up 1.0\n" in text and "process_" not in text


def is_json(path: Path) -> bool:
    return [station["name"] for station in json.loads(path.read_text())["stations"]] == ["Sunny Home"]


def is_article(path: Path) -> bool:
    row = json.loads(path.read_text())
    return set(row) >= {"sn", "pac", "eday", "vpv1"} and row["etotal"] > 0


def is_page(path: Path) -> bool:
    return is_json(path / "data.json") and "Sunny Home" in (path / "index.html").read_text()


@pytest.mark.parametrize(
    "form, looks_right", [("textfile", is_textfile), ("json", is_json), ("article", is_article), ("page", is_page)]
)
def test_each_form_is_written(
    settings: ServerSettings, tmp_path: Path, form: str, looks_right: Callable[[Path], bool]
) -> None:
    code = once.once_written(settings, form, tmp_path / "out")

    assert code == 0
    assert looks_right(tmp_path / "out")


def test_the_articles_object_can_be_printed(settings: ServerSettings, capsys: pytest.CaptureFixture[str]) -> None:
    code = once.once_printed(settings, "article")

    assert code == 0
    assert json.loads(capsys.readouterr().out)["status"] == 1


@pytest.mark.parametrize("form", ["json", "page"])
def test_what_cannot_be_written_is_told_before_the_portal_is_asked(
    settings: ServerSettings, portal: SimulatedPortal, tmp_path: Path, form: str
) -> None:
    with pytest.raises(StartError, match=r"^output: .*out cannot be written: No such file or directory$"):
        once.once_written(settings, form, tmp_path / "nowhere" / "out")

    assert portal.logins == 0


@pytest.mark.parametrize(
    "args, form",
    [
        (("--output", "sems.prom"), "textfile"),
        (("--output", "sems.json"), "json"),
        (("--output", "sems.txt"), "prometheus"),
        (("--output", "sems.json", "--format", "article"), "article"),
    ],
)
def test_the_ending_says_the_form_where_nothing_else_does(
    monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], form: str
) -> None:
    forms: list[str] = []
    monkeypatch.setenv("SEMS_ACCOUNT", "me@example.com")
    monkeypatch.setenv("SEMS_PASSWORD", "correct horse")
    monkeypatch.setattr(once, "once_written", lambda _, form, __: forms.append(form))

    with pytest.raises(SystemExit):
        commands.main(["once", *args])

    assert forms == [form]


def test_a_page_wants_a_folder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SEMS_ACCOUNT", "me@example.com")
    monkeypatch.setenv("SEMS_PASSWORD", "correct horse")

    with pytest.raises(SystemExit) as ended:
        commands.main(["once", "--format", "page"])

    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("sems-exporter: output: missing")

"""The first five minutes of a person at a terminal: asked, tried, and told what comes next."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sems_exporter.simulator import SimulatedPortal
from tests.e2e.program import running
from tests.e2e.terminal import at_a_terminal

SECRET = "corréct horse"


@pytest.fixture
def portal() -> Iterator[SimulatedPortal]:
    with SimulatedPortal(password=SECRET, strict=True) as portal:
        yield portal


@pytest.fixture
def reached(portal: SimulatedPortal, tmp_path: Path) -> dict[str, str]:
    return {
        "SEMS_LOGIN_URL": portal.login_url,
        "SEMS_STATE_DIR": str(tmp_path / "state"),
        "SEMS_REQUESTS_PER_MINUTE": "120",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


def test_from_nothing_to_a_page_with_one_sign_in(
    portal: SimulatedPortal, reached: dict[str, str], tmp_path: Path
) -> None:
    """The password is not shown; what was written is all that `serve` needs."""
    directory = tmp_path / "new"
    with at_a_terminal("init", "--directory", str(directory), **reached) as terminal:
        terminal.shows("E-mail address of the SEMS+ account: ")
        terminal.types("demo@example.com")
        terminal.shows("Its password (not shown): ")
        terminal.waits_unseen()
        terminal.types(SECRET)
        terminal.shows("Session: works")
        terminal.shows("Start it:")
        code = terminal.ends()
    with running("--config.file", str(directory / "config.yml"), "--web.listen-address=127.0.0.1:0") as program:
        page = program.refreshed()

    assert code == 0
    assert SECRET not in terminal.screen
    assert "\nsems_up 1.0\n" in page
    assert portal.logins == 1


def test_what_cannot_be_is_asked_for_again_and_files_are_replaced_only_on_a_yes(
    reached: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("mine")
    with at_a_terminal("init", "--no-check", "--directory", str(tmp_path), **reached) as terminal:
        terminal.shows("is there already. Replace [y/N]: ")
        terminal.types("n")
        refused = terminal.ends()
    kept = (tmp_path / "password").read_text()
    with at_a_terminal("init", "--no-check", "--directory", str(tmp_path), **reached) as terminal:
        terminal.shows("Replace [y/N]: ")
        terminal.types("y")
        terminal.shows("account: ")
        terminal.types("   ")
        terminal.shows("nothing but blanks")
        terminal.shows("account: ")
        terminal.types("demo@example.com")
        terminal.shows("(not shown): ")
        terminal.waits_unseen()
        terminal.types("new")
        code = terminal.ends()

    assert (refused, kept) == (1, "mine")
    assert (code, (tmp_path / "password").read_text()) == (0, "new\n")


def test_the_region_is_asked_only_when_the_portal_has_rejected_the_account(
    portal: SimulatedPortal, reached: dict[str, str], tmp_path: Path
) -> None:
    with at_a_terminal("init", "--directory", str(tmp_path / "new"), **reached) as terminal:
        terminal.shows("account: ")
        terminal.types("demo@example.com")
        terminal.shows("(not shown): ")
        terminal.waits_unseen()
        terminal.types("wrong")
        terminal.shows("Problem (credentials_rejected)")
        terminal.shows("Region (global, eu, au, us, hk, cn) [global]: ")
        terminal.types("au")
        terminal.shows("try again: ")
        code = terminal.ends()

    assert code == 1
    assert portal.logins == 0
    assert "region: au\n" in (tmp_path / "new" / "config.yml").read_text("utf-8")

"""What 0.1.0 left behind is taken over: its configuration, its session, its brake, its counters.

The files beside this one are 0.1.0's own, written against its simulated portal on 28 November 2026; only the portal's
address was replaced by the word PORTAL, since it listens on another port each time.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sems_exporter.app import App, build_app
from sems_exporter.cli import commands, serve
from sems_exporter.cli.demo import DemoClock
from sems_exporter.config.settings import ServerSettings
from sems_exporter.exposition import Format
from sems_exporter.portal.session import rate_limiter
from sems_exporter.simulator import SimulatedClock, SimulatedPortal, demo_plants

HERE = Path(__file__).parent
AN_HOUR_BEFORE = datetime(2026, 11, 28, 7, 44, tzinfo=UTC)
AN_HOUR_LATER = datetime(2026, 11, 28, 9, 44, tzinfo=UTC)
PV_ENERGY = 77867892000.0
"""What 0.1.0 had shown, in joules."""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)


class Installation:
    """A folder as 0.1.0 has left it, and the portal that it knew."""

    def __init__(self, folder: Path, portal: SimulatedPortal, clock: SimulatedClock) -> None:
        self.portal = portal
        self._folder = folder
        self._clock = clock
        self._address = urlsplit(portal.login_url).netloc
        (folder / "state").mkdir(mode=0o700)
        (folder / "password").write_text("demo\n")
        (folder / "password").chmod(0o600)
        (folder / "config.yml").write_text(self._written("config-0.1.0.yml"))
        self._put("counters-0.1.0.json", "counters.json")

    def has_session(self) -> None:
        """Let its session be the portal's live one."""
        document = self._put("session-0.1.0.json", self._account_file)
        self.portal._account.begin("semsplus", document["token"]["identity"])

    def was_rejected(self, password: str) -> None:
        """Let its last sign-in have been one with the password `wrong`; the file holds `password` now."""
        self._put("rejected-0.1.0.json", self._account_file)
        (self._folder / "password").write_text(password)

    def settings(self, monkeypatch: pytest.MonkeyPatch) -> ServerSettings:
        """What today's program makes of its configuration file."""
        found: list[ServerSettings] = []
        monkeypatch.chdir(self._folder)
        monkeypatch.setattr(serve, "serve", found.append)
        with pytest.raises(SystemExit) as ended:
            commands.main(["--config.file", "config.yml"])
        assert ended.value.code == 0
        return found[0]

    def started(self, monkeypatch: pytest.MonkeyPatch) -> App:
        """Today's program, which has refreshed once."""
        app = build_app(self.settings(monkeypatch), DemoClock(self._clock))
        app.poller.refresh()
        return app

    @property
    def _account_file(self) -> str:
        # The rule of 0.1.0, in words of its own: with another one the file would not be found.
        digest = hashlib.sha256(f"{self.portal.login_url}\ndemo@example.com".encode()).hexdigest()
        return f"account-{digest[:16]}.json"

    def _written(self, name: str) -> str:
        return (HERE / name).read_text("utf-8").replace("PORTAL", self._address)

    def _put(self, name: str, place: str) -> Any:
        text = self._written(name)
        (self._folder / "state" / place).write_text(text)
        return json.loads(text)


@pytest.fixture(params=[AN_HOUR_LATER], ids=str)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    clock = SimulatedClock(request.param)
    with SimulatedPortal(demo_plants(1, clock=clock), clock=clock, strict=True) as portal:
        yield Installation(tmp_path, portal, clock)


def value(app: App, metric: str) -> float:
    text = (app.exposition.body(Format.TEXT, compressed=False) or b"").decode()
    found = re.search(rf"^{metric}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    assert found, metric
    return float(found[1])


def test_its_configuration_says_the_same(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = installation.settings(monkeypatch)

    [one] = settings.accounts
    assert (one.account.name, one.account.password.reveal()) == ("demo@example.com", "demo")
    assert (one.interval, one.requests_per_minute, one.portal, one.stations) == (300.0, 60, "auto", ())
    assert (settings.data_max_age, settings.snapshot_max_age) == (1200.0, 900.0)
    assert (settings.listen_address, settings.telemetry_path) == ("127.0.0.1:10791", "/metrics")


def test_its_session_goes_on_without_a_sign_in(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.has_session()
    before = installation.portal.logins

    app = installation.started(monkeypatch)

    assert installation.portal.logins == before
    assert value(app, "sems_up") == 1.0
    assert value(app, "sems_station_pv_energy_joules_total") > PV_ENERGY


@pytest.mark.parametrize("installation", [AN_HOUR_BEFORE], indirect=True, ids=str)
def test_its_counters_do_not_fall(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the portal tells less than 0.1.0 has shown already, what was shown stays."""
    app = installation.started(monkeypatch)

    assert value(app, "sems_up") == 1.0
    assert value(app, "sems_inverter_pv_energy_joules_total") == PV_ENERGY


def test_a_rejection_that_it_met_still_counts(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.was_rejected("wrong\n")

    state = build_app(
        installation.settings(monkeypatch), DemoClock(SimulatedClock(AN_HOUR_LATER))
    ).portal.account_state()

    assert (state.brake.rejections, state.brake.failures) == (1, 1)
    assert state.brake.outcome == "credentials_rejected"


def test_another_password_than_the_one_that_was_rejected_is_tried(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.was_rejected("demo\n")

    app = installation.started(monkeypatch)

    assert installation.portal.logins == 1
    assert value(app, "sems_up") == 1.0
    assert app.portal.account_state().brake.rejections == 0

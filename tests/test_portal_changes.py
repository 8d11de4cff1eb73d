"""The portal changes its protocol under a running exporter: what it says, what that costs, and what mends it."""

import logging
import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sems_exporter import protocol
from sems_exporter.app import App, build_app
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings, login_url
from sems_exporter.exposition import Format
from sems_exporter.exposition.families import all_families
from sems_exporter.model.schema import EXTRA_PREFIX
from sems_exporter.portal.semsplus import signin
from sems_exporter.portal.session import rate_limiter
from sems_exporter.portal.session.state_file import StateFile
from sems_exporter.simulator import BREAKS, Mutation, Plant, SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.e2e.faults.world import JUNE_NOON, Clock, Direct

FILES = Path(__file__).parents[1] / "docs" / "portal-files"
SIGN_INS = {"path-moved": 0, "codes-changed": 0, "factor-renamed": 0}
"""Sign-ins that a break costs until data are back; the others cost a classic one, and one after the file."""
MISSING = {"factor-renamed": "sems_inverter_ac_power_watts"}
"""A metric that the break takes away, where it is not the power of the station."""


@pytest.fixture(scope="module")
def plants() -> list[Plant]:
    clock = Clock(JUNE_NOON)
    return [Plant(plant.spec, clock.now()) for plant in demo_plants(1, clock=clock)]


class Running:
    """An exporter that asks a simulated portal without a network, on a clock that both share."""

    def __init__(self, plants: list[Plant], directory: Path) -> None:
        self.clock = Clock(JUNE_NOON)
        self.portal = SimulatedPortal(plants, clock=self.clock)
        self.file = directory / "portal.toml"
        self.file.write_text("")
        account = Account("demo@example.com", Secret("demo"), self.portal.login_url, ("127.0.0.1",))
        one = AccountSettings(account, state_dir=directory / "state", requests_per_minute=120)
        settings = ServerSettings((one,), portal_file=self.file)
        self.app: App = build_app(settings, self.clock, first_delay=0.0, transport=Direct(self.portal))
        self.app.poller._chance = random.Random(1)
        self._due = self.clock.now()

    def poll(self) -> str:
        """One turn of the poll loop, when its time has come; the metrics after it."""
        self.clock.set(max(self._due, self.clock.now()))
        self.app.poller.run(self.clock.curtain)
        self._due = self.clock.now() + timedelta(seconds=self.clock.pause)
        return self.metrics()

    def metrics(self, wanted: Format = Format.TEXT) -> str:
        self.app.exposition._self_metrics._texts.clear()
        self.app.exposition._bodies.clear()
        body = self.app.exposition.body(wanted, compressed=False)
        assert body is not None
        return body.decode()

    def write(self, text: str) -> None:
        self.file.write_text(text)


@pytest.fixture
def running(plants: list[Plant], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    running = Running(plants, tmp_path)
    yield running
    running.app.close()
    running.portal.close()
    protocol.use(None)


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_told_within_one_poll_and_mended_by_a_file_alone(
    name: str, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    metric = MISSING.get(name, "sems_station_pv_power_watts")
    assert f"\n{metric}{{" in running.poll()
    assert "\nsems_portal_protocol_changed 0.0\n" in running.poll()
    before = running.portal.login_attempts

    running.portal.break_protocol(name)
    with caplog.at_level(logging.ERROR):
        broken = running.poll()

    assert "\nsems_portal_protocol_changed 1.0\n" in broken
    assert "the portal has changed its protocol" in caplog.text
    assert "the portal has changed its protocol: " in (running.app.health.problem or "")

    shutil.copy(FILES / f"{name}.toml", running.file)
    mended = running.poll()

    assert "\nsems_portal_protocol_changed 0.0\n" in mended
    assert "\nsems_up 1.0\n" in mended
    assert f"\n{metric}{{" in mended
    assert running.app.health.problem is None
    assert running.portal.login_attempts - before == SIGN_INS.get(name, 2)
    assert "\nsems_portal_credential_rejections 0.0\n" in mended


def test_a_renamed_factor_is_told_until_somebody_knows_it(running: Running) -> None:
    running.poll()
    running.portal.break_protocol("factor-renamed")

    told = [running.poll() for _ in range(3)]

    assert all("\nsems_portal_protocol_changed 1.0\n" in text for text in told)
    running.portal.break_protocol("")
    assert "\nsems_portal_protocol_changed 0.0\n" in running.poll()


def test_a_file_that_cannot_be_used_leaves_everything_as_it_is(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(FILES / "client-renamed.toml", running.file)
    running.portal.break_protocol("client-renamed")
    running.poll()
    running.write("[semsplus.client]\nname = 5\n")

    with caplog.at_level(logging.ERROR):
        told = running.poll()

    assert "\nsems_up 1.0\n" in told
    assert "\nsems_portal_file_last_reload_success 0.0\n" in told
    assert "\nsems_portal_file_reload_failures_total 1.0\n" in told
    assert "the portal file cannot be used; what counted before goes on" in caplog.text
    shutil.copy(FILES / "client-renamed.toml", running.file)
    assert "\nsems_portal_file_last_reload_success 1.0\n" in running.poll()


def with_factor(code: str, data: str, unit: str) -> Mutation:
    """Let telemetry of inverters hold one more factor."""

    def change(envelope: dict[str, object], parameters: object) -> None:
        del parameters
        groups = envelope["data"]
        assert isinstance(groups, list)
        groups[0]["factors"].append({"code": code, "data": data, "unit": unit})

    return change


EXTRA = """
[semsplus.extra.inverter]
busVoltage = { name = "bus_voltage", unit = "V", help = "Voltage of the DC bus." }
"""


def test_a_factor_that_nobody_knew_becomes_a_gauge_of_its_own(running: Running) -> None:
    running.portal.mutate("telemetry.INVERTER", with_factor("busVoltage", "0.7612", "kV"))
    assert "sems_extra" not in running.poll()
    running.write(EXTRA)

    text = running.poll()

    name = "sems_extra_inverter_bus_voltage_volts"
    [line] = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
    assert line.endswith(" 761.2")
    assert [part.partition("=")[0] for part in line[len(name) + 1 : -1].split(",")] == ["station", "inverter"]
    assert f"# HELP {name} Voltage of the DC bus.\n# TYPE {name} gauge\n{name}" in text
    assert f"# UNIT {name} volts\n" in running.metrics(Format.OPENMETRICS)


def test_such_a_gauge_ages_as_the_values_beside_it(running: Running) -> None:
    running.portal.mutate("telemetry.INVERTER", with_factor("busVoltage", "761.2", "V"))
    running.write(EXTRA)
    running.poll()
    power, voltage = "\nsems_inverter_ac_power_watts{", "\nsems_extra_inverter_bus_voltage_volts{"
    running.poll()

    shown = []
    for minutes in (14, 2):
        running.clock.advance(minutes * 60)
        running.app.exposition.maintain()
        shown.append(running.metrics())

    assert [(power in text, voltage in text) for text in shown] == [(True, True), (False, False)]


@pytest.mark.parametrize("data, unit", [("65535", "V"), ("n", "V"), ("3", "kW")])
def test_nonsense_is_left_out_of_such_a_gauge_and_counted(data: str, unit: str, running: Running) -> None:
    running.portal.mutate("telemetry.INVERTER", with_factor("busVoltage", data, unit))
    running.write(EXTRA)

    text = running.poll()

    assert "\nsems_extra_inverter_bus_voltage_volts{" not in text
    assert 'sems_values_dropped_total{metric="sems_extra_inverter_bus_voltage_volts"' in text


def test_no_known_metric_is_named_like_one_of_a_users_file() -> None:
    assert not [family.name for family in all_families() if family.name.startswith(EXTRA_PREFIX)]


def test_another_sign_in_address_leaves_the_account_what_it_was(tmp_path: Path) -> None:
    """Its brake and its session must not be forgotten for that."""
    account = Account("me@example.com", Secret("demo"), login_url("eu"), region="eu", own_login_url=False)
    before = StateFile(tmp_path, account).path
    file = tmp_path / "portal.toml"
    file.write_text('[semsplus.sign_in]\nregional = "https://{region}-plus.goodwe.com/sign-in"\n')
    try:
        protocol.use(protocol.load(file))
        assert signin.exchange(account, JUNE_NOON).url == "https://eu-plus.goodwe.com/sign-in"
        assert StateFile(tmp_path, account).path == before
    finally:
        protocol.use(None)

"""Trouble at a plant reaches its owner through Prometheus and Alertmanager, and so does its end.

The project's own rules, routes and inhibitions are used; only their durations are shortened, all in proportion, the
owner's receiver is a webhook of the test, and the addresses are those of this run.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grafana.simulated.days import SteppedClock
from sems_exporter.app import App, application, build_app
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.simulator import SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.e2e.alarm_chain import alertmanager, listening, prometheus
from tests.serving import served

PATIENCE = 300.0
"""Seconds after which the owner has not been told; a quiet machine needs about ten."""
FAULT = timedelta(minutes=4)
"""How long the inverter's fault lasts, in the plant's time."""


@contextmanager
def watching(portal: SimulatedPortal, clock: SimulatedClock, state: Path) -> Iterator[tuple[App, str]]:
    """An exporter of the portal's plants that refreshes when the test says so, and the address it serves at."""
    account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
    settings = ServerSettings((AccountSettings(account, requests_per_minute=100_000, state_dir=state),))
    parts = build_app(settings, SteppedClock(clock))
    try:
        with served(application(parts, simulated=True)) as site:
            yield parts, f"127.0.0.1:{site.port}"
    finally:
        parts.portal.close()


@pytest.mark.parametrize(
    "version",
    [
        pytest.param("prometheus", marks=pytest.mark.needs("prometheus", "prometheus-alertmanager")),
        pytest.param("prometheus3", marks=pytest.mark.needs("prometheus3", "prometheus-alertmanager")),
    ],
)
def test_a_battery_low_in_an_outage_and_a_broken_inverter_are_told_to_the_owner_and_so_is_their_end(
    version: str,
) -> None:
    """At two plants of one account; the messages name the plant, the device and the value."""
    # Rules compare with the real time, so the plants live close to it. They stand still at the beginning of a minute,
    # lest a sunny one charges the battery, and a little behind, as there is a jump to the end of the fault.
    clock = SimulatedClock((datetime.now(UTC) - FAULT).replace(second=0, microsecond=0), speed=0)
    home, roof = plants = demo_plants(2, clock=clock)
    with (
        tempfile.TemporaryDirectory(prefix="sems-exporter-test-") as name,
        SimulatedPortal(plants, clock=clock, signature_tolerance=None) as portal,
        watching(portal, clock, Path(name)) as (parts, address),
        listening() as owner,
        alertmanager(Path(name), owner) as manager,
    ):
        begin = clock.now()
        home.grid_outage(begin, begin + FAULT)
        home.set_state_of_charge(begin, 0.2)
        roof.fail_inverter(begin, begin + FAULT, "E-G3-0-12")
        assert parts.poller.refresh().up

        with prometheus(version, Path(name), address, manager.address.removeprefix("http://")):
            low = owner.heard("firing", PATIENCE, alertname="SemsBatteryLowInOutage", station=home.spec.station_id)
            fault = owner.heard("firing", PATIENCE, alertname="SemsInverterFault", station=roof.spec.station_id)
            ended_too_early = [alert["labels"] for alert in owner.alerts if alert["status"] == "resolved"]

            clock.set(begin + FAULT + timedelta(minutes=1))
            home.set_state_of_charge(clock.now(), 0.6)
            assert parts.poller.refresh().up

            owner.heard("resolved", PATIENCE, **low["labels"])
            owner.heard("resolved", PATIENCE, **fault["labels"])

    assert low["labels"]["battery"] == "SIMBAT0001"
    assert low["annotations"]["summary"] == "Sunny Home: no grid, and battery SIMBAT0001 is running low"
    assert low["annotations"]["description"].startswith("Charge 20%")
    assert fault["labels"]["inverter"] == "SIM5K0011"
    assert fault["annotations"]["summary"] == "Seaside Roof: inverter SIM5K0011 reports a fault"
    assert "E-G3-0-12" in fault["annotations"]["description"]
    assert ended_too_early == []

"""Plants and portals for the tests of the simulator. Time stands still unless a test moves it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from sems_exporter.simulator import Plant, SimulatedClock, SimulatedPortal, demo_plants
from tests.simulator.sessions import close_sessions
from tests.simulator.web_client import WebClient

JUNE_NOON = datetime(2026, 6, 10, 10, 30, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_open_sessions() -> Iterator[None]:
    yield
    close_sessions()


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(JUNE_NOON, speed=0)


@pytest.fixture(scope="session")
def plants() -> list[Plant]:
    """Shared by all tests: a plant depends on the instant asked for and on nothing that was asked before."""
    return demo_plants(3, clock=SimulatedClock(JUNE_NOON, speed=0))


@pytest.fixture
def portal(plants: list[Plant], clock: SimulatedClock) -> Iterator[SimulatedPortal]:
    with SimulatedPortal(plants, clock=clock, strict=True) as portal:
        yield portal


@pytest.fixture
def client(portal: SimulatedPortal) -> WebClient:
    """A client that is signed in."""
    client = WebClient(portal)
    client.login()
    return client

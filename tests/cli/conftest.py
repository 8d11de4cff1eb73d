"""A simulated portal for commands that are run in the test's own process."""

from collections.abc import Iterator

import pytest

from sems_exporter.cli import log_setup
from sems_exporter.portal.session import rate_limiter
from sems_exporter.simulator import Plant, SimulatedClock, SimulatedPortal, demo_plants


@pytest.fixture(scope="module")
def plants() -> list[Plant]:
    return demo_plants(1, clock=SimulatedClock())


@pytest.fixture
def portal(plants: list[Plant], monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedPortal]:
    monkeypatch.setattr(rate_limiter, "SPACING", 0.0)
    monkeypatch.setattr(log_setup, "set_up", lambda *_: None)  # pytest's own logging stays
    with SimulatedPortal(plants) as portal:
        yield portal

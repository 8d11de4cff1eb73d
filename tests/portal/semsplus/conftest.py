"""Accounts on simulated portals, closed when the test ends."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.portal.semsplus.homes import Home, make_home

Builder = Callable[..., Home]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Builder]:
    """Makes homes with the arguments of `make_home`, each with a state directory of its own."""
    homes: list[Home] = []

    def built(**options: object) -> Home:
        homes.append(make_home(tmp_path / f"state-{len(homes)}", **options))  # type: ignore[arg-type]
        return homes[-1]

    yield built
    for home in homes:
        home.close()


@pytest.fixture
def home(build: Builder) -> Home:
    """The demo's hybrid home: one inverter with two inputs, three phases, a battery, a meter and a dongle."""
    return build()

"""How many calls of ours lie between a refresh and the socket: whoever looks into one has to read them all."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import sems_exporter
from sems_exporter.app import build_app
from sems_exporter.config.settings import Account, AccountSettings, ServerSettings
from sems_exporter.polling.poller import Poller
from sems_exporter.simulator import SimulatedPortal, demo_plants
from sems_exporter.telemetry.redaction import Secret
from tests.portal.semsplus.homes import SharedClock

MOST_CALLS = 15
"""The refresh and the last function before the socket count. Beyond it, ask whether a step only passes on."""
PACKAGE = Path(sems_exporter.__file__).parent


def calls_below_refresh(frame: FrameType | None) -> list[str]:
    """Our functions from the refresh to `frame`, the innermost first; none outside of a refresh."""
    found: list[str] = []
    while frame is not None:
        if Path(frame.f_code.co_filename).is_relative_to(PACKAGE):
            found.append(frame.f_code.co_name)
        if frame.f_code is Poller.refresh.__code__:
            return found
        frame = frame.f_back
    return []


@contextmanager
def deepest_at_socket(deepest: dict[str, list[str]]) -> Iterator[None]:
    """Keep the longest way to each of the two calls of a socket while the block runs."""

    def look(frame: FrameType, event: str, function: object) -> None:
        name = getattr(function, "__name__", "")
        if event == "c_call" and name in deepest:
            deepest[name] = max(deepest[name], calls_below_refresh(frame), key=len)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)


def test_a_refresh_reaches_the_socket_in_few_calls(tmp_path: Path) -> None:
    clock, deepest = SharedClock(), {"connect": list[str](), "recv_into": list[str]()}
    with SimulatedPortal(demo_plants(1, clock=clock), clock=clock) as portal:
        account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
        settings = ServerSettings((AccountSettings(account, state_dir=tmp_path, requests_per_minute=10_000),))
        app = build_app(settings, clock)
        with deepest_at_socket(deepest):
            outcome = app.poller.refresh()
        app.close()

    assert outcome.up
    assert all(0 < len(calls) <= MOST_CALLS for calls in deepest.values()), deepest

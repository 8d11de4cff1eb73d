"""A session stands on any store that keeps its promises, not only on files."""

from sems_exporter.portal.session.account_state import AccountState
from sems_exporter.portal.session.session import Session
from sems_exporter.telemetry.metrics import SelfMetrics
from tests.clocks import FakeClock
from tests.homes import NOON
from tests.portal.doors import Door


class KeptInMemory:
    """A store that another process could reach as well, but no file."""

    place = "memory"
    unsaved = ""
    is_gone = False

    def __init__(self) -> None:
        self.kept = AccountState()

    def load(self) -> AccountState:
        return self.kept

    def news(self) -> AccountState | None:
        return None

    def save(self, state: AccountState) -> None:
        self.kept = state


def test_a_restart_on_a_store_without_files_needs_no_sign_in() -> None:
    store, clock = KeptInMemory(), FakeClock(NOON)
    door = Door(clock)
    before = Session(door.sign_in, store, clock, SelfMetrics()).token()

    after = Session(door.sign_in, store, clock, SelfMetrics()).token()

    assert after == before
    assert len(door.knocks) == 1

"""What a replica makes of a store in which somebody else has written."""

from collections.abc import Mapping
from typing import cast

import pytest

from sems_exporter.replicas.coordinator import Coordinator, Tenant
from sems_exporter.replicas.shared_store import SharedStore
from tests.clocks import FakeClock
from tests.homes import NOON

NOBODY = [b"", b"0", b"", b"", 0]


class Store:
    """Answers each beat with these leases and news."""

    place = "here"

    def __init__(self, lease: list[object], news: list[object]) -> None:
        self.answer = [b"abc", [], news, [lease]]

    def run(self, *_: object) -> object:
        return self.answer


class Watcher:
    def __init__(self) -> None:
        self.missing: list[str] = []

    def beaten(self, news: Mapping[str, int]) -> None:
        pass

    def begun_anew(self) -> None:
        pass

    def missed(self, why: str) -> None:
        self.missing.append(why)

    def took(self, account: str, *, silent: bool) -> None:
        raise AssertionError((account, silent))


class Idle:
    is_busy = is_unfit = False


@pytest.mark.parametrize(
    "lease, news",
    [
        ([b"x", b"abc", b"1", b"", 0], []),
        ([b"x", b"-5", b"1", b"", 0], []),
        ([b"x", b"1e+20", b"1", b"", 0], []),
        ([b"x", b"99999999999999999999", b"1", b"", 0], []),
        (NOBODY, [b"account", b"abc"]),
    ],
)
def test_a_store_that_holds_what_no_replica_has_written_counts_as_away(lease: list[object], news: list[object]) -> None:
    """It says so, instead of showing for ever what it knew last; and goes on once that is mended."""
    watcher, store = Watcher(), Store(lease, news)
    tenants = cast("Mapping[str, Tenant]", {"account": Idle()})
    replica = Coordinator(cast("SharedStore", store), tenants, "one", clock=FakeClock(NOON), watcher=watcher)

    replica.beat()
    assert "no replica has written" in watcher.missing[-1]
    store.answer = Store(NOBODY, []).answer
    replica.beat()
    assert len(watcher.missing) == 1

"""Whatever happens, and in whatever order: never two that poll an account, never two sign-ins at once."""

from contextlib import ExitStack

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from sems_exporter.replicas.seal import Seal
from sems_exporter.replicas.shared_store import SharedStore
from tests.replicas.cluster import Cluster, cheap_fingerprints
from tests.replicas.server import Server

pytestmark = pytest.mark.needs("redis-server")

replicas = st.integers(0, 2)


def machine(  # noqa: C901 - each kind of event is a function
    server: Server, store: SharedStore, seal: Seal
) -> type[RuleBasedStateMachine]:
    """The rules of what can happen, over a store."""

    class Anything(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self._undo = ExitStack()
            self._undo.enter_context(cheap_fingerprints())
            self.cluster = Cluster(store, server.client, seal)

        @initialize(begun=st.booleans())
        def begin(self, begun: bool) -> None:
            if begun:
                self.cluster.live(90)

        @rule(seconds=st.sampled_from([1, 4, 12, 20, 40, 100]))
        def live(self, seconds: int) -> None:
            self.cluster.live(seconds)

        @rule(seconds=st.sampled_from([0.5, 5, 9, 11, 16, 31, 65]))
        def pass_time(self, seconds: float) -> None:
            self.cluster.advance(seconds)

        @rule(number=replicas, steps=st.integers(1, 4))
        def step(self, number: int, steps: int) -> None:
            for _ in range(steps):
                self.cluster.replicas[number].step()

        @rule(number=replicas)
        def beat(self, number: int) -> None:
            self.cluster.replicas[number].beat()

        @rule(number=replicas)
        def pause(self, number: int) -> None:
            self.cluster.replicas[number].is_paused ^= True

        @rule(number=replicas)
        def kill(self, number: int) -> None:
            self.cluster.replicas[number].restart()

        @rule(number=replicas, seconds=st.sampled_from([-7200, -30, 30, 7200]))
        def set_clock(self, number: int, seconds: int) -> None:
            self.cluster.replicas[number].clock.ahead += seconds

        @rule(number=replicas, seconds=st.sampled_from([5, 20, 300]))
        def sleep(self, number: int, seconds: int) -> None:
            """Let a machine sleep: its steady clock stands still."""
            replica = self.cluster.replicas[number]
            is_paused, replica.is_paused = replica.is_paused, True
            self.cluster.live(seconds)
            replica.clock.slept += seconds
            replica.is_paused = is_paused

        @rule(number=replicas)
        def cut(self, number: int) -> None:
            self.cluster.replicas[number].faults.cut ^= True

        @rule(number=replicas, what=st.sampled_from(["question", "answer", "late"]))
        def lose(self, number: int, what: str) -> None:
            self.cluster.replicas[number].faults.lose = what

        @rule(number=replicas)
        @precondition(lambda self: any(one.faults.late for one in self.cluster.replicas))
        def arrive_late(self, number: int) -> None:
            late = self.cluster.replicas[number].faults.late
            while late:
                late.pop(0)()

        @rule()
        def save_store(self) -> None:
            self.cluster.save_store()

        @rule(keep=st.sampled_from(["all", "saved", "nothing"]))
        def restart_store(self, keep: str) -> None:
            self.cluster.restart_store(keep=keep)

        @rule()
        def end_session(self) -> None:
            self.cluster.portal.valid = 0

        def teardown(self) -> None:
            self.cluster.close()
            self._undo.close()

    return Anything


def run(server: Server, store: SharedStore, seal: Seal, *, examples: int, steps: int) -> None:
    """Try so many orders of so many events."""
    run_state_machine_as_test(
        machine(server, store, seal),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_order_of_events_makes_two_poll_or_sign_in(server: Server, store: SharedStore, seal: Seal) -> None:
    run(server, store, seal, examples=8, steps=25)


def test_the_model_polls_and_signs_in_once_when_all_is_well(server: Server, store: SharedStore, seal: Seal) -> None:
    """What never sends anything would never do harm either."""
    with cheap_fingerprints():
        cluster = Cluster(store, server.client, seal)
        cluster.live(300)
        for number in range(3):
            cluster.replicas[number].restart()
            cluster.live(60)
        cluster.close()

    assert [sent.kind for sent in cluster.portal.sent].count("login") == 1
    assert len(cluster.portal.sent) > 200
    assert len({sent.holding for sent in cluster.portal.sent}) > 1

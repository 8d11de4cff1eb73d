"""Every fault of the table, played against the running exporter: poller, web and HTTP."""

import contextlib
import logging
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from unittest.mock import MagicMock

import pytest
import trustme

from sems_exporter.exposition import self_metrics
from sems_exporter.model.schema import Role
from tests.e2e.faults import disk
from tests.e2e.faults.checks import ROLES, fallen, harm, invented, told
from tests.e2e.faults.page import PAGE, page
from tests.e2e.faults.row import COUNTERS, Row
from tests.e2e.faults.table import TABLE
from tests.e2e.faults.world import Samples, World
from tests.faulty_portal.fault_types import Fault
from tests.serving import Served, Stage, served

ROWS = [row for rows in TABLE.values() for row in rows]


@dataclass(frozen=True, slots=True)
class Certificates:
    """One that the exporter believes, and one that it does not."""

    bundle: Path
    good: ssl.SSLContext
    bad: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Story:
    """What a fault did: which counters moved, whether the account still worked, how often was signed in."""

    moves: list[str]
    up: bool
    logins: int
    logins_after: int


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="module")
def web(stage: Stage) -> Iterator[Served]:
    with served(stage) as running:
        yield running


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    bundle, good, bad = tmp_path_factory.mktemp("tls") / "ca.pem", trustme.CA(), trustme.CA()
    good.cert_pem.write_to_path(str(bundle))
    contexts = [ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2)]
    for authority, context in zip((good, bad), contexts, strict=True):
        authority.issue_cert("127.0.0.1").configure_cert(context)
    return Certificates(bundle, *contexts)


@pytest.fixture
def make(
    stage: Stage, web: Served, certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Row], World]]:
    """Makes the world of a row; its log is as good as that of the program."""
    monkeypatch.setattr(self_metrics, "MAX_AGE_SECONDS", 0.0)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.bundle))
    handlers, levels = (
        logging.root.handlers[:],
        [(logging.getLogger(n), logging.getLogger(n).level) for n in (None, "sems_exporter", "uvicorn")],
    )
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as patch:

        def made(row: Row) -> World:
            world = World(tmp_path, row.shape, web, lambda app: setattr(stage, "application", app), patch, certificates)
            stack.callback(world.close)
            return world

        yield made
    logging.root.handlers[:] = handlers
    for logger, level in levels:
        logger.setLevel(level)


def moved(before: Samples, after: Samples) -> set[str]:
    """The counters of trouble that moved, in the words of the table."""
    found = set()
    for word, (name, label) in COUNTERS.items():
        for (sample, labels), value in after.items():
            text = dict(labels).get(label, "")
            if sample == name and text != "ok" and value > before.get((sample, labels), 0.0):
                found.add(f"{word}:{text}")
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_fault(make: Callable[[Row], World], row: Row) -> None:
    world = make(row)
    if not row.cold:
        world.poll()
    before = world.scrape()
    attempts = world.portal.login_attempts

    row.play(world)
    world.poll_for(row.lasts)
    during = world.scrapes[-1]
    logins = world.portal.login_attempts - attempts
    row.heal(world)
    recover(world, row.back_within)
    logins_after = world.portal.login_attempts - attempts - logins

    up = during.samples["sems_up", ()] == 1.0
    moves = moved(before.samples, during.samples)
    story = Story(sorted(moves), up, logins, logins_after)
    assert story == Story(sorted(row.moves.split()), row.up, row.logins, row.logins_after)
    check_presence(row, world, during.samples)
    for scrape in world.scrapes:
        assert invented(world, scrape) == []
    assert row.says in world.log.getvalue()
    assert fallen(world) == []
    assert harm(world) == []
    assert told(world) == []


def recover(world: World, within: float) -> None:
    """Poll until all is there again, for so many seconds at most."""
    end = world.clock.now() + timedelta(seconds=within)
    missing, up = None, False
    while (missing != set() or not up) and world.due <= end:
        world.poll()
        if world.parts.poller.health.up:
            up = world.scrape().samples["sems_up", ()] == 1.0
            missing = world.truth.at(world.truth.instants[-1]).keys() - world.scrapes[-1].samples.keys()
    assert missing == set()
    assert up


def check_presence(row: Row, world: World, samples: Samples) -> None:
    live = {key for key in samples if ROLES.get(key[0]) is Role.LIVE}
    wanted = {key for key in world.truth.at(world.truth.instants[-1]) if ROLES.get(key[0]) is Role.LIVE}
    if row.live is True:
        assert wanted - live == set()
    if row.live is False:
        assert live == set()
    for start in row.absent:
        assert [key for key in samples if key[0].startswith(start)] == []
    for start in row.present:
        assert [key for key in samples if key[0].startswith(start)] != []


def test_the_page_of_faults_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make faults"


def test_no_two_rows_have_the_same_name() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_every_fault_of_the_simulated_portal_is_played() -> None:
    """A fault that somebody adds to the simulator needs a row here."""
    world = MagicMock()
    for row in set(ROWS) - set(disk.ROWS):
        with contextlib.suppress(TypeError):  # a mock has no instants to add minutes to
            row.play(world)

    played = {call.args[0].partition(":")[0] for call in world.portal.play.call_args_list}
    assert {fault.value for fault in Fault} - played == set()

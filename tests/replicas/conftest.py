"""One real server for all tests of replicas, emptied before each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sems_exporter.config.state_url import StateUrl
from sems_exporter.replicas import shared_store
from sems_exporter.replicas.seal import Seal
from sems_exporter.replicas.shared_store import SharedStore
from tests.replicas.server import PATIENCE, Server, running


@pytest.fixture(scope="package")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture(autouse=True)
def _a_store_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is killed refuses at once; one that is only slow, on a busy machine, is not away."""
    for limit in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(shared_store, limit, PATIENCE)


@pytest.fixture
def server(running_server: Server) -> Server:
    running_server.empty()
    return running_server


@pytest.fixture
def store(server: Server) -> Iterator[SharedStore]:
    store = SharedStore(StateUrl().convert(server.url, None, None))
    yield store
    store.close()


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal(key_file(tmp_path))


def key_file(folder: Path, key: str = "a key of thirty-two letters or more") -> Path:
    path = folder / "key"
    path.write_text(key.replace(" ", "-") + "\n")
    path.chmod(0o600)
    return path

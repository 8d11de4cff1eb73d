"""A half-done addition ends each generator in a sentence that says what is missing, and writes nothing."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grafana.build import look
from sems_exporter import errors, protocol
from sems_exporter.model.diagnostics import DropReason, Unknown
from sems_exporter.model.plant import CHILDREN, Inverter, Station, StationState
from sems_exporter.model.schema import Enumeration, Role
from sems_exporter.protocol.rows import FieldMapping
from tests.e2e.faults import page
from tests.e2e.faults.row import Row
from tests.e2e.faults.table import TABLE
from tools import references
from tools.unfinished import Unfinished


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(references, "DOCS", tmp_path / "docs")
    return tmp_path / "docs"


def run() -> Result:
    return CliRunner().invoke(references.main, [])


def assert_told(sentence: str, written: Path) -> None:
    result = run()

    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    assert result.output == f"Nothing was written. {sentence}\n"
    assert not written.exists()


@pytest.mark.parametrize(
    "table, member",
    [("DROPPED", DropReason.FELL), ("UNKNOWN", Unknown.FIELD), ("STAYS", Role.DAY)],
)
def test_a_word_without_a_description(
    table: str, member: DropReason | Unknown | Role, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {key: text for key, text in getattr(references, table).items() if key is not member}
    monkeypatch.setattr(references, table, texts)

    name = f"{type(member).__name__}.{member.name}"
    assert_told(f"{name} has no description: add it to {table} in tools/references.py.", written)


def test_a_failure_without_a_description(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errors.RequestInvalid, "__doc__", None)

    sentence = "RequestInvalid in errors.py has no docstring, which is its description in docs/metrics.md."
    assert_told(sentence, written)


def test_a_code_of_an_attribute_that_the_model_lacks(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(protocol.semsplus().tables[Inverter].rows, "Invented", FieldMapping("invented", "V"))

    told = 'protocol/semsplus.toml says that "Invented" is '
    missing = "'invented', which Inverter in model/plant.py does not declare."
    assert_told(told + missing, written)


def test_a_device_without_a_row_of_its_own(written: Path, request: pytest.FixtureRequest) -> None:
    everything = dict(CHILDREN)
    # Each where it was, which is its place on the page; monkeypatch would put it at the end.
    request.addfinalizer(lambda: CHILDREN.update(everything))
    request.addfinalizer(CHILDREN.clear)
    del CHILDREN[Inverter]

    assert_told("Inverter has no row of its own in CHILDREN in model/plant.py.", written)


def test_a_state_without_an_unknown_one(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class GridState(StrEnum):
        CONNECTED = "connected"

    monkeypatch.setattr(
        references, "enumerations", lambda _: {"grid_state": Enumeration(Role.LIVE, GridState, "state")}
    )

    sentence = "GridState, the words of Station.grid_state, lack UNKNOWN in model/plant.py."
    assert_told(sentence, written)


def test_a_state_without_a_word_on_the_dashboards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "STATES", {word: shown for word, shown in look.STATES.items() if word != "waiting"})

    assert set(look.states_without_a_word()) == {"waiting"}
    assert look.state_words(StationState)


def test_every_state_has_a_word_on_the_dashboards() -> None:
    assert look.states_without_a_word() == []


@pytest.mark.parametrize("moves", ["request:timeout", "requests"])
def test_a_fault_that_moves_a_counter_nobody_knows(moves: str, monkeypatch: pytest.MonkeyPatch) -> None:
    title, rows = next(iter(TABLE.items()))
    monkeypatch.setitem(TABLE, title, (replace(rows[0], name="a new one", moves=moves),))

    with pytest.raises(Unfinished, match=f"The row 'a new one' has '{moves}' in moves; it takes counter:value"):
        page.page()


def test_a_child_that_its_class_lacks(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHILDREN, Station, (*CHILDREN[Station], ("heat_pumps", Inverter)))

    assert_told("CHILDREN in model/plant.py names 'heat_pumps', which Station lacks.", written)


def test_a_row_of_faults_without_its_fields() -> None:
    def table() -> page.Table:
        return {"The plant": (Row(name="half"),)}  # type: ignore[call-arg]

    with pytest.raises(Unfinished, match=r"^tests/tools/test_unfinished\.py, line \d+: .*'happens', 'then'.*'play'"):
        page.whole(table)


def test_a_row_of_faults_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = TABLE["The plant"]
    monkeypatch.setitem(TABLE, "The plant", (replace(rows[0], name="mute", then=""), *rows[1:]))

    with pytest.raises(Unfinished, match="The row 'mute' needs a name, and words in happens and then"):
        page.page()

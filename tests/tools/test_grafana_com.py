"""The dashboards for grafana.com: what Grafana's import dialogue makes of them is the dashboard that is provisioned."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tools import grafana_com

Json = dict[str, Any]
FILES = sorted(grafana_com.BOARDS.glob("*.json"))


def imported(file: Json, inputs: dict[str, str]) -> Json:
    """What Grafana's importer stores: it fills in the inputs wherever they stand, and drops what asked for them."""

    def filled(value: Any) -> Any:
        match value:
            case dict():
                return {key: filled(one) for key, one in value.items()}
            case list():
                return [filled(one) for one in value]
            case str():
                return re.sub(r"\$\{([\w-]+)\}", lambda found: inputs.get(found[1], found[0]), value)
        return value

    asked = {one["name"] for one in file["__inputs"]}
    assert asked == set(inputs)
    stored: Json = filled({key: value for key, value in file.items() if key not in {"__inputs", "__requires"}})
    return stored


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Json]:
    """What the command writes, by the name of the file."""
    folder = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["grafana_com", "--into", str(folder)])
        grafana_com.main()
    return {path.name: json.loads(path.read_text("utf-8")) for path in folder.iterdir()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_imported_dashboard_is_the_provisioned_one_on_the_chosen_source(path: Path, files: dict[str, Json]) -> None:
    board, file = json.loads(path.read_text("utf-8")), files[f"sems-{path.name}"]

    stored = imported(file, {"DS_PROMETHEUS": "mine"})

    source, *others = stored["templating"]["list"]
    assert source["current"] == {"selected": False, "text": "mine", "value": "mine"}
    assert stored.pop("__elements") == {}
    assert [source | {"current": {}}, *others] == board["templating"]["list"]
    assert stored | {"templating": board["templating"]} == board
    assert stored["id"] is None
    assert stored["description"]
    assert "${DS_" not in json.dumps(stored)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_published_dashboard_names_what_it_needs(path: Path, files: dict[str, Json]) -> None:
    file = files[f"sems-{path.name}"]
    needs = {(one["type"], one["id"]) for one in file["__requires"]}
    panels = {panel["type"] for panel in file["panels"]} | {
        nested["type"] for panel in file["panels"] for nested in panel.get("panels", [])
    }

    assert needs == {("grafana", "grafana"), ("datasource", "prometheus")} | {
        ("panel", kind) for kind in panels - {"row"}
    }
    assert [(one["type"], one["pluginId"]) for one in file["__inputs"]] == [("datasource", "prometheus")]


def test_a_folder_without_dashboards_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["grafana_com", "--dashboards", str(tmp_path), "--into", str(tmp_path / "made")])

    with pytest.raises(SystemExit) as ended:
        grafana_com.main()

    assert ended.value.code == 2
    assert "has no dashboards" in capsys.readouterr().err

"""The packages for Debian and Red Hat, the release and its workflows: what they promise, and that they fit the code.

`make packages` builds and tries them; here is what can be told without building.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling.builders.wheel import WheelBuilder

from grafana.build.__main__ import files
from languages import LANGUAGES
from sems_exporter.cli import first_run

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "deploy" / "packages"
UNIT = (PACKAGES / "sems-exporter.service").read_text("utf-8")
BY_HAND = (ROOT / "deploy" / "systemd" / "sems_exporter.service").read_text("utf-8")
NFPM: dict[str, Any] = yaml.safe_load((PACKAGES / "nfpm.yml").read_text("utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONFINED = ("Restart=on-failure", "[Install]")


def confinement(unit: str) -> list[str]:
    """The lines about restarts, limits and rights."""
    first, last = map(unit.index, CONFINED)
    lines = unit[first:last].splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_packaged_unit_is_confined_as_the_one_by_hand() -> None:
    """The packaged one has a user of its own, the other one that exists only meanwhile."""
    assert len(confinement(UNIT)) > 25
    assert confinement(UNIT) == [line for line in confinement(BY_HAND) if line != "DynamicUser=yes"]


def test_the_unit_finds_what_init_writes() -> None:
    files = first_run.files_in(str(first_run.SYSTEM_DIRECTORY))
    credentials = dict(re.findall(r"^LoadCredential=(\w[\w.]*):(\S+)$", UNIT, re.MULTILINE))

    assert credentials == {"config.yml": str(files.config), "sems_password": str(files.password)}
    assert re.findall(r"^ConditionPathExists=(\S+)$", UNIT, re.MULTILINE) == [str(files.config), str(files.password)]
    assert "Environment=SEMS_CONFIG_FILE=%d/config.yml" in UNIT
    assert "Environment=SEMS_PASSWORD_FILE=%d/sems_password" in UNIT
    assert f"StateDirectory={first_run.SYSTEM_STATE.name}\n" in UNIT


def test_what_is_packaged_is_where_its_parts_look_for_it() -> None:
    places = {content["dst"]: content.get("src", "") for content in NFPM["contents"]}

    assert str(first_run.PACKAGED_UNIT) in places
    assert str(first_run.SYSTEM_DIRECTORY) in places
    assert "/usr/lib/sems-exporter" in (PACKAGES / "sems-exporter").read_text("utf-8")
    assert re.search(r"^ExecStart=(\S+)", UNIT, re.MULTILINE)[1] in places  # type: ignore[index]
    for source in places.values():
        assert source.startswith("$") or not source or (ROOT / source).exists(), source


@pytest.mark.parametrize("script", sorted(PACKAGES.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_of_the_packages_are_right_shell(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)
    assert set(NFPM["scripts"].values()) == {f"deploy/packages/{path.name}" for path in PACKAGES.glob("*.sh")}


def test_the_wheel_holds_the_rules_and_dashboards() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    forced = declared["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert forced == {
        "prometheus/rules": "sems_exporter/share/rules",
        "grafana/dashboards": "sems_exporter/share/dashboards",
    }


def test_the_wheel_holds_the_dashboards_in_all_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made meanwhile, and nothing else is left behind."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(sys, "path", [*sys.path])

    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])

    with zipfile.ZipFile(wheel) as archive:
        held = {
            name.removeprefix("sems_exporter/share/") for name in archive.namelist() if "/share/dashboards-" in name
        }
        german = {name: archive.read(f"sems_exporter/share/dashboards-de/{name}").decode() for name in files("de")}
    assert held == {f"dashboards-{language}/{name}" for language in LANGUAGES for name in files()}
    assert german == files("de")
    assert [path.suffix for path in tmp_path.iterdir()] == [".whl"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_only_the_rights_that_a_job_names_and_take_actions_by_digest(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text("utf-8"))

    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "permissions" in job
        assert "timeout-minutes" in job
        writes = [right for right, kind in job["permissions"].items() if kind == "write"]
        assert not (writes and any("make" in str(step.get("run", "")) for step in job["steps"]))
        for step in job["steps"]:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step.get("uses", "a@" + "0" * 40))
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_a_release_publishes_only_what_was_built_and_tried() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))["jobs"]

    for name in ("image", "index"):
        assert {"build", "user"} <= set(jobs[name]["needs"])
        assert jobs[name]["environment"] == "release"
    assert set(jobs["release"]["needs"]) == {"image", "index"}
    assert not [
        right for name in ("build", "user") for right, kind in jobs[name]["permissions"].items() if kind == "write"
    ]

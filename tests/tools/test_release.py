"""Preparing a release, and what it promises to keep."""

import re
import shutil
from pathlib import Path

import pytest

from tools import release

ROOT = Path(__file__).parents[2]
CHANGES = (ROOT / "CHANGELOG.md").read_text("utf-8").partition("## [0.")[0]
"""What is said of the versions after the first one."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What a release touches, in a place of its own."""
    for name in ("pyproject.toml", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "deploy" / "kubernetes", tmp_path / "deploy" / "kubernetes")
    (tmp_path / "docs").mkdir()
    for name in ("metrics.md", "settings.md"):
        shutil.copy(ROOT / "docs" / name, tmp_path / "docs")
    shutil.copytree(ROOT / "docs" / "stable", tmp_path / "docs" / "stable")
    return tmp_path


def kept(name: str) -> dict[str, tuple[str, ...]]:
    """What the last release promises: the words of each line by its first."""
    [file] = (ROOT / "docs" / "stable").glob(f"{name}-*.txt")
    lines = [line.split() for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    return {words[0]: tuple(words[1:]) for words in lines}


def present(name: str) -> dict[str, tuple[str, ...]]:
    lines = [line.split() for line in release.promises(ROOT, "9.9.9")[name].splitlines() if not line.startswith("#")]
    return {words[0]: tuple(words[1:]) for words in lines}


def said_to_be_gone(name: str) -> bool:
    """Whether a change is told of this metric or setting, or of the device and quantity that its name is made of."""
    words = set(name.removeprefix("sems_").split("_")) - {"total", "watts", "amperes", "joules", "seconds", "ratio"}
    changes = re.findall(r"^- \[CHANGE\] (.*?)(?=^- |\Z)", CHANGES, re.MULTILINE | re.DOTALL)
    return any(name in text or words <= set(re.findall(r"\w+", text.lower())) for text in changes)


def test_no_metric_of_the_last_release_is_gone_or_another_without_a_word_in_the_changelog() -> None:
    """docs/stability.md promises it. Labels may come (a series keeps those that it has), but none may go."""
    old, new = kept("metrics"), present("metrics")
    assert len(old) > 100

    changed = {
        name
        for name, (kind, labels) in old.items()
        if name not in new or new[name][0] != kind or not set(labels.split(",")) <= set(new[name][1].split(","))
    }

    assert {name for name in changed if not said_to_be_gone(name)} == set()


def test_no_setting_of_the_last_release_has_another_name() -> None:
    old, new = kept("settings"), present("settings")
    assert len(old) > 10

    assert {name for name, words in old.items() if new.get(name) != words} == set()


def test_a_release_is_prepared_at_once(copy: Path) -> None:
    release.prepare("7.8.9", copy, today="2026-12-01")

    assert 'version = "7.8.9"' in (copy / "pyproject.toml").read_text("utf-8")
    assert "## [Unreleased]\n\n## [7.8.9] - 2026-12-01\n" in (copy / "CHANGELOG.md").read_text("utf-8")
    assert sorted(path.name for path in (copy / "docs" / "stable").iterdir()) == [
        "metrics-7.8.9.txt",
        "settings-7.8.9.txt",
    ]
    assert "sems_up gauge" in (copy / "docs" / "stable" / "metrics-7.8.9.txt").read_text("utf-8")
    assert release.notes("7.8.9", copy).startswith("- [")
    base = copy / "deploy" / "kubernetes" / "base"
    assert "/sems-exporter:7.8.9" in (base / "deployment.yml").read_text("utf-8")
    assert "newTag: 7.8.9" in (base / "kustomization.yaml").read_text("utf-8")


@pytest.mark.parametrize("version, why", [("7.8.9", "pyproject.toml says"), ("1.2", "no version")])
def test_a_tag_that_does_not_fit_gets_no_notes(version: str, why: str) -> None:
    with pytest.raises(SystemExit, match=why):
        release.main("notes", version)

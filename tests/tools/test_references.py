"""The pages tell what the code does: the reference is current, and what the other pages name exists."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from sems_exporter.config import options
from sems_exporter.exposition.families import all_families
from sems_exporter.model.schema import EXTRA_PREFIX
from tools import references

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "sems_exporter" / "web" / "runbooks"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md"), *RUNBOOKS.glob("*.md")])

METRIC = re.compile(r"(?<![:\w])sems_[a-z_]+[a-z]\b(?!:)")
PACKAGE = "sems_exporter"
SECRET = "sems_password"
"""Name of the file that holds the password, in containers and credentials."""
HISTOGRAM_ENDINGS = ("_bucket", "_count", "_sum")
VARIABLE = re.compile(r"\bSEMS_[A-Z_]+\b")
OF_THE_TESTS = {"SEMS_NO_SKIPS", "SEMS_PAYLOADS", "SEMS_WITHOUT"}


def links(page: Path) -> set[str]:
    """Where the page leads to within the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", page.read_text(encoding="utf-8"))
    targets = {(first or second).partition("#")[0] for first, second in found}
    return {target for target in targets if target and "://" not in target}


def metrics() -> set[str]:
    own = {row[0].strip("`") for row in references.own_rows()}
    return {found.sample_name for found in all_families()} | own


@pytest.mark.parametrize("name", references.PAGES)
def test_reference_is_current(name: str) -> None:
    """The pages that are written from the code were written after its last change."""
    assert name not in references.outdated(ROOT / "docs"), "run make references"


def test_reference_names_every_metric_and_setting() -> None:
    metrics_page, settings_page = references.metrics_page(), references.settings_page()

    assert {name for name in metrics() if f"`{name}`" not in metrics_page} == set()
    for setting in options.SETTINGS:
        assert {setting.key, setting.option, setting.variable} <= set(re.findall(r"`([^`]+)`", settings_page))


def test_every_family_has_labels() -> None:
    """A family that the example station does not bring forth would be documented without labels."""
    labels = references.labels()

    assert {found.name for found in all_families()} == labels.keys()
    assert all(names[0] == "station" for names in labels.values())


def test_check_tells_an_outdated_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "DOCS", tmp_path)
    runner = CliRunner()

    missing = runner.invoke(references.main, ["--check"])
    written = runner.invoke(references.main, [])
    fresh = runner.invoke(references.main, ["--check"])
    (tmp_path / "settings.md").write_text("old", encoding="utf-8")
    changed = runner.invoke(references.main, ["--check"])

    assert (missing.exit_code, written.exit_code, fresh.exit_code, changed.exit_code) == (1, 0, 0, 1)
    assert "metrics.md, settings.md" in missing.output
    assert "out of date: settings.md; run make references" in changed.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert {link for link in links(page) if not (page.parent / link).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_named_metrics_and_variables_exist(page: Path) -> None:
    """Nobody writes a query or sets a variable after a page that is wrong; what a user's file declares is his own."""
    text = page.read_text(encoding="utf-8")
    named = {name for name in METRIC.findall(text) if not name.startswith((PACKAGE, SECRET, EXTRA_PREFIX))}
    plain = {name.removesuffix(next((end for end in HISTOGRAM_ENDINGS if name.endswith(end)), "")) for name in named}
    variables = {setting.variable for setting in options.SETTINGS} | {
        options.PASSWORD_VARIABLE,
        options.FILE_VARIABLE,
        *OF_THE_TESTS,
    }

    assert plain - metrics() == set()
    assert set(VARIABLE.findall(text)) - variables == set()

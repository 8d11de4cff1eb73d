"""Prepares a release, and writes its notes.

`python -m tools.release prepare 1.0.0` gives the version to pyproject.toml and CHANGELOG.md, and puts down what it
promises to keep (docs/stable). `python -m tools.release notes 1.0.0` prints its part of CHANGELOG.md, and fails where
the version is not the one of pyproject.toml, as for a tag that does not fit.
"""

import re
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
METRIC = re.compile(r"^\| `(sems_\w+)` \| (\w+) \| (.*?) \|", re.MULTILINE)
SETTING = re.compile(r"^\| `(\w+)` \| `(--[\w.-]+)` \| `(SEMS_\w+)`", re.MULTILINE)
HEAD = "# {} of {}: {}. Written by `python -m tools.release prepare`; the promise is in ../stability.md.\n"


def main(command: str, version: str) -> None:
    """Run one of the two commands."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise SystemExit(f"{version} is no version such as 1.2.3")
    match command:
        case "prepare":
            prepare(version)
        case "notes":
            print(notes(version))
        case _:
            raise SystemExit(f"{command} is neither prepare nor notes")


def prepare(version: str, root: Path = ROOT, today: str = "") -> None:
    """Write the version where it stands, and what it promises."""
    day = today or f"{datetime.now(UTC):%Y-%m-%d}"
    replace(root / "pyproject.toml", r'(?m)^version = "[^"]+"', f'version = "{version}"')
    replace(root / "CHANGELOG.md", r"(?m)^## \[Unreleased\]\n", f"## [Unreleased]\n\n## [{version}] - {day}\n")
    for image in (root / "deploy" / "kubernetes").rglob("deployment.yml"):
        replace(image, r"(/sems-exporter):[\w.]+", rf"\g<1>:{version}")
    # What kustomize puts in its place.
    replace(root / "deploy" / "kubernetes" / "base" / "kustomization.yaml", r"newTag: \S+", f"newTag: {version}")
    for name, text in promises(root, version).items():
        for old in (root / "docs" / "stable").glob(f"{name}-*.txt"):
            old.unlink()
        (root / "docs" / "stable" / f"{name}-{version}.txt").write_text(text, "utf-8")


def replace(path: Path, pattern: str, text: str) -> None:
    """Replace the one place that `pattern` finds in a file."""
    changed, places = re.subn(pattern, text, path.read_text("utf-8"))
    if places != 1:
        raise SystemExit(f"{path}: {places} places in place of one look like {pattern}")
    path.write_text(changed, "utf-8")


def promises(root: Path, version: str) -> dict[str, str]:
    """What is kept from here on, as the reference pages have it."""
    docs = root / "docs"
    metrics = [
        f"{name} {kind} {','.join(sorted(re.findall('`(.+?)`', labels))) or '-'}\n"
        for name, kind, labels in METRIC.findall((docs / "metrics.md").read_text("utf-8"))
    ]
    settings = [f"{' '.join(found)}\n" for found in SETTING.findall((docs / "settings.md").read_text("utf-8"))]
    return {
        "metrics": HEAD.format("Metrics", version, "name, type, labels") + "".join(metrics),
        "settings": HEAD.format("Settings", version, "key, flag, variable") + "".join(settings),
    }


def notes(version: str, root: Path = ROOT) -> str:
    """The part of CHANGELOG.md about this version."""
    declared = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if declared != version:
        raise SystemExit(f"pyproject.toml says {declared}, not {version}")
    text = (root / "CHANGELOG.md").read_text("utf-8")
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise SystemExit(f"CHANGELOG.md says nothing of {version}")
    return found[1].strip()


if __name__ == "__main__":
    main(*sys.argv[1:3])

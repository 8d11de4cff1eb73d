"""Check the files at hand in seconds: style, form, types, and the tests that mirror them.

python -m tools.quick                     what changed since the last commit
python -m tools.quick FILE [FILE ...]     these files
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE, TESTS = "sems_exporter", "tests"


def mirrors(path: Path, root: Path = ROOT) -> list[Path]:
    """The tests of the module `path`, relative to `root`: tests/ mirrors the package, file by file.

    Where no file has its name, those of its folder. A test is its own; what else lies in tests/ has none.
    """
    if path.parts[0] == TESTS:
        return [path] if path.name.startswith("test_") else []
    inner = path.relative_to(PACKAGE) if path.parts[0] == PACKAGE else path
    own = Path(TESTS) / inner.with_name(f"test_{inner.stem}.py")
    if (root / own).is_file():
        return [own]
    folder = own.parent
    return sorted(each.relative_to(root) for each in (root / folder).glob("test_*.py")) if folder != Path(TESTS) else []


def changed() -> list[Path]:
    """The Python files that differ from the last commit, new ones too."""
    found: list[str] = []
    for words in (["diff", "--name-only", "--diff-filter=d", "HEAD"], ["ls-files", "--others", "--exclude-standard"]):
        listing = subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True)
        found += listing.stdout.splitlines()
    return [Path(name) for name in sorted(set(found)) if name.endswith(".py")]


def main(names: Sequence[str]) -> int:
    """Check these files, or what changed; 0 if all is well."""
    outside = [name for name in names if not _inside(name)]
    if outside:
        print(f"There is no file {outside[0]} in this repository.")
        return 2
    paths = [Path(name).resolve().relative_to(ROOT) for name in names] or changed()
    if not paths:
        print("No Python file differs from the last commit; name one: make quick FILE=sems_exporter/store.py")
        return 0
    for path in paths:
        if not mirrors(path):
            print(f"No test mirrors {path}; make test runs all of them.")
    files = [str(path) for path in paths]
    tests = sorted({str(test) for path in paths for test in mirrors(path)})
    return (
        _run("style", "ruff", "check", "--quiet", *files)
        or _run("form", "ruff", "format", "--quiet", "--check", *files)
        or _run("types", "mypy", "--follow-imports=silent", *files)
        or (_run(" ".join(tests), "pytest", "-q", "-n0", *tests) if tests else 0)
    )


def _inside(name: str) -> bool:
    path = Path(name).resolve()
    return path.is_file() and path.is_relative_to(ROOT)


def _run(title: str, tool: str, *words: str) -> int:
    print(f"- {title} ({tool})", flush=True)
    return subprocess.run([sys.executable, "-m", tool, *words], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What holds for the project as a whole: its version, its lock, its addresses, the size of its parts."""

import ast
import importlib.metadata
import importlib.util
import re
import socket
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MODULE_LINES = 600
FUNCTION_LINES = 60
"""What is longer holds more than one concept, or does not read from top to bottom."""

ANY_MAY_LIVE_IN = {
    "sems_exporter/portal/": "what the portal answers may have any shape until it is decoded",
    "sems_exporter/replicas/": "what the store answers is typed by the scripts, which are Lua",
    "sems_exporter/simulator/": "makes those answers, of any shape",
    "sems_exporter/cli/commands.py": "click hands over its values untyped",
    "sems_exporter/cli/demo.py": "likewise",
    "sems_exporter/config/options.py": "likewise, and YAML may hold anything",
    "sems_exporter/config/accounts.py": "likewise",
    "sems_exporter/tariffs/configuration.py": "likewise",
    "sems_exporter/tariffs/adapters.py": "what a source of prices answers may have any shape as well",
    "sems_exporter/web/http/protocol.py": "uvicorn's protocols are typed that way",
    "sems_exporter/web/http/server.py": "likewise",
}
"""Packages or modules that may use `Any`, each with the reason."""

REQUIREMENTS = ("build.txt", "runtime.txt", "dev.txt")

# In pieces, so that this file does not hold what it looks for.
REGISTRIES = re.compile(
    "|".join(
        [
            r"pypi\." + "org",
            r"python" + r"hosted\." + "org",
            r"npm" + r"js\.(?:org|com)",
            r"(?:deb|security|archive|ports)\." + r"(?:debian|ubuntu)\." + "(?:org|com)",
            r"proxy\." + r"golang\." + "org",
            r"ana" + r"conda\." + "org",
        ]
    ),
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w.~$})-])/" + r"(?:work|root|home/\w+|Users/\w+)" + r"\b")


@cache
def pyproject() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def project(key: str) -> object:
    table = pyproject()["project"]
    assert isinstance(table, dict)
    return table[key]


def repository_texts() -> Iterator[tuple[str, str]]:
    """Path and text of each file that is in the repository or about to be."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        path = ROOT / name
        try:
            yield name, path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # a picture, or a file removed but not yet committed
            continue


def found_in_repository(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in repository_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


@cache
def modules() -> dict[str, str]:
    """Source by name, `sems_exporter/name.py`, of the package that is installed (in CI also from the wheel)."""
    package = importlib.util.find_spec("sems_exporter")
    assert package is not None
    assert package.origin is not None
    folder = Path(package.origin).parent
    return {
        path.relative_to(folder.parent).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield prefix + node.name, node
                yield from functions(node, f"{prefix}{node.name}.")
            case ast.ClassDef():
                yield from functions(node, f"{prefix}{node.name}.")
            case _:
                yield from functions(node, prefix)


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def pins(name: str) -> dict[str, str]:
    """Each requirement of a requirements file with all that belongs to it, by package name."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.lstrip().startswith("#")]
    return {re.split(r"[^\w.-]", line, maxsplit=1)[0]: line for line in lines}


def version(pin: str) -> str:
    return pin.split(maxsplit=1)[0]


def test_installed_version_is_the_declared_one() -> None:
    """An environment left over from another version is noticed."""
    assert importlib.metadata.version("sems-exporter") == project("version")


def test_changelog_leads_with_the_version() -> None:
    """The newest release in CHANGELOG.md is the version in pyproject.toml."""
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    releases = [heading for heading in headings if heading.lower() != "unreleased"]

    assert releases
    assert releases[0] == project("version")


def test_no_registry_is_named() -> None:
    """Where packages come from is each machine's own setting."""
    assert found_in_repository(REGISTRIES) == []


def test_no_path_of_one_machine_is_named() -> None:
    assert found_in_repository(MACHINE_PATHS) == []


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_pinned_by_hash(name: str) -> None:
    """Each line is an exact version with hashes, and no line says where to fetch it."""
    lines = pins(name)

    assert lines
    for pin in lines.values():
        assert re.match(r"[\w.-]+==\S+ ", pin), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", pin), pin
        assert set(re.findall(r"--[a-z-]+", pin)) == {"--hash"}, pin


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_name_no_address(name: str) -> None:
    assert "://" not in (ROOT / "requirements" / name).read_text(encoding="utf-8")


def test_every_dependency_is_pinned() -> None:
    """`make lock` was run after the last change of the dependencies."""
    declared = project("dependencies")
    assert isinstance(declared, list)

    names = {re.split(r"[^\w.-]", dependency, maxsplit=1)[0] for dependency in declared}

    assert names <= pins("runtime.txt").keys()


def test_tests_run_with_what_users_get() -> None:
    """The environment of the tests holds the same versions as that of the exporter, with more beside them."""
    development = pins("dev.txt")

    for name, pin in pins("runtime.txt").items():
        assert version(development[name]) == version(pin)


def test_modules_are_short() -> None:
    longer = {name for name, source in modules().items() if len(source.splitlines()) > MODULE_LINES}

    assert longer == set()


def test_functions_are_short() -> None:
    longer = {
        f"{name}:{qualified}"
        for name, source in modules().items()
        for qualified, function in functions(ast.parse(source))
        if body_lines(function) > FUNCTION_LINES
    }

    assert longer == set()


def test_public_modules_say_what_they_are() -> None:
    public = {
        name: source
        for name, source in modules().items()
        if name.endswith("/__init__.py") or not Path(name).name.startswith("_")
    }

    silent = [name for name, source in public.items() if not ast.get_docstring(ast.parse(source))]

    assert silent == []


def test_every_room_has_its_place_in_the_architecture() -> None:
    """Whoever wonders what a module is for finds it in the table."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = {name.split("/")[1] for name in modules()} - {"__init__.py", "__main__.py"}

    assert {package for package in packages if f"`{package}" not in page} == set()


def uses_any(source: str) -> bool:
    return any(
        (isinstance(node, ast.ImportFrom) and node.module == "typing" and any(n.name == "Any" for n in node.names))
        or (isinstance(node, ast.Attribute) and ast.unparse(node) == "typing.Any")
        for node in ast.walk(ast.parse(source))
    )


def test_any_stays_where_json_is() -> None:
    """Behind the portal every value has a type."""
    strays = [
        name for name, source in modules().items() if uses_any(source) and not name.startswith(tuple(ANY_MAY_LIVE_IN))
    ]

    assert strays == []


def test_documented_make_targets_exist() -> None:
    """A `make something` in one of our pages works."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    documented = {
        (name, target)
        for name, text in repository_texts()
        if name.endswith(".md")
        for target in re.findall(r"`make ([a-z-]+)", text)
    }

    assert {(name, target) for name, target in documented if target not in targets} == set()


@pytest.mark.parametrize("host", ["example.org", "192.0.2.1"])
def test_tests_cannot_leave_this_machine(host: str) -> None:
    """No test reaches the real portal, not even by mistake."""
    with pytest.raises(RuntimeError):
        socket.create_connection((host, 443), timeout=1)

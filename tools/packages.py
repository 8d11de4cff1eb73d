"""Builds what a release consists of: `python -m tools.packages FOLDER`.

Wheel and source, packages for Debian and Red Hat for three kinds of processors, one file that runs alone (zipapp), and
the bill of materials. The same commit gives the same bytes; every dependency comes by its hash from requirements/.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grafana.build.__main__ import write
from languages import LANGUAGES

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
OLDEST_PYTHON = "3.11"
NOT_PACKAGED = ("httptools", "uvloop")
"""Speed-ups that fit one version of Python only; uvicorn does without them."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of processor: its name in packages, and the wheels that fit it, the best first."""

    arch: str
    platforms: tuple[str, ...]


MACHINES = (
    Machine("amd64", ("manylinux_2_28_x86_64", "manylinux2014_x86_64")),
    Machine("arm64", ("manylinux_2_28_aarch64", "manylinux2014_aarch64")),
    # A Raspberry Pi with a 32-bit system of Debian 12 (glibc 2.36) or newer.
    Machine("arm7", ("manylinux_2_31_armv7l", "manylinux_2_28_armv7l", "manylinux2014_armv7l")),
)


def main(folder: Path) -> None:
    """Build all of it into `folder`, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run(BIN / "hatchling", "build", "-d", folder)
    [wheel] = folder.glob("*.whl")
    run(BIN / "check-wheel-contents", "--ignore", "W004", wheel)
    run(BIN / "twine", "check", "--strict", *sorted(folder.iterdir()))
    with tempfile.TemporaryDirectory() as work:
        wheels = dependencies(Path(work))
        files = Path(work) / "files"
        stage(files)
        for machine in MACHINES:
            tree = Path(work) / machine.arch
            install(tree, machine, wheel, wheels)
            for kind in ("deb", "rpm"):
                package(folder, kind, machine.arch, tree, files)
    zipapp(folder, wheel)
    bill_of_materials(folder)
    sums(folder)
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>9}  {path.name}")


def run(*command: str | Path, cwd: Path = ROOT, variables: Mapping[str, str] | None = None) -> None:
    """Run a tool; its output is shown only if it fails, and then this ends."""
    env = os.environ | {"SOURCE_DATE_EPOCH": committed_at(), "PYTHONHASHSEED": "0", **(variables or {})}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def committed_at() -> str:
    """The instant of the commit, which stands in all archives in place of the present one."""
    if found := os.environ.get("SOURCE_DATE_EPOCH"):
        return found
    shown = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=True)
    return shown.stdout.strip()


def pip(*words: str | Path, variables: Mapping[str, str] | None = None) -> None:
    """Run pip without asking whether there is a newer one."""
    run(sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", *words, variables=variables)


def pinned(*, only: str = "", without: tuple[str, ...] = ()) -> str:
    """The entries of requirements/runtime.txt with their hashes: one alone, or all without some."""
    entries = re.findall(r"^\S.*(?:\n .*)*", (ROOT / "requirements" / "runtime.txt").read_text("utf-8"), re.MULTILINE)
    names = {entry: entry.partition("==")[0] for entry in entries}
    return "\n".join(entry for entry, name in names.items() if (not only or name == only) and name not in without)


def dependencies(work: Path) -> Path:
    """A folder with PyYAML as a wheel for every machine: there is none for some, and elsewhere one for one Python."""
    wheels = work / "wheels"
    (work / "pyyaml.txt").write_text(pinned(only="pyyaml"))
    words = ("--no-binary=:all:", "--no-build-isolation", "--require-hashes", "--no-deps")
    pip("wheel", *words, "-r", work / "pyyaml.txt", "-w", wheels, variables={"PYYAML_FORCE_LIBYAML": "0"})
    return wheels


def install(tree: Path, machine: Machine, wheel: Path, wheels: Path) -> None:
    """Put the exporter and its dependencies into `tree`, so that any Python from the oldest on can use them there.

    Of charset-normalizer and bcrypt such wheels exist: one in plain Python, one for the stable interface of all.
    """
    platforms = [f"--platform={name}" for name in machine.platforms]
    general = ("--python-version", OLDEST_PYTHON, "--implementation", "py", "--abi", "none")
    stable = ("--python-version", OLDEST_PYTHON, "--implementation", "cp", "--abi", "abi3")
    target = ("--target", tree, "--no-compile", "--no-deps", "--only-binary=:all:")
    others = wheels.parent / "others.txt"
    (wheels.parent / "bcrypt.txt").write_text(pinned(only="bcrypt"))
    others.write_text(pinned(without=("pyyaml", "bcrypt", *NOT_PACKAGED)))
    pip("install", *target, *general, "--require-hashes", "-r", others)
    pip("install", *target, *stable, *platforms, "--require-hashes", "-r", wheels.parent / "bcrypt.txt")
    pip("install", *target, "--no-index", wheel, *wheels.glob("*.whl"))
    settle(tree)


def settle(tree: Path) -> None:
    """Take from a tree what pip needs alone and what depends on where and when it was made."""
    shutil.rmtree(tree / "bin", ignore_errors=True)
    for left in (*tree.glob("*.dist-info/direct_url.json"), *tree.glob("*.dist-info/RECORD")):
        left.unlink()
    instant = int(committed_at())
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (instant, instant))


def stage(files: Path) -> None:
    """Copy what else goes into the packages to `files`, where neither mode nor time are those of this checkout."""
    for name in ("deploy/packages", "prometheus/rules", "prometheus/alertmanager", "grafana/dashboards"):
        shutil.copytree(ROOT / name, files / name)
    for language in LANGUAGES:
        write(files / "translated" / f"dashboards-{language}", language)
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, files)
    settle(files)


def package(folder: Path, kind: str, arch: str, tree: Path, files: Path) -> None:
    """One package for Debian or Red Hat."""
    run(
        *(BIN / "nfpm", "package", "-f", "deploy/packages/nfpm.yml", "-p", kind, "-t", folder),
        cwd=files,
        variables={"ARCH": arch, "VERSION": version(), "TREE": str(tree), "TRANSLATED": str(files / "translated")},
    )


def zipapp(folder: Path, wheel: Path) -> None:
    """One file that runs with this kind of processor and Python."""
    with tempfile.TemporaryDirectory() as work:
        site = Path(work) / "site"
        words = ("--target", site, "--no-compile", "--no-deps")
        pip("install", *words, "--require-hashes", "-r", "requirements/runtime.txt")
        pip("install", *words, "--no-index", wheel)
        settle(site)
        run(
            *(BIN / "shiv", "--site-packages", site, "-e", "sems_exporter.__main__:main"),
            *("--reproducible", "--no-modify", "-p", "/usr/bin/env python3", "-o", folder / "sems-exporter.pyz"),
        )


def bill_of_materials(folder: Path) -> None:
    """What is in it, as CycloneDX."""
    run(
        *(BIN / "cyclonedx-py", "requirements", "requirements/runtime.txt", "--pyproject", "pyproject.toml"),
        *("--output-reproducible", "--of", "JSON", "-o", folder / f"sems-exporter-{version()}.cdx.json"),
    )


def sums(folder: Path) -> None:
    """The digest of each file, as sha256sum checks it."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / "SHA256SUMS").write_text("".join(lines))


def version() -> str:
    """The version in pyproject.toml."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve())

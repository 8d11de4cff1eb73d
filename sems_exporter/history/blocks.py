"""OpenMetrics files into blocks of Prometheus, by its own promtool."""

import os
import shutil
import subprocess
from pathlib import Path

from sems_exporter.errors import StartError
from sems_exporter.history.archive import Archive, Json

PROMTOOL = "promtool"
BLOCK_DURATION = "768h"
"""A file is read once a block: with the usual two hours a month took 38 s, so it takes half a second."""
UNFINISHED = ".sems-exporter-unfinished"


def command(file: Path, folder: Path) -> list[str]:
    """The command that makes blocks of a file."""
    block = f"--max-block-duration={BLOCK_DURATION}"
    return [PROMTOOL, "tsdb", "create-blocks-from", block, "openmetrics", str(file), str(folder)]


def is_there() -> bool:
    """Tell whether promtool is installed."""
    return shutil.which(PROMTOOL) is not None


def check(folder: Path) -> None:
    """Raise StartError where no blocks can be put."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"blocks: {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StartError(f"blocks: {folder} cannot be written; run this as the user that Prometheus runs as")


def make(archive: Archive, file: str, folder: Path) -> list[str]:
    """Put blocks of a file into `folder`, and return their names; none where those of the same file are there.

    They are made beside, noted, and each moves in as a whole, so that Prometheus never sees half of one, and a run that
    is killed leaves none twice.
    """
    place = f"blocks {folder.resolve()}"
    unfinished = folder / UNFINISHED
    known = archive.loaded(place, file)
    names = [str(name) for name in known] if isinstance(known, list) else []
    try:
        left = [name for name in names if (unfinished / name).is_dir()]
        if not left and any((folder / name).is_dir() for name in names):
            return []
        if not left:
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(mode=0o700, parents=True)
            _run(command(archive.openmetrics / file, unfinished))
            left = sorted(each.name for each in unfinished.iterdir() if (each / "meta.json").is_file())
            noted: list[Json] = [*left]
            archive.note_loaded(place, file, noted)
        for name in left:
            _give(unfinished / name, folder)
            (unfinished / name).rename(folder / name)
    except OSError as error:
        raise StartError(f"blocks: {folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return left


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - our words
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise StartError(f"blocks: promtool failed: {said[-1][:300] if said else f'exit code {done.returncode}'}")


def _give(block: Path, folder: Path) -> None:
    """Let a block that root made belong to whom the folder belongs to: Prometheus has to read and delete it."""
    if getattr(os, "geteuid", lambda: None)() != 0:
        return
    owner = folder.stat()
    for each in (block, *block.rglob("*")):
        os.chown(each, owner.st_uid, owner.st_gid, follow_symlinks=False)

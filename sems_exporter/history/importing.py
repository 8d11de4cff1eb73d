"""OpenMetrics files into VictoriaMetrics and others that take Prometheus' text with timestamps."""

from collections.abc import Iterator
from pathlib import Path

import requests

from sems_exporter.errors import StartError
from sems_exporter.history.archive import Archive
from sems_exporter.history.openmetrics import BATCH_LINES
from sems_exporter.history.store import reason

PATH = "/api/v1/import/prometheus"
PATIENCE_SECONDS = 300.0


def send(archive: Archive, file: str, url: str) -> bool:
    """Send a file to the store at `url`; False where the same file was sent before."""
    place = f"import {url}"
    if archive.loaded(place, file) is not None:
        return False
    session = requests.Session()
    session.trust_env = False
    address = f"{url.rstrip('/')}{PATH}"
    try:
        answer = session.post(address, data=lines(archive.openmetrics / file), timeout=PATIENCE_SECONDS)
    except requests.RequestException as error:
        raise StartError(f"import: {url} cannot be reached: {reason(error)}") from error
    if not answer.ok:
        said = answer.text.strip().splitlines()
        raise StartError(f"import: {url} refuses {file} ({answer.status_code}): {said[0][:200] if said else ''}")
    archive.note_loaded(place, file, result=True)
    return True


def lines(path: Path) -> Iterator[bytes]:
    """The samples of a file in Prometheus' own text format, which counts in milliseconds."""
    batch: list[str] = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                batch.append(f"{line.rstrip()}000\n")
            if len(batch) == BATCH_LINES:
                yield "".join(batch).encode()
                batch.clear()
    if batch:
        yield "".join(batch).encode()

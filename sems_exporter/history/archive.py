"""The directory of a history: each answer of the portal once, compressed, and a manifest of what it belongs to.

    manifest.json                              version, account, what was given to which store
    raw/STATION/manifest.json                  the reading that the station's counters are reckoned from
    raw/STATION/curve-2026-09-21.json.gz       the week that begins with this date
    raw/STATION/days-2026-09.json.gz           the month
    openmetrics/2026-09.om                     what was made of them

A file takes its place as a whole or not at all, so that what is there is done, whenever the program is killed.
"""

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from sems_exporter.errors import StartError
from sems_exporter.files import Draft, read_bounded
from sems_exporter.history.days import midnight
from sems_exporter.model.plant import TimeZone
from sems_exporter.portal.past import MOST_DAYS, SETTLES, Answer, CurveQuestion, Question
from sems_exporter.version import package_version

VERSION = 1
RAW = "raw"
DRAFTS = "*.[0-9]*.new"
"""What a `Draft` is called: the directory may hold files of others as well."""
LARGEST_UNPACKED = 64 * 1024 * 1024

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that is in the archive, and the instant it came."""

    asked_at: datetime
    answer: Answer


def has_settled(question: Question, asked_at: datetime, zone: TimeZone) -> bool:
    """Tell whether the answer of this instant is final."""
    end = midnight(last_day(question) + timedelta(days=1), zone)
    return asked_at.timestamp() >= end + SETTLES.total_seconds()


def last_day(question: Question) -> date:
    """The last date that a question is about."""
    if isinstance(question, CurveQuestion):
        return question.last
    return (question.month + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def week_of(day: date) -> date:
    """The first day of the week that a curve question about `day` asks; the same whatever range is wanted."""
    return date.fromordinal(day.toordinal() - day.toordinal() % MOST_DAYS)


class Archive:
    """The directory at `root`. Raises StartError where it belongs to another account, or cannot be written."""

    def __init__(self, root: Path, account: str) -> None:
        self.root = root
        self.openmetrics = root / "openmetrics"
        self._manifest = root / "manifest.json"
        self._account = sha256(f"sems-exporter history {account.casefold()}".encode()).hexdigest()[:16]
        self._loaded: dict[str, Json] = {}

    def open(self) -> None:
        """Make the directory, or see that it is the account's, and clear away what a killed run left half-done."""
        is_new = not self.check()
        try:
            # One by one, because `parents` does not heed the mode.
            self.root.parent.mkdir(parents=True, exist_ok=True)
            for made in (self.root, self.openmetrics):
                made.mkdir(mode=0o700, exist_ok=True)
            for folder in (".", self.openmetrics.name, f"{RAW}/*"):
                for half_done in self.root.glob(f"{folder}/{DRAFTS}"):
                    half_done.unlink(missing_ok=True)
            if is_new:
                self._save({})
        except OSError as error:
            raise self.unusable(error) from error

    def check(self) -> bool:
        """Tell whether there is a manifest; raise StartError where it is that of another account. Nothing is made."""
        try:
            found = _read_json(self._manifest)
        except OSError as error:
            raise self.unusable(error) from error
        if found is not None:
            self._check(found)
        return found is not None

    def unusable(self, error: OSError) -> StartError:
        """What it means that something in the directory cannot be read or written."""
        return StartError(f"output: {self.root} cannot be used: {error.strerror or error}")

    def _check(self, found: dict[str, Json]) -> None:
        if found.get("version") != VERSION or not isinstance(found.get("account"), str):
            raise StartError(f"output: {self._manifest} was not written by this version; choose another directory")
        if found["account"] != self._account:
            raise StartError(
                f"output: {self.root} holds the history of another account; choose a directory of its own for each"
            )
        loaded = found.get("loaded")
        self._loaded = loaded if isinstance(loaded, dict) else {}

    def asked_at(self, question: Question) -> datetime | None:
        """When the answer that is kept came; None where there is none. Cheap: only the beginning is unpacked."""
        try:
            with gzip.open(self._path(question)) as file:
                return datetime.fromisoformat(file.readline(100).decode().strip())
        except (OSError, EOFError, ValueError, zlib.error):
            return None

    def kept(self, question: Question) -> Kept | None:
        """The answer to a question, if it is there and whole."""
        try:
            with gzip.open(self._path(question)) as file:
                asked_at, _, text = file.read(LARGEST_UNPACKED).partition(b"\n")
            return Kept(datetime.fromisoformat(asked_at.decode()), json.loads(text))
        except (OSError, EOFError, ValueError, zlib.error, RecursionError):
            return None

    def keep(self, question: Question, kept: Kept) -> None:
        """Keep an answer."""
        text = f"{kept.asked_at.isoformat()}\n{json.dumps(kept.answer, separators=(',', ':'))}"
        self._write(self._path(question), gzip.compress(text.encode(), mtime=0))

    def reading(self, station: str) -> dict[str, Json]:
        """What the station's counters are reckoned from, if that was decided by an earlier run."""
        return _read_json(self._folder(station) / "manifest.json") or {}

    def keep_reading(self, station: str, reading: Mapping[str, Json]) -> None:
        """Keep what the station's counters are reckoned from, so that later runs reckon to the same joule."""
        self._write(self._folder(station) / "manifest.json", json.dumps(reading, indent=1).encode())

    def loaded(self, place: str, file: str) -> Json:
        """What is noted of the file that was given to a store; None where it was not, or is another one by now."""
        note = self._loaded.get(f"{place} {file}")
        whole = isinstance(note, dict) and note.get("sha256") == self._digest(file)
        return note.get("result") if whole and isinstance(note, dict) else None

    def note_loaded(self, place: str, file: str, result: Json) -> None:
        """Note that a file was given to a store."""
        self._loaded[f"{place} {file}"] = {"sha256": self._digest(file), "result": result}
        self._save(self._loaded)

    def _digest(self, file: str) -> str:
        with (self.openmetrics / file).open("rb") as opened:
            return file_digest(opened, "sha256").hexdigest()

    def _save(self, loaded: dict[str, Json]) -> None:
        document = {"version": VERSION, "account": self._account, "made_by": package_version(), "loaded": loaded}
        self._write(self._manifest, json.dumps(document, indent=1).encode())

    def _folder(self, station: str) -> Path:
        # An id of the portal may be anything, and a name of a file may not.
        return self.root / RAW / (quote(station, safe="").replace(".", "%2E")[:200] or "%")

    def _path(self, question: Question) -> Path:
        kind = (
            f"curve-{week_of(question.first)}"
            if isinstance(question, CurveQuestion)
            else f"days-{question.month:%Y-%m}"
        )
        return self._folder(question.station) / f"{kind}.json.gz"

    def _write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with Draft(path) as draft:
            draft.keep_pieces([content])


def _read_json(path: Path) -> dict[str, Json] | None:
    try:
        found = json.loads(read_bounded(path))
    except FileNotFoundError:
        return None
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}

"""Dumps: the answers of a real portal in one file, to be served again."""

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from sems_exporter.simulator.classic import classic_dialect
from sems_exporter.simulator.semsplus import semsplus_dialect
from sems_exporter.simulator.server.answers import Answer
from sems_exporter.simulator.server.dialect_interface import Dialect
from sems_exporter.simulator.server.time_shift import TimeShift
from sems_exporter.simulator.server.wire import Call, Request, json_object

FORMAT, VERSION = "sems-exporter-dump", 1
_BASES = {"semsplus": semsplus_dialect.API_PATH, "classic": classic_dialect.CLASSIC_PATH}
_IDS = ("stationId", "stationIds", "pwId", "sn", "deviceType", "powerstationid", "stationid")
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|\d\d/\d\d/\d{4}.*")

_Key = tuple[str, ...]


@dataclass(slots=True)
class _Recorded:
    """The answers to one request, in the order of recording; the last one stays."""

    answers: deque[Answer]

    def take(self) -> Answer:
        answer = self.answers[0]
        if len(self.answers) > 1:
            self.answers.popleft()
        return answer


class Dump:
    """Recorded answers by request; a request that was not recorded gets one about the same thing, if there is one.

    Where `now` is given, the times in them are moved on from the recording to then.
    """

    complete = True

    def __init__(self, content: Mapping[str, Any], now: Callable[[], datetime] | None = None) -> None:
        """Read a decoded dump; `ValueError` for anything else."""
        if content.get("format") != FORMAT or content.get("version") != VERSION:
            raise ValueError(f"not a dump: format {FORMAT!r} version {VERSION} is needed")
        self.dialect = _dialect(content.get("dialect"))
        self.taken_at = datetime.fromisoformat(str(content["taken_at"]))
        self._now = now or (lambda: self.taken_at)
        self._moved = TimeShift(self.taken_at, content["answers"])
        self._lock = threading.Lock()
        self._exact: dict[_Key, _Recorded] = {}
        self._similar: dict[_Key, _Recorded] = {}
        for entry in content["answers"]:
            self._put(entry, _BASES[self.dialect])

    @classmethod
    def read(cls, source: Path | str | Mapping[str, Any], now: Callable[[], datetime] | None = None) -> Self:
        """A dump from a file or from its decoded content."""
        if isinstance(source, Mapping):
            return cls(source, now)
        return cls(json_object(Path(source).read_text(encoding="utf-8")), now)

    def __bool__(self) -> bool:
        """A dump is what is served, even an empty one."""
        return True

    def take(self, call: Call, request: Request) -> Answer | None:
        """The recorded answer to this request, or to another of the same endpoint about the same ids."""
        with self._lock:
            known = self._exact.get(_exact_key(request)) or self._similar.get(_similar_key(call))
            recorded = known.take() if known else None
        if recorded is None:
            return None
        now = self._now()
        by = f"{self._moved.by(now).total_seconds():.0f}"
        body = self._moved.to(now, json.loads(json.dumps(recorded.body)))
        return Answer(recorded.status, body, {"X-Times-Moved-By": by})

    def _put(self, entry: Mapping[str, Any], base: str) -> None:
        target = base.rstrip("/") + "/" + str(entry["path"]).lstrip("/")
        parts = urlsplit(target)
        body = entry.get("body")
        request = Request(
            method=str(entry["method"]),
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers={},
            body=b"" if body is None else json.dumps(body).encode(),
            target=target,
        )
        call = semsplus_dialect.route(request) or classic_dialect.route(request)
        answer = Answer(int(entry["status"]), entry["answer"])
        self._exact.setdefault(_exact_key(request), _Recorded(deque())).answers.append(answer)
        if call is not None:
            self._similar.setdefault(_similar_key(call), _Recorded(deque())).answers.append(answer)


def _dialect(name: object) -> Dialect:
    if name == "semsplus":
        return "semsplus"
    if name == "classic":
        return "classic"
    raise ValueError(f"a dump of an unknown dialect: {name!r}")


def _exact_key(request: Request) -> _Key:
    query = json.dumps(sorted(request.query.items()))
    return (request.method, request.path, query, json.dumps(_undated(json_object(request.body)), sort_keys=True))


def _similar_key(call: Call) -> _Key:
    return (call.endpoint, *(json.dumps(call.parameters.get(name)) for name in _IDS))


def _undated(value: object) -> object:
    """The same without the dates, which are other ones when a dump is replayed."""
    if isinstance(value, dict):
        return {name: _undated(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_undated(entry) for entry in value]
    return "" if isinstance(value, str) and _DATE.fullmatch(value) else value

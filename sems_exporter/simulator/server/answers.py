"""Answers, and those other than the plants': scripted ones, changed ones, and captured ones."""

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sems_exporter.simulator.server.wire import Call, JsonObject, Request

Mutation = Callable[[JsonObject, Mapping[str, Any]], JsonObject | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer.

    `delay` are real seconds before its first byte, `head_pace` those between the bytes of its head, `pace` those
    between the bytes of its body.

    A `Content-Length` among `headers` that differs from the body's length cuts the answer short: the connection closes
    after the body. After `cut` bytes of the body the connection is reset. The body is sent `repeat` times.
    """

    status: int = 200
    body: bytes | str | dict[str, Any] | list[Any] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pace: float = 0.0
    head_pace: float = 0.0
    cut: int | None = None
    repeat: int = 1

    def payload(self) -> bytes:
        """The body as bytes; objects and lists become JSON."""
        if isinstance(self.body, bytes):
            return self.body
        text = self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)
        # What UTF-8 lacks, JSON spells in just this way.
        return text.encode("utf-8", "backslashreplace")


class Script:
    """What to answer instead, by endpoint name or `endpoint.DEVICETYPE`; the longer name goes first. Thread-safe."""

    def __init__(self) -> None:
        """An empty script: the plants answer."""
        self._lock = threading.Lock()
        self._queues: dict[str, deque[Answer]] = {}
        self._always: dict[str, Answer] = {}
        self._mutations: dict[str, list[Mutation]] = {}

    def add(self, endpoint: str, *answers: Answer) -> None:
        """Serve `answers` in order, one per request."""
        with self._lock:
            self._queues.setdefault(endpoint, deque()).extend(answers)

    def always(self, endpoint: str, answer: Answer) -> None:
        """Serve `answer` whenever the queue of the endpoint is empty."""
        with self._lock:
            self._always[endpoint] = answer

    def mutate(self, endpoint: str, change: Mutation) -> None:
        """Let `change` edit or replace the decoded answers of the endpoint."""
        with self._lock:
            self._mutations.setdefault(endpoint, []).append(change)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._queues.clear()
            self._always.clear()
            self._mutations.clear()

    def take(self, call: Call) -> Answer | None:
        """The scripted answer to this request, if there is one."""
        names = names_of(call)
        with self._lock:
            for name in names:
                if self._queues.get(name):
                    return self._queues[name].popleft()
            return next((self._always[name] for name in names if name in self._always), None)

    def mutated(self, call: Call, envelope: JsonObject) -> JsonObject:
        """The envelope after all changes for this request."""
        with self._lock:
            changes = [change for name in names_of(call) for change in self._mutations.get(name, ())]
        for change in changes:
            replaced = change(envelope, call.parameters)
            envelope = envelope if replaced is None else replaced
        return envelope


class Captures:
    """Recorded answers from files, served in place of the plants' own."""

    complete = False

    def __init__(self, files: Mapping[str, Path]) -> None:
        """Read the files; a file with `samples` serves them in turn."""
        self._lock = threading.Lock()
        self._answers = {name: deque(_samples(name, path)) for name, path in files.items()}

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._answers)

    def take(self, call: Call, _request: Request) -> Answer | None:
        """A fresh copy of the captured answer to this call, if there is one; it may be bare data."""
        with self._lock:
            for name in names_of(call):
                if name in self._answers:
                    raw = self._answers[name][0]
                    self._answers[name].rotate(-1)
                    return Answer(body=json.loads(raw))
        return None


def names_of(call: Call) -> tuple[str, ...]:
    """The names a call goes by: `endpoint.DEVICETYPE`, then `endpoint`."""
    device_type = call.text("deviceType")
    return (f"{call.endpoint}.{device_type}", call.endpoint) if device_type else (call.endpoint,)


def _samples(name: str, path: Path) -> list[str]:
    captured = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(captured, dict) or "samples" not in captured:
        return [json.dumps(captured)]
    key = name.partition(".")[0]
    return [json.dumps(sample.get(key, sample)) for sample in captured["samples"]]

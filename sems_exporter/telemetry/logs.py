"""Log lines as the Prometheus ecosystem writes them: logfmt or JSON, one line an event, no secret in any."""

import json
import logging
import math
import sys
import threading
from collections.abc import Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from cachetools import LRUCache

from sems_exporter.telemetry.redaction import MASKS, Masks, Secret

FORMATS = ("logfmt", "json")
LEVELS = ("debug", "info", "warn", "error")
SAME_FAULT_AGAIN_SECONDS = 3600.0
"""Seconds for which the same fault is not told again."""
CHANGES_AT_ONCE = 6.0
"""Changes of one condition that are told at once."""
NEXT_CHANGE_SECONDS = 1800.0
"""Seconds after which there may be one more of them."""
_ACCOUNT = ContextVar("account", default="")
"""The account that the running thread works for; lines carry its name."""
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_OURS = "sems_exporter"

log = logging.getLogger(__name__)


def set_up(level: str, form: str, passwords: Iterable[Secret], stream: TextIO | None = None) -> None:
    """Send all logs, warnings and unhandled exceptions to `stream` (standard error), at `level` and in `form`.

    These `passwords` are masked in them, and whatever else `MASKS` knows or learns.
    """
    for password in passwords:
        MASKS.learn_password(password.reveal())
    handler = EventHandler(stream or sys.stderr)
    handler.setFormatter(EventFormatter(form))
    handler.addFilter(DuplicateFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel({"warn": "WARNING"}.get(level, level.upper()))
    # What strangers send to the port is their fault, not an event of ours.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL if level != "debug" else logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _unhandled
    threading.excepthook = _unhandled_in_thread
    sys.unraisablehook = _unraisable


def bind_account(name: str) -> None:
    """Have all lines that this thread logs from now on carry the name of an account, unless it is "".

    It is for as long as the thread lives, so that the line about its end by a fault carries the name as well.
    """
    _ACCOUNT.set(name)


class EventHandler(logging.StreamHandler[TextIO]):
    """Writes events; one that cannot be written is a line too, and does not show what it held."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging calls
        """Say that an event was lost, and where it came from."""
        error = type(sys.exception()).__name__
        lost = logging.LogRecord(_OURS, logging.ERROR, "", 0, "an event could not be logged", None, None)
        vars(lost).update({"from": f"{record.name}:{record.lineno}", "error": error})
        try:
            self.stream.write(self.format(lost) + self.terminator)
        except (OSError, ValueError):
            # Standard error is gone; there is nobody left to tell.
            return


class EventFormatter(logging.Formatter):
    """ts, level, logger, msg, then whatever the event carries in `extra`."""

    def __init__(self, form: str, masks: Masks = MASKS) -> None:
        super().__init__()
        self._form = form
        self._masks = masks

    def format(self, record: logging.LogRecord) -> str:
        """One line for `record`."""
        fixed = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": {"WARNING": "warn", "CRITICAL": "error"}.get(record.levelname, record.levelname.lower()),
            "logger": record.name.removeprefix(f"{_OURS}."),
        }
        if account := _ACCOUNT.get():
            fixed["account"] = account
        told: dict[str, object] = {"msg": record.getMessage()}
        told |= {key: value for key, value in vars(record).items() if key not in _STANDARD and value is not None}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            told["stack"] = record.stack_info
        # Before quoting, which may spell a secret in yet another way.
        event = fixed | {key: self._shown(value) for key, value in told.items()}
        return _json(event) if self._form == "json" else _logfmt(event)

    def _shown(self, value: object) -> object:
        text = str(value)
        masked = self._masks.masked(text)
        plain = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
        return value if masked == text and plain else masked


class DuplicateFilter(logging.Filter):
    """Tells a fault once, then at most once an hour with the number of times that it was left out meanwhile.

    Only for what comes with a traceback, or from a library: these say the same each time. What the exporter says of
    itself is said when something begins and when it ends, so no line of it may be missing.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._told: LRUCache[tuple[object, ...], tuple[float, int]] = LRUCache(256)

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether `record` is told."""
        ours = record.name.partition(".")[0] == _OURS
        if ours and not record.exc_info:
            return True
        with self._lock:
            key = (record.name, record.levelno, record.msg if isinstance(record.msg, str) else "", *_place(record))
            since, left_out = self._told.get(key, (-math.inf, 0))
            if 0 <= record.created - since < SAME_FAULT_AGAIN_SECONDS:
                self._told[key] = since, left_out + 1
                return False
            self._told[key] = record.created, 0
        if left_out:
            vars(record)["repeated"] = left_out
        return True


class ChangeLimiter:
    """When to tell of a condition that comes, changes and goes.

    Each change is told, as long as there are few. Of a condition that flickers, whatever it is at the time is told now
    and then, so that neither the disk fills nor the last word is missing. Instants are seconds.
    """

    def __init__(self) -> None:
        self._left, self._counted_at = CHANGES_AT_ONCE, 0.0
        # Nothing was told yet, so the first condition is news, also if it is a good one.
        self._told: object = self
        self._last: object = self
        self._unsaid = 0

    def of(self, condition: object, now: float) -> int | None:
        """None if there is nothing to tell; else how many changes went untold before this one."""
        self._left = min(CHANGES_AT_ONCE, self._left + max(0.0, now - self._counted_at) / NEXT_CHANGE_SECONDS)
        self._counted_at = now
        self._unsaid += condition != self._last
        self._last = condition
        if condition == self._told or self._left < 1:
            return None
        unsaid, self._unsaid = max(0, self._unsaid - 1), 0
        self._left -= 1
        self._told = condition
        return unsaid


def _place(record: logging.LogRecord) -> Iterable[object]:
    """Name an exception and the place where it was raised."""
    if not record.exc_info or record.exc_info[0] is None:
        return ()
    kind, _, trace = record.exc_info
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return (kind, trace.tb_frame.f_code, trace.tb_lineno) if trace else (kind,)


def _unhandled(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    log.critical("the program ends through a fault of its own", exc_info=(kind, error, trace))


def _unhandled_in_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread else None
    log.critical("a thread ended through a fault of the exporter", exc_info=args.exc_value, extra={"thread_name": name})


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    log.error("a fault where nobody could handle it", exc_info=args.exc_value)


def _json(event: dict[str, object]) -> str:
    # DEL is the one control character that JSON leaves as it is.
    return json.dumps(event).replace("\x7f", "\\u007f")


def _logfmt(event: dict[str, object]) -> str:
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in event.items())


def _quoted(text: str) -> str:
    if text and all(c.isalnum() or c in "-_.:/+@,%" for c in text):
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in json.dumps(text, ensure_ascii=False))


def _escaped(character: str) -> str:
    """Spell out, as JSON does, what could end a line, move a cursor or turn the direction of writing."""
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"

"""Log lines as the Prometheus ecosystem writes them: logfmt or JSON, one line an event, no secret in any."""

import json
import logging
import sys
import urllib.parse
from datetime import UTC, datetime
from typing import TextIO

from sems_exporter.config import Secret

FORMATS = ("logfmt", "json")
LEVELS = ("debug", "info", "warn", "error")
MASK = "<secret>"
SHORTEST_MASKED = 4
ACCOUNT_THREAD = "poller "
"""How the name of a thread begins that works for a named account; the rest is that name, and lines carry it."""
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up(level: str, form: str, secrets: tuple[Secret, ...], stream: TextIO | None = None) -> None:
    """Send all logs to `stream` (standard error), at `level` and in `form`, with every one of `secrets` masked."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(EventFormatter(form, secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("sems_exporter").setLevel({"warn": "WARNING"}.get(level, level.upper()))
    # What strangers send to the port is their fault, not an event of ours.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL if level != "debug" else logging.INFO)


class EventFormatter(logging.Formatter):
    """ts, level, logger, msg, then whatever the event carries in `extra`."""

    def __init__(self, form: str, secrets: tuple[Secret, ...]) -> None:
        super().__init__()
        self._form = form
        self._masked = sorted({text for secret in secrets for text in _spellings(secret)}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """One line for `record`."""
        event: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": {"WARNING": "warn", "CRITICAL": "error"}.get(record.levelname, record.levelname.lower()),
            "logger": record.name.removeprefix("sems_exporter."),
            "msg": record.getMessage(),
            **_account(record.threadName or ""),
            **{key: value for key, value in vars(record).items() if key not in _STANDARD and value is not None},
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        # Before quoting, which may spell a secret in yet another way.
        shown = {key: self._shown(value) for key, value in event.items()}
        return json.dumps(shown) if self._form == "json" else _logfmt(shown)

    def _shown(self, value: object) -> object:
        text = masked = str(value)
        for secret in self._masked:
            masked = masked.replace(secret, MASK)
        return value if masked == text and isinstance(value, int | float) else masked


def _account(thread: str) -> dict[str, str]:
    return {"account": thread.removeprefix(ACCOUNT_THREAD)} if thread.startswith(ACCOUNT_THREAD) else {}


def _logfmt(event: dict[str, object]) -> str:
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in event.items())


def _quoted(text: str) -> str:
    if text and all(c.isalnum() or c in "-_.:/+@,%" for c in text):
        return text
    return json.dumps(text, ensure_ascii=False)


def _spellings(secret: Secret) -> set[str]:
    text = secret.reveal()
    if len(text) < SHORTEST_MASKED:
        # So short a text would mask half of every line, and tell more than it hides.
        return set()
    return {
        text,
        urllib.parse.quote(text),
        urllib.parse.quote(text, safe=""),
        urllib.parse.quote_plus(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
    }

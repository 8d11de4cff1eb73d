"""What other programs of the monitoring answer, and JSON of theirs by its shape; whatever has another is left out."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import requests

from sems_exporter.config import passwords
from sems_exporter.errors import SettingError

PATIENCE = 10.0
"""Seconds to wait for an answer, as Prometheus waits for a scrape."""
LARGEST = 64 * 1024 * 1024
"""Bytes of an answer; the rules of a large installation have some megabytes."""
Parameters = dict[str, str]


class NoAnswer(Exception):
    """There was no answer, or one that says that it cannot be given; the message says which."""


@dataclass(frozen=True, slots=True)
class Api:
    """A program at `address`, an http or https address without a slash at its end, asked with these credentials."""

    address: str
    credentials: tuple[str, str] | None = None
    _session: requests.Session = field(default_factory=requests.Session)

    def text(self, path: str, parameters: Parameters | None = None) -> str:
        """The body of a good answer; raises NoAnswer."""
        return self._asked(path, parameters).decode("utf-8", "replace")

    def json(self, path: str, parameters: Parameters | None = None) -> object:
        """What a good answer holds; raises NoAnswer."""
        return _parsed(self._asked(path, parameters), path)

    def data(self, path: str, parameters: Parameters | None = None) -> object:
        """What stands at `data` in an answer of Prometheus; raises NoAnswer."""
        return mapping(self.json(path, parameters)).get("data")

    def series(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series of an expression now; raises NoAnswer."""
        data = mapping(self.data("/api/v1/query", {"query": expr}))
        if data.get("resultType") == "scalar":
            return [({}, _value(data.get("result")))]
        return [(labels(row.get("metric")), _value(row.get("value"))) for row in objects(data.get("result"))]

    def _asked(self, path: str, parameters: Parameters | None) -> bytes:
        try:
            with self._session.get(
                self.address + path, params=parameters, auth=self.credentials, timeout=PATIENCE, stream=True
            ) as answer:
                body = b"".join(_bounded(answer))
        except requests.RequestException as error:
            raise NoAnswer(_reason(error)) from error
        if answer.status_code != requests.codes.ok:
            raise NoAnswer(_complaint(answer.status_code, body))
        return body


def credentials(path: str) -> tuple[str, str]:
    """User and password from a file that holds user:password; raises SettingError."""
    user, colon, password = passwords.from_file("credentials_file", Path(path)).reveal().partition(":")
    if not user or not colon:
        raise SettingError("credentials_file", f"{path} has to hold user:password in one line")
    return user, password


def _bounded(answer: requests.Response) -> list[bytes]:
    chunks, size = [], 0
    for chunk in answer.iter_content(1 << 16):
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST:
            raise NoAnswer(f"the answer has more than {LARGEST} bytes")
    return chunks


def _parsed(body: bytes, path: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise NoAnswer(f"{path} answers, but not with JSON") from None


def _reason(error: requests.RequestException) -> str:
    match error:
        case requests.Timeout():
            return f"no answer within {PATIENCE:g} s"
        case requests.exceptions.SSLError():
            return "its certificate is not trusted (REQUESTS_CA_BUNDLE names a file with the authority)"
        case requests.ConnectionError():
            return "no connection"
        case _:
            return f"no usable answer ({type(error).__name__})"


def _complaint(status: int, body: bytes) -> str:
    if status in (requests.codes.unauthorized, requests.codes.forbidden):
        return f"it wants to know who asks (status {status}); --credentials-file names a file with user:password"
    try:
        said = mapping(_parsed(body, "")).get("error")
    except NoAnswer:
        said = None
    return f"{said} (status {status})" if isinstance(said, str) else f"status {status}"


def _value(pair: object) -> float:
    """The number of an instant and a value, NaN where there is none."""
    match pair:
        case [_, str(text)]:
            try:
                return float(text)
            except ValueError:
                pass
    return float("nan")


def mapping(raw: object) -> dict[str, object]:
    """An object; empty for anything else."""
    return raw if isinstance(raw, dict) else {}


def objects(raw: object) -> list[dict[str, object]]:
    """The objects of a list; none for anything else."""
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def labels(raw: object) -> dict[str, str]:
    """Names and values of labels."""
    return {name: value for name, value in mapping(raw).items() if isinstance(value, str)}


def text(raw: object) -> str:
    """A text; "" for anything else."""
    return raw if isinstance(raw, str) else ""


def number(raw: object) -> float:
    """A number; NaN for anything else."""
    return float(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else float("nan")

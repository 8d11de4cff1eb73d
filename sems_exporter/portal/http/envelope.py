"""The wrapping of every portal answer: {code, description, data}, read into the data or into a failure."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sems_exporter import errors, protocol
from sems_exporter.model.limits import JSON_VALUES
from sems_exporter.portal.decoding.json_shapes import code_of
from sems_exporter.portal.http import result_codes
from sems_exporter.protocol.loading import FIXED
from sems_exporter.telemetry.redaction import MASKS

MESSAGE_LENGTH = 120
CODE_LENGTH = 40


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One HTTP answer, complete and within the limits."""

    status: int
    body: bytes
    retry_after: str | None = None
    cookies: dict[str, str] = field(default_factory=dict, repr=False)
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A readable answer: its result code, its text, and the data it carries."""

    code: str
    message: str
    document: dict[str, Any]

    @property
    def data(self) -> Any:
        """Return what the answer carries; None where there is no such key."""
        return next((self.document[key] for key in protocol.current().envelope.data if key in self.document), None)


def parse_envelope(answer: HttpResponse, now: datetime) -> Envelope:
    """The envelope of a successful answer; raises the failure that its status or its code stands for."""
    by_status = result_codes.status_failure(answer.status)
    document = _document(answer, by_status)
    envelope = Envelope(_told(_code(document), _message(document), document), _message(document), document)
    if result_codes.is_success(envelope.code, envelope.data):
        if by_status is None:
            return envelope
        raise _failure(by_status, f"HTTP {answer.status}", answer, now)
    if envelope.code:
        by_code = result_codes.failure(envelope.code)
        # "Too many requests" holds whatever the body says.
        by_status_only = by_status is errors.RateLimited or by_code is errors.UnknownCode
        kind = by_status if by_status and by_status_only else by_code
        raise _failure(kind, f"code {envelope.code} ({envelope.message})", answer, now)
    kind = by_status or errors.AnswerUnreadable
    raise _failure(kind, f"HTTP {answer.status} without a result code ({envelope.message})", answer, now)


def _document(answer: HttpResponse, by_status: type[errors.PortalError] | None) -> dict[str, Any]:
    if by_status is None and not answer.body.strip():
        raise errors.AnswerEmpty(f"HTTP {answer.status} with an empty body")
    if sum(map(answer.body.count, (b"{", b"[", b","))) > JSON_VALUES:
        # Each would take up to thirty times the room that it has in the text.
        raise errors.AnswerTooLarge(f"HTTP {answer.status} with more values than any honest answer has")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        if by_status is None:
            raise errors.AnswerUnreadable(f"HTTP {answer.status} whose body is not JSON") from error
        document = {}
    if isinstance(document, dict):
        return document
    if by_status is None:
        raise errors.AnswerUnreadable(f"HTTP {answer.status} whose JSON is not an object")
    return {}


def _code(document: dict[str, Any]) -> str:
    told = (document[key] for key in protocol.current().envelope.code if key in document)
    codes = [(code_of(code) or "")[:CODE_LENGTH] for code in told]
    # What the account's safety hangs on is heard wherever it stands, whatever a portal file has put before it.
    return next((code for code in codes if result_codes.failure(code) in FIXED), next(iter(codes), ""))


def _told(code: str, message: str, document: dict[str, Any]) -> str:
    """`code`, or the word that stands in its place where the classic portal says so of an error of its own."""
    if document.get("hasError") is not True or (code and code not in protocol.current().results.success):
        return code
    return message.strip().lower() if result_codes.failure(message.strip().lower()) is not errors.UnknownCode else code


def _message(document: dict[str, Any]) -> str:
    texts = (document.get(key) for key in protocol.current().envelope.message)
    found = next((text for text in texts if isinstance(text, str) and text), "no message")
    # Masked before it is cut, because it goes to the status page and to people, and may repeat what was sent.
    return "".join(c for c in MASKS.masked(found[: 10 * MESSAGE_LENGTH])[:MESSAGE_LENGTH] if c.isprintable())


def _failure(kind: type[errors.PortalError], message: str, answer: HttpResponse, now: datetime) -> errors.PortalError:
    if kind is errors.RateLimited:
        return errors.RateLimited(message, retry_after=asked_pause(answer, now))
    return kind(message)


def asked_pause(answer: HttpResponse, now: datetime) -> float | None:
    """Seconds that Retry-After asks for, as a number or as a date (RFC 9110, 10.2.3); None where it asks for none."""
    text = (answer.retry_after or "").strip()
    return float(text[:9]) if text.isdecimal() else seconds_ahead(text, now)


def seconds_ahead(http_date: str | None, now: datetime) -> float | None:
    """Seconds from `now` to a date of HTTP; None where it is none."""
    try:
        at = parsedate_to_datetime(http_date or "")
        return (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None

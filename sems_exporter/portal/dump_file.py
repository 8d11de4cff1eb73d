"""A transport that remembers the answers of one refresh, and the dump that is made of them."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sems_exporter.portal.anonymizer import Anonymiser
from sems_exporter.portal.http.envelope import HttpResponse
from sems_exporter.portal.http.transport import HttpRequest, Transport
from sems_exporter.telemetry.redaction import MASKS

FORMAT = "sems-exporter-dump"
VERSION = 1
MARKS = ("/sems-", "/v1/", "/v2/", "/v3/", "/PowerStation", "/SmartOperateMaintenance")
"""Where the gateway's base address ends and the call begins."""


class Recorder(Transport):
    """Sends like any transport, and keeps what came back. Sign-ins are not kept: they are nothing but secrets."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: list[tuple[HttpRequest, HttpResponse]] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, remembered."""
        answer = super().send(request)
        if request.endpoint != "login":
            self.exchanges.append((request, answer))
        return answer


def dump(exchanges: list[tuple[HttpRequest, HttpResponse]], dialect: str, taken_at: datetime) -> dict[str, Any]:
    """All answers of a refresh, anonymised, in the form that the simulator replays."""
    documents = [(request, answer.status, _json(answer.body)) for request, answer in exchanges]
    anonymiser = Anonymiser(part for request, _, document in documents for part in (request.body, document))
    return {
        "format": FORMAT,
        "version": VERSION,
        "dialect": dialect,
        "taken_at": taken_at.isoformat(timespec="seconds"),
        "answers": [
            {
                "endpoint": request.endpoint,
                "method": request.method,
                "path": _masked(anonymiser.path(_below_gateway(request.url))),
                "body": _masked(anonymiser.clean(request.body)),
                "status": status,
                "answer": _masked(anonymiser.clean(document)),
            }
            for request, status, document in documents
        ],
    }


def anonymous(request: HttpRequest, answer: HttpResponse) -> Any:
    """One answer, anonymised."""
    document = _json(answer.body)
    return _masked(Anonymiser([request.body, document]).clean(document))


def _masked(document: Any) -> Any:
    """`document` without account, password and session, should the portal's texts repeat them."""
    if isinstance(document, dict):
        return {MASKS.masked(name): _masked(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_masked(item) for item in document]
    if document is None or isinstance(document, bool):
        return document
    text = str(document)
    masked = MASKS.masked(text)
    return document if masked == text else masked


def _below_gateway(url: str) -> str:
    parts = urlsplit(url)
    starts = [at for mark in MARKS if (at := parts.path.find(mark)) >= 0]
    path = parts.path[min(starts) :] if starts else parts.path
    return f"{path}?{parts.query}" if parts.query else path


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        # What is no JSON may hold anything, so only its size is told.
        return {"unreadable_bytes": len(body)}

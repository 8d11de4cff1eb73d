"""The faults that a client sees before it has decoded anything."""

import gzip
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from sems_exporter.simulator.server.answers import Answer
from sems_exporter.simulator.server.wire import NOT_FOUND
from tests.faulty_portal.fault_types import Fault

_MEGABYTE = 1024 * 1024
_MEGABYTES = 100
_PAGE = "<!DOCTYPE html><html><title>SEMS</title><h1>System maintenance</h1></html>"
_ELSEWHERE = "https://elsewhere.invalid/"


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(_MEGABYTE), mtime=0) * _MEGABYTES


_INSTEAD: Mapping[Fault, Callable[[float], Answer]] = {
    Fault.HTML: lambda _: Answer(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"}),
    Fault.EMPTY_BODY: lambda _: Answer(200),
    Fault.NO_CONTENT: lambda _: Answer(204),
    Fault.REDIRECT: lambda _: Answer(302, b"", {"Location": _ELSEWHERE}),
    Fault.HTTP_401: lambda _: Answer(401, {"error_msg": "401 Unauthorized"}),
    Fault.HTTP_403: lambda _: Answer(403, {"error_msg": "403 Forbidden"}),
    Fault.HTTP_404: lambda _: Answer(404, dict(NOT_FOUND)),
    Fault.HTTP_429: lambda _: Answer(429, {"error_msg": "429 Too Many Requests"}),
    Fault.HTTP_429_RETRY_AFTER: lambda seconds: Answer(
        429, {"error_msg": "429 Too Many Requests"}, {"Retry-After": str(round(seconds))}
    ),
    Fault.HTTP_500: lambda _: Answer(500, "Internal Server Error", {"Content-Type": "text/plain"}),
    Fault.GZIP_BOMB: lambda _: Answer(200, _bomb(), {"Content-Encoding": "gzip"}),
    Fault.HUGE_BODY: lambda _: Answer(200, b" " * _MEGABYTE, repeat=_MEGABYTES),
}
_OTHERWISE: Mapping[Fault, Callable[[Answer, float], Answer]] = {
    Fault.SLOW_HEADERS: lambda answer, seconds: replace(answer, delay=seconds),
    Fault.DRIPPING_HEADERS: lambda answer, seconds: replace(answer, head_pace=seconds),
    Fault.SLOW_DRIP: lambda answer, seconds: replace(answer, pace=seconds),
    Fault.RESET_MID_BODY: lambda answer, _: replace(answer, cut=len(answer.payload()) // 2),
    Fault.TRUNCATED_JSON: lambda answer, _: replace(answer, body=answer.payload()[: len(answer.payload()) // 2]),
}


def answer_instead(fault: Fault, seconds: float) -> Answer | None:
    """What is answered whatever the question, if `fault` is of that kind."""
    make = _INSTEAD.get(fault)
    return make(seconds) if make else None


def sent_otherwise(fault: Fault, answer: Answer, seconds: float) -> Answer:
    """The same answer on a worse way."""
    change = _OTHERWISE.get(fault)
    return change(answer, seconds) if change else answer

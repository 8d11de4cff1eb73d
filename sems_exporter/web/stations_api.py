"""The stations as JSON over HTTP: what `once --format json` prints, for programs that are no Prometheus."""

import asyncio
import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sems_exporter.clock import Clock
from sems_exporter.exposition.json_form import of_station, written
from sems_exporter.pipeline.staleness import StationView
from sems_exporter.store import StationStore
from sems_exporter.web.http.daemon_threads import in_thread
from sems_exporter.web.http.messages import JSON, Request, Response
from sems_exporter.web.http.negotiation import accepts_gzip

PATH = "/api/v1/stations"
SMALL_STATIONS = 30
"""Stations up to which a body is compressed well; more are compressed quickly."""


@dataclass(slots=True)
class _Body:
    """What was made at `made_at` and is true until `until`, unless a station changes; None is for ever."""

    content: bytes
    tag: str
    made_at: datetime
    until: datetime | None
    compressed: bytes = b""


class StationsApi:
    """Makes a body when a station has changed since the last one; nothing here asks the portal anything.

    The tag is that of the stations alone, and weak: `taken_at` and the compression make no other answer.
    """

    def __init__(self, store: StationStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._turn = asyncio.Lock()
        self._changed = False
        self._written: dict[str, tuple[StationView, bytes]] = {}
        self._body: _Body | None = None
        store.subscribe(self._note)

    async def answer(self, request: Request) -> Response:
        """All stations, or 304 where the client has them as they are; raises Refused."""
        request.parameters()
        compressed = accepts_gzip(request.header(b"accept-encoding"))
        async with self._turn:
            body = await in_thread("stations", lambda: self._current(compressed=compressed))
        # Kept by whoever asks, but never shown without asking whether it is still true.
        headers = (("etag", body.tag), ("cache-control", "private, no-cache"), ("vary", "Accept-Encoding"))
        if _names(request.header(b"if-none-match").decode("latin-1"), body.tag):
            return Response(304, JSON, b"", headers)
        if compressed:
            return Response(200, JSON, body.compressed, (*headers, ("content-encoding", "gzip")))
        return Response(200, JSON, body.content, headers)

    def _note(self, _stations: Iterable[str]) -> None:
        self._changed = True

    def _current(self, *, compressed: bool) -> _Body:
        now, body = self._clock.now(), self._body
        if body is None or self._changed or now < body.made_at or (body.until is not None and now >= body.until):
            self._changed = False
            body = self._body = self._make(now)
        if compressed and not body.compressed:
            body.compressed = gzip.compress(body.content, 6 if len(self._written) <= SMALL_STATIONS else 1, mtime=0)
        return body

    def _make(self, now: datetime) -> _Body:
        shown = self._store.shown(now)
        # A view is another one as soon as anything of its station is.
        self._written = {view.station.id: (view, self._text(view)) for view in shown}
        stations = b", ".join(text for _, text in self._written.values())
        tag = f'W/"{hashlib.blake2b(stations, digest_size=12).hexdigest()}"'
        content = f'{{"taken_at": "{now.isoformat(timespec="seconds")}", "stations": ['.encode() + stations + b"]}\n"
        return _Body(content, tag, now, min((view.until for view in shown if view.until), default=None))

    def _text(self, view: StationView) -> bytes:
        last, text = self._written.get(view.station.id, (None, b""))
        return text if last is view else written(of_station(view)).encode()


def _names(if_none_match: str, tag: str) -> bool:
    """Tell whether a client has what `tag` stands for, by the comparison that RFC 9110, 13.1.2 wants."""
    named = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in named or tag.removeprefix("W/") in named

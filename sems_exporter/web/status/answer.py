"""The status page as a route: which part of it is asked for, and rendering that holds nobody up."""

import asyncio
import gzip
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sems_exporter.model.plant import Station
from sems_exporter.web.http.daemon_threads import in_thread
from sems_exporter.web.http.messages import HTML, Refused, Request, Response
from sems_exporter.web.http.negotiation import accepts_gzip
from sems_exporter.web.status.language import Language, wanted
from sems_exporter.web.status.page import (
    CONTENT_SECURITY_POLICY,
    NoSuchView,
    PageStatus,
    Past,
    View,
    render_page,
)

FRESH = 1.0
"""Seconds for which a rendered page serves everybody who asks."""
MOST_VIEWS = 32
"""Views that are kept for so long."""
COMPRESSION = 6


@dataclass(frozen=True, slots=True)
class _Rendered:
    plain: bytes
    compressed: bytes


class StatusPage:
    """Renders in a thread, one page at a time, so that a large fleet does not keep scrapes waiting."""

    def __init__(
        self,
        stations: Callable[[], Sequence[Station]],
        status: Callable[[], PageStatus],
        timer: Callable[[], float] = time.monotonic,
        past: Past | None = None,
    ) -> None:
        self._look = stations
        self._status = status
        self._past = past
        self._timer = timer
        self._turn = asyncio.Lock()
        self._seen: tuple[Sequence[Station], PageStatus] | None = None
        self._until = 0.0
        self._views: dict[tuple[View, str], _Rendered] = {}

    async def answer(self, request: Request) -> Response:
        """The page, or the part of it that the query names; raises Refused."""
        view, language = _view(request), wanted(request.header(b"accept-language"))
        try:
            async with self._turn:
                found = await in_thread("status page", lambda: self._rendered(view, language))
        except NoSuchView:
            raise Refused(404, "no such station, or no such page") from None
        compressed = accepts_gzip(request.header(b"accept-encoding"))
        encoding = (("content-encoding", "gzip"),) if compressed else ()
        headers = (
            ("content-security-policy", CONTENT_SECURITY_POLICY),
            ("content-language", language.tag),
            ("vary", "Accept-Encoding, Accept-Language"),
            *encoding,
        )
        return Response(200, HTML, found.compressed if compressed else found.plain, headers)

    def _rendered(self, view: View, language: Language) -> _Rendered:
        now = self._timer()
        if self._seen is None or now >= self._until or len(self._views) >= MOST_VIEWS:
            self._seen, self._until, self._views = (self._look(), self._status()), now + FRESH, {}
        key = view, language.tag
        if key not in self._views:
            page = render_page(*self._seen, view, self._past, language)
            self._views[key] = _Rendered(page, gzip.compress(page, COMPRESSION, mtime=0))
        return self._views[key]


def _view(request: Request) -> View:
    named = request.parameters("station", "page", "kiosk", others_ignored=True)
    kiosk = named.pop("kiosk", None) is not None
    page = named.get("page", "1")
    if not page.isascii() or not page.isdigit() or len(page) > 4 or len(named) > 1:
        raise Refused(400, "name a station, or a page by its number")
    return View(named.get("station"), int(page), kiosk)

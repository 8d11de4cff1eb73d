"""What is delivered, by kind: bytes by the name of their file, made of what is known at the moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from sems_exporter.clock import Clock
from sems_exporter.delivery.article import article_file
from sems_exporter.delivery.textfile import textfile
from sems_exporter.exposition import Format, Renderer
from sems_exporter.exposition.json_form import as_json, written
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.staleness import StationView
from sems_exporter.web.status.copy import render_copy
from sems_exporter.web.status.page import PageStatus, Past

Files: TypeAlias = Mapping[str, bytes]
"""The content by the name of each file, in the order in which they are to appear."""
PAGE, DATA = "index.html", "data.json"


class Kind(StrEnum):
    """What can be delivered."""

    TEXTFILE = "textfile"
    JSON = "json"
    ARTICLE = "article"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Contents:
    """Makes the files of each kind. `look` shows the stations without what is too old; `status` is for the page."""

    clock: Clock
    exposition: Renderer
    look: Callable[[datetime], Sequence[StationView]]
    status: Callable[[], PageStatus]
    past: Past

    def of(self, kind: Kind) -> Files:
        """The files of this kind as they are true now; one, without a name, unless it is the page."""
        now = self.clock.now()
        match kind:
            case Kind.TEXTFILE:
                body = self.exposition.body(Format.TEXT, compressed=False) or b""
                return {"": textfile(body.decode())}
            case Kind.JSON:
                return {"": _document(self.look(now), now)}
            case Kind.ARTICLE:
                return {"": article_file(self.look(now))}
            case Kind.PAGE:
                shown = self.look(now)
                stations = [view.station for view in shown]
                # What an account is called in the settings is nobody's business, and the page does not say it.
                public = [replace(view, station=_without_account(view.station)) for view in shown]
                page = render_copy(stations, self.status(), self.past, DATA)
                return {DATA: _document(public, now), PAGE: page}

    def until(self) -> datetime | None:
        """The instant at which age changes something of what is true now; None where it changes nothing."""
        return min((view.until for view in self.look(self.clock.now()) if view.until is not None), default=None)


def _document(stations: Sequence[StationView], now: datetime) -> bytes:
    return f"{written(as_json(list(stations), now), indent=2)}\n".encode()


def _without_account(station: Station) -> Station:
    return replace(station, account=None) if station.account else station

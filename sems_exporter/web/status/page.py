"""The status page: one self-contained HTML document that needs no network, no script and no style but its own."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import quote

from sems_exporter.model.plant import Station
from sems_exporter.web.status import palette
from sems_exporter.web.status.badges import badge, icon
from sems_exporter.web.status.day import Curves, Day, Known, day_of
from sems_exporter.web.status.moments import ago, until
from sems_exporter.web.status.overview import overview, parts
from sems_exporter.web.status.station_block import folded_block, open_block

FOLD_ABOVE = 6
"""With more stations than this the page starts with an overview and folds each station's block."""
APART_ABOVE = 24
"""With more than this each station has a page of its own, and the first page is the overview alone."""
ROWS = 100
"""Stations in one part of the overview."""


def _part(suffix: str) -> str:
    return files("sems_exporter.web.status").joinpath(f"page.{suffix}").read_text("utf-8").strip()


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


_DOCUMENT, _SCRIPT = Template(_part("html")), _part("js")
_STYLE = f"{palette.style()}\n{_part('css')}"

CONTENT_SECURITY_POLICY: str = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_source(_STYLE)}",
        f"script-src {_source(_SCRIPT)}",
        "img-src data:",  # the icon of the browser tab
        "connect-src 'self'",  # the script fetches this page again
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The header that lets the page's own style and script run and nothing else."""


@dataclass(frozen=True, slots=True)
class PageStatus:
    """What the page says about the exporter itself. Instants are aware; `up` is None before the first refresh ends."""

    now: datetime
    version: str
    up: bool | None
    last_success: datetime | None
    next_refresh: datetime | None
    problem: str | None
    simulated: bool
    metrics_path: str
    snapshot_max_age: float
    data_max_age: float = 1200.0


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the page is wanted: one station by its id, or a part of the overview, counted from 1."""

    station: str | None = None
    page: int = 1


WHOLE = View()


class NoSuchView(Exception):
    """There is no such station, or the overview has not so many parts."""


def no_curves(_station: Station, _begin: datetime, _end: datetime) -> Known:
    """Nothing is known of any day."""
    return ()


def render_page(
    stations: Sequence[Station], status: PageStatus, view: View = WHOLE, curves: Curves = no_curves
) -> bytes:
    """The document in UTF-8; raises NoSuchView.

    Values of `stations` that are too old to trust have been taken out before. `curves` tells of their day.
    """
    document = _DOCUMENT.substitute(
        style=_STYLE,
        script=_SCRIPT,
        now=f"{status.now.timestamp():.0f}",
        title=f"{_overall(status)[2]} · SEMS exporter",
        badges=_badges(status),
        notice=_notice(status),
        content=_content(stations, status, view, curves),
        metrics_path=escape(status.metrics_path),
        version=escape(status.version),
        refreshes=_refreshes(status),
    )
    # A name may hold half a surrogate pair, which JSON can spell and UTF-8 cannot.
    return document.encode("utf-8", "replace")


def _overall(status: PageStatus) -> tuple[str, str, str, str]:
    """Icon, tone, word and sentence for the state of the exporter as a whole."""
    if status.problem or status.up is False:
        return "alert", "bad", "Trouble", status.problem or "The last refresh failed."
    if status.up is None:
        return "wait", "calm", "Waiting", "Waiting for the first data from the portal."
    return "ok", "good", "OK", ""


def _badges(status: PageStatus) -> str:
    shape, tone, word, _ = _overall(status)
    marked = "" if status.up is None else f' data-metric="sems_up" data-value="{float(status.up)!r}"'
    simulated = badge("what", "warn", "simulated plant") if status.simulated else ""
    return simulated + badge(shape, tone, word, marked)


def _notice(status: PageStatus) -> str:
    shape, tone, _, sentence = _overall(status)
    return f'<p class="notice {tone}">{icon(shape)}<span>{escape(sentence)}</span></p>' if sentence else ""


def _content(stations: Sequence[Station], status: PageStatus, view: View, curves: Curves) -> str:
    if view.station is not None:
        return _alone([station for station in stations if station.id == view.station], status, curves)
    first = (view.page - 1) * ROWS
    if view.page != 1 and not 0 < first < len(stations):
        raise NoSuchView
    if not stations:
        return f'<section class="station empty">{_empty(status)}</section>'
    if len(stations) > APART_ABOVE:
        rows = [(_link(station), station) for station in stations[first : first + ROWS]]
        table = overview(rows, status.now, status.snapshot_max_age, count=len(stations))
        return table + parts(view.page, -(-len(stations) // ROWS))
    return _together(stations, status, curves)


def _link(station: Station) -> str:
    return f"/?station={quote(station.id, safe='', errors='replace')}"


def _together(stations: Sequence[Station], status: PageStatus, curves: Curves) -> str:
    named = [(f"s{number}", station) for number, station in enumerate(stations, 1)]
    folded = len(named) > FOLD_ABOVE
    block = folded_block if folded else open_block
    blocks = "".join(
        block(station, anchor, status.now, status.snapshot_max_age, _day(station, status, curves))
        for anchor, station in named
    )
    if not folded:
        return blocks
    rows = [(f"#{anchor}", station) for anchor, station in named]
    return overview(rows, status.now, status.snapshot_max_age, count=len(rows)) + blocks


def _alone(found: Sequence[Station], status: PageStatus, curves: Curves) -> str:
    if not found:
        raise NoSuchView
    back = '<nav class="parts" aria-label="Stations"><a href="/">All stations</a></nav>'
    day = _day(found[0], status, curves)
    return back + open_block(found[0], "s1", status.now, status.snapshot_max_age, day)


def _day(station: Station, status: PageStatus, curves: Curves) -> Day:
    return day_of(station, status.now, status.data_max_age, curves)


def _empty(status: PageStatus) -> str:
    if status.up:
        return "<h2>No stations</h2><p>The account answers, but shows no station to this exporter.</p>"
    return "<h2>No data yet</h2><p>Stations appear here as soon as the portal has answered. The page renews itself.</p>"


def _refreshes(status: PageStatus) -> str:
    last = "none yet" if status.last_success is None else ago(status.last_success, status.now)
    following = "" if status.next_refresh is None else f" · next refresh {until(status.next_refresh, status.now)}"
    return f"last good refresh {last}{following}"

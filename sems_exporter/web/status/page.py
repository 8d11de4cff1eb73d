"""The status page: one self-contained HTML document that needs no network, no script and no style but its own."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import quote

from sems_exporter.curves.week import DayTotal
from sems_exporter.model.plant import Station
from sems_exporter.web.status import palette
from sems_exporter.web.status.badges import badge, icon
from sems_exporter.web.status.day import Curves, Known, day_of
from sems_exporter.web.status.language import ENGLISH, Language, marked, speaking, tag, tr
from sems_exporter.web.status.moments import ago, script_words, until
from sems_exporter.web.status.overview import overview, parts
from sems_exporter.web.status.station_block import Surroundings, folded_block, open_block
from sems_exporter.web.status.week import Days, week_of

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
_FOOTER = Template(
    '<footer>\n<p>$refreshes</p>\n<nav aria-label="$exporter">$links</nav>\n<p>$version</p>\n</footer>\n'
)
_HEAD = (
    '<link rel="icon" href="/icon.svg">\n<link rel="apple-touch-icon" href="/icon-192.png">\n'
    '<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">'
)
_STYLE = f"{palette.style()}\n{_part('css')}"

CONTENT_SECURITY_POLICY: str = "; ".join(
    (
        "default-src 'none'",
        f"style-src {_source(_STYLE)}",
        f"script-src {_source(_SCRIPT)}",
        "img-src 'self'",  # the icon of the browser tab
        "manifest-src 'self'",
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
    """Which part of the page is wanted: one station by its id, or a part of the overview, counted from 1.

    `kiosk` is the form for a screen on the wall: large, without anything to touch.
    """

    station: str | None = None
    page: int = 1
    kiosk: bool = False


WHOLE = View()


class NoSuchView(Exception):
    """There is no such station, or the overview has not so many parts."""


def no_curves(_station: Station, _begin: datetime, _end: datetime) -> Known:
    """Nothing is known of any day."""
    return ()


def no_days(_station: Station, _day: date) -> DayTotal | None:
    """Nothing is known of any day."""
    return None


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the content, depending on where the page is read: HTML, but for `lost`, which is a text.

    `marks` are attributes for the script: with `data-limit`, nothing is shown so many seconds after it was written.
    """

    head: str
    marks: str
    lost: str
    footer: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What tells of the stations' powers today, and of their energies on the days before."""

    curves: Curves = no_curves
    days: Days = no_days


def render_page(
    stations: Sequence[Station],
    status: PageStatus,
    view: View = WHOLE,
    past: Past | None = None,
    language: Language = ENGLISH,
) -> bytes:
    """The document in UTF-8; raises NoSuchView.

    Values of `stations` that are too old to trust have been taken out before.
    """
    with speaking(language):
        frame = Frame(
            head=_HEAD,
            marks="",
            lost=tr("The exporter does not answer; this page shows what it said last."),
            footer="" if view.kiosk else _footer(status),
            kind=' class="kiosk"' if view.kiosk else "",
        )
        return framed(_content(stations, status, view, past or Past()), status, frame)


def framed(content: str, status: PageStatus, frame: Frame) -> bytes:
    """The document around `content`, in UTF-8."""
    document = _DOCUMENT.substitute(
        language=tag(),
        words=escape(json.dumps(script_words(), ensure_ascii=False)),
        lost=frame.lost,
        kind=frame.kind,
        head=frame.head,
        marks=frame.marks,
        footer=frame.footer,
        style=_STYLE,
        script=_SCRIPT,
        now=f"{status.now.timestamp():.0f}",
        title=f"{_overall(status)[2]} · SEMS exporter",
        badges=_badges(status),
        notice=_notice(status),
        content=content,
    )
    # A name may hold half a surrogate pair, which JSON can spell and UTF-8 cannot.
    return document.encode("utf-8", "replace")


def _overall(status: PageStatus) -> tuple[str, str, str, str]:
    """Icon, tone, word and sentence for the state of the exporter as a whole."""
    if status.problem or status.up is False:
        return "alert", "bad", tr("Trouble"), status.problem or tr("The last refresh failed.")
    if status.up is None:
        return "wait", "calm", tr("Waiting"), tr("Waiting for the first data from the portal.")
    return "ok", "good", tr("OK"), ""


def _badges(status: PageStatus) -> str:
    shape, tone, word, _ = _overall(status)
    mark = "" if status.up is None else f' data-metric="sems_up" data-value="{float(status.up)!r}"'
    simulated = badge("what", "warn", tr("simulated plant")) if status.simulated else ""
    return simulated + badge(shape, tone, word, mark)


def _notice(status: PageStatus) -> str:
    shape, tone, _, sentence = _overall(status)
    foreign = ' lang="en"' if sentence == status.problem and tag() != "en" else ""
    return f'<p class="notice {tone}">{icon(shape)}<span{foreign}>{escape(sentence)}</span></p>' if sentence else ""


def surroundings(status: PageStatus, past: Past, *, kiosk: bool = False) -> Callable[[Station], Surroundings]:
    """What finds the surroundings of a station."""

    def around(station: Station) -> Surroundings:
        day = day_of(station, status.now, status.data_max_age, past.curves)
        week = week_of(station, status.now, past.days)
        return Surroundings(status.now, status.snapshot_max_age, day, week, kiosk)

    return around


def _content(stations: Sequence[Station], status: PageStatus, view: View, past: Past) -> str:
    around = surroundings(status, past, kiosk=view.kiosk)
    if view.station is not None:
        return _alone([station for station in stations if station.id == view.station], around, view)
    first = (view.page - 1) * ROWS
    if view.page != 1 and not 0 < first < len(stations):
        raise NoSuchView
    if not stations:
        return f'<section class="station empty">{_empty(status)}</section>'
    if len(stations) > (FOLD_ABOVE if view.kiosk else APART_ABOVE):
        rows = [("" if view.kiosk else _link(station), station) for station in stations[first : first + ROWS]]
        table = overview(rows, status.now, status.snapshot_max_age, count=len(stations))
        return table if view.kiosk else table + parts(view.page, -(-len(stations) // ROWS))
    return stations_together(stations, status, around)


def _link(station: Station) -> str:
    return f"/?station={quote(station.id, safe='', errors='replace')}"


def stations_together(
    stations: Sequence[Station], status: PageStatus, around: Callable[[Station], Surroundings]
) -> str:
    """All that is known of each station, below an overview where there are many."""
    named = [(f"s{number}", station) for number, station in enumerate(stations, 1)]
    folded = len(named) > FOLD_ABOVE
    block = folded_block if folded else open_block
    blocks = "".join(block(station, anchor, around(station)) for anchor, station in named)
    if not folded:
        return blocks
    rows = [(f"#{anchor}", station) for anchor, station in named]
    return overview(rows, status.now, status.snapshot_max_age, count=len(rows)) + blocks


def _alone(found: Sequence[Station], around: Callable[[Station], Surroundings], view: View) -> str:
    if not found:
        raise NoSuchView
    back = f'<nav class="parts" aria-label="{tr("Stations")}"><a href="/">{tr("All stations")}</a></nav>'
    block = open_block(found[0], "s1", around(found[0]))
    return block if view.kiosk else back + block


def _empty(status: PageStatus) -> str:
    if status.up:
        title, text = marked("No stations"), marked("The account answers, but shows no station to this exporter.")
    else:
        title = marked("No data yet")
        text = marked("Stations appear here as soon as the portal has answered. The page renews itself.")
    return f"<h2>{tr(title)}</h2><p>{tr(text)}</p>"


def _footer(status: PageStatus) -> str:
    links = (
        f'<a href="{escape(status.metrics_path)}">{tr("Metrics")}</a> '
        f'<a href="/-/healthy">{tr("Healthy")}</a> <a href="/-/ready">{tr("Ready")}</a>'
    )
    return footer(status, links)


def footer(status: PageStatus, links: str) -> str:
    """When it was refreshed, these links, and the version."""
    return _FOOTER.substitute(
        exporter=tr("Exporter"),
        links=links,
        version=tr("version {version}", version=escape(status.version)),
        refreshes=_refreshes(status),
    )


def _refreshes(status: PageStatus) -> str:
    last = tr("none yet") if status.last_success is None else ago(status.last_success, status.now)
    told = tr("last good refresh {ago}", ago=last)
    if status.next_refresh is None:
        return told
    return f"{told} · {tr('next refresh {time}', time=until(status.next_refresh, status.now))}"

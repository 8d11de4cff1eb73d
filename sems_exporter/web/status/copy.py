"""A copy of the status page to publish: one file that needs neither the exporter nor any other file."""

from collections.abc import Sequence
from datetime import UTC
from html import escape

from sems_exporter.model.plant import Station
from sems_exporter.web.status.language import ENGLISH, speaking
from sems_exporter.web.status.overview import overview
from sems_exporter.web.status.page import (
    CONTENT_SECURITY_POLICY,
    Frame,
    PageStatus,
    Past,
    footer,
    framed,
    stations_together,
    surroundings,
)

MOST_TOGETHER = 100
"""Stations up to which all that is known of each is in the file; of more it holds the overview alone."""
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http:%2F%2Fwww.w3.org%2F2000%2Fsvg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' "
    "cy='8' r='8' fill='%23b45309'/%3E%3Cpath d='M9 2 4 9h3l-1 5 6-7H8z' fill='%23fff'/%3E%3C/svg%3E"
)
_ELSEWHERE = {"img-src 'self'": "img-src data:", "; manifest-src 'self'": "", "; frame-ancestors 'none'": ""}
"""What of the policy is another one: the icon is in the file, and the last is heeded in a header only."""


def render_copy(stations: Sequence[Station], status: PageStatus, past: Past, data: str) -> bytes:
    """The document in UTF-8; `data` is the address, from there, of the same as data.

    A copy that nobody renews would go on saying what was true once, so after `data_max_age` its script takes away
    everything but that it stands still.
    """
    with speaking(ENGLISH):
        return _copy(stations, status, past, data)


def _copy(stations: Sequence[Station], status: PageStatus, past: Past, data: str) -> bytes:
    if 0 < len(stations) <= MOST_TOGETHER:
        content = stations_together(stations, status, surroundings(status, past))
    else:
        rows = [("", station) for station in stations]
        content = overview(rows, status.now, status.snapshot_max_age, count=len(rows))
    policy = CONTENT_SECURITY_POLICY
    for here, there in _ELSEWHERE.items():
        policy = policy.replace(here, there)
    policy_tag = f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'
    frame = Frame(
        head=f'{policy_tag}\n<link rel="icon" href="{_ICON}">',
        marks=f' data-limit="{status.data_max_age:g}"',
        lost="This copy of the page is not renewed any more; what it said is too old to be shown.",
        footer=footer(
            status, f'<a href="{escape(data)}">Data</a> written {status.now.astimezone(UTC):%Y-%m-%d %H:%M} UTC'
        ),
    )
    return framed(content, status, frame)

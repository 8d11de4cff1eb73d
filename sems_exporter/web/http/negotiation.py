"""Which format, encoding and language a client wants. Pure functions of its headers (RFC 9110, 12.5)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sems_exporter.exposition import Format

MOST_REMEMBERED = 64
"""Different pairs of headers whose meaning is remembered; scrapers repeat theirs."""

_OFFERS: dict[str, tuple[Format, frozenset[str]]] = {
    "application/openmetrics-text": (Format.OPENMETRICS, frozenset({"", "1.0.0"})),
    "text/plain": (Format.TEXT, frozenset({"", "0.0.4"})),
}


@dataclass(frozen=True, slots=True)
class _Wish:
    name: str
    version: str
    quality: float


@lru_cache(MOST_REMEMBERED)
def negotiated(accept: bytes, accept_encoding: bytes) -> tuple[Format, bool]:
    """Format, and whether to compress, for the two headers as they came."""
    return format_for(accept.decode("latin-1")), accepts_gzip(accept_encoding)


def format_for(accept: str) -> Format:
    """The format that `accept` prefers; plain text where it names neither, wants neither, or makes no sense.

    Of equally welcome formats one that is named in full comes before a range; beyond that, OpenMetrics is first.
    """
    best, rank = Format.TEXT, (0.0, False, False)
    for wish in _wishes(accept):
        offer = _offer(wish)
        its_rank = (wish.quality, wish.name in _OFFERS, offer is Format.OPENMETRICS)
        if offer is not None and wish.quality > 0 and its_rank > rank:
            best, rank = offer, its_rank
    return best


def _offer(wish: _Wish) -> Format | None:
    if wish.name in _OFFERS:
        offered, versions = _OFFERS[wish.name]
        return offered if wish.version in versions else None
    if wish.name in ("*/*", "text/*"):
        return Format.TEXT
    return Format.OPENMETRICS if wish.name == "application/*" else None


def language_for(accept_language: str, offered: Collection[str]) -> str | None:
    """The most welcome of the languages that are `offered`, by "Lookup" of RFC 4647; None where none is.

    "de-AT" is served by "de", and of equally welcome ones the first that is named counts.
    """
    for wish in sorted(_wishes(accept_language), key=lambda wish: -wish.quality):
        parts = wish.name.split("-")
        ranges = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
        found = next((name for name in ranges if name in offered), None)
        if wish.quality > 0 and (found or wish.name == "*"):
            return found
    return None


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Tell whether gzip is welcome, and no less so than no encoding at all."""
    qualities = {wish.name: wish.quality for wish in _wishes(accept_encoding.decode("latin-1"))}
    gzip = qualities.get("gzip", qualities.get("x-gzip", qualities.get("*", 0.0)))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)


def _wishes(header: str) -> Iterator[_Wish]:
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        values = dict(_pair(parameter) for parameter in parameters)
        if name:
            yield _Wish(name, values.get("version", ""), _quality(values.get("q", "1")))


def _pair(parameter: str) -> tuple[str, str]:
    name, _, value = parameter.partition("=")
    return name.strip(), value.strip().strip('"')


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0

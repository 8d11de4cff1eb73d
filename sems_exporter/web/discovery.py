"""Service discovery over HTTP: tells Prometheus which scrapes to make, so that it takes a fleet in parts."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from sems_exporter.web.http.daemon_threads import in_thread
from sems_exporter.web.http.messages import JSON, Refused, Request, Response

_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?")

Labels: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """A station that can be scraped, the account that shows it, and its name if it has one."""

    station: str
    account: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Discovery:
    """What there is to scrape at `path`: the `stations`, and the `accounts` that have names.

    The address is the one by which the list was asked for, or `external_url` if it is set.
    """

    path: str
    stations: Callable[[], Sequence[Listed]] = tuple
    accounts: Sequence[str] = ()
    external_url: str | None = None

    async def answer(self, request: Request) -> Response:
        """The list of targets in the form of http_sd_config; raises Refused.

        One target a station and one for the exporter itself, or with `by=account` one target an account and one for
        the process. Each has a label `part` of its own, so that each has its own `up`.
        """
        by = request.parameters("by").get("by", "station")
        if by not in ("station", "account"):
            raise Refused(400, "by can be station or account")
        address, base = _reached(request, self.path, self.external_url)
        wanted = _by_account(self.accounts)
        if by == "station":
            wanted = _by_station(await in_thread("discovery", self.stations))
        groups = [{"targets": [address], "labels": base | labels} for labels in wanted]
        return Response(200, JSON, json.dumps(groups).encode())


def _by_station(known: Sequence[Listed]) -> Iterator[Labels]:
    for one in known:
        yield {
            "part": one.station,
            "__param_station": one.station,
            "__meta_sems_station": one.station,
            "__meta_sems_station_name": one.name or "",
            "__meta_sems_account": one.account,
        }
    yield {"part": "exporter", "__param_only": "exporter"}


def _by_account(accounts: Sequence[str]) -> Iterator[Labels]:
    # Also those that show no station: that one of them fails is what its own metrics are for.
    if not accounts:
        # The one account of the plain settings has no name: a scrape of everything is its scrape.
        yield {}
        return
    for account in accounts:
        yield {"part": account, "__param_account": account, "__meta_sems_account": account}
    yield {"part": "process", "__param_only": "process"}


def _reached(request: Request, path: str, external_url: str | None) -> tuple[str, Labels]:
    """Under which address, scheme and path Prometheus reaches the metrics: as configured, else as it reached this."""
    if external_url:
        parts = urlsplit(external_url)
        address, secure, path = parts.netloc, parts.scheme == "https", parts.path.rstrip("/") + path
    else:
        address, secure = request.header(b"host").decode("latin-1"), request.secure
    match = _HOST.fullmatch(address)
    if match is None:
        raise Refused(400, "a Host that is a name or an address is needed")
    if match[2] is None:
        address += ":443" if secure else ":80"
    return address, {"__metrics_path__": path} | ({"__scheme__": "https"} if secure else {})

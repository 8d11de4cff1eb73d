"""Where every request arrives: it finds out the dialect and the call, and hands the call to that dialect."""

from collections.abc import Iterable, Sequence
from typing import get_args

from sems_exporter.simulator.classic import classic_dialect, classic_signin
from sems_exporter.simulator.classic.wire import ClassicQuirks
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.semsplus import semsplus_dialect, signin
from sems_exporter.simulator.server.account import Account
from sems_exporter.simulator.server.answers import Answer
from sems_exporter.simulator.server.dialect_interface import Dialect, Moment, Recordings
from sems_exporter.simulator.server.wire import Call, Request

ENDPOINTS = (*semsplus_dialect.ENDPOINTS, *classic_dialect.CLASSIC_ENDPOINTS)
SIGN_INS = ("login", "classic_login", "web_login")


def known_dialects(dialects: Iterable[str]) -> frozenset[str]:
    """The set of these dialects, if the portal can speak them all."""
    spoken = frozenset(dialects)
    unknown = spoken - set(get_args(Dialect))
    if unknown:
        raise ValueError(f"unknown dialect {min(unknown)!r}; there are {', '.join(get_args(Dialect))}")
    return spoken


def known_endpoint(name: str) -> str:
    """The name of an endpoint, or `endpoint.DEVICETYPE`, if there is that endpoint."""
    if name.partition(".")[0] not in ENDPOINTS:
        raise ValueError(f"unknown endpoint {name!r}; there are {', '.join(ENDPOINTS)}")
    return name


class Dispatcher:
    """Both dialects of the portal, of which one may be spoken no longer."""

    def __init__(
        self, plants: Sequence[Plant], account: Account, base: str, tolerance: float | None, recordings: Recordings
    ) -> None:
        """`base` is the portal's address without a path; `tolerance` the seconds a signature may be off."""
        self.quirks, self.web = ClassicQuirks(), signin.WebQuirks()
        self._account, self._recordings = account, recordings
        self._spoken: frozenset[str] = frozenset(get_args(Dialect))
        web = signin.SignIn(account, self.web, f"{base}{semsplus_dialect.API_PATH}", tolerance)
        old = classic_signin.ClassicSignIn(account, self.quirks)
        self._semsplus = semsplus_dialect.SemsPlusDialect(plants, web, account, self.web)
        self._classic = classic_dialect.ClassicDialect(plants, old, self.quirks, base, account.name)

    def speak(self, spoken: frozenset[str]) -> None:
        """Speak these dialects from now on; sessions of the others end, unless they are to see empty data."""
        self._spoken = spoken
        if "semsplus" not in spoken:
            self._account.end(signin.KIND)
        if "classic" not in spoken and self.quirks.when_off == "agreement":
            self._account.end(classic_signin.KIND, classic_signin.WEB_KIND)

    def route(self, request: Request) -> Call | None:
        """The call a request makes, or None for a route that neither dialect has."""
        return semsplus_dialect.route(request) or classic_dialect.route(request)

    def answer(self, call: Call, request: Request, moment: Moment) -> Answer:
        """What the dialect of the call says."""
        if call.endpoint in semsplus_dialect.ENDPOINTS:
            spoken = "semsplus" in self._spoken
            return self._semsplus.answer(call, request, moment, self._recordings, spoken=spoken)
        return self._classic.answer(call, request, moment, self._recordings, spoken="classic" in self._spoken)

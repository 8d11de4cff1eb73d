"""The simulated portal: a loopback server that speaks SEMS+ over simulated plants."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sems_exporter.simulator.clock import SimulatedClock
from sems_exporter.simulator.demo import demo_plants
from sems_exporter.simulator.faults import Answer, Captures, Mutation, Script
from sems_exporter.simulator.plant import Plant
from sems_exporter.simulator.semsplus import API_PATH, ENDPOINTS, LOGIN_PATH, NOT_FOUND, Plants, route
from sems_exporter.simulator.server import PortalServer
from sems_exporter.simulator.signin import SignIn
from sems_exporter.simulator.wire import (
    Call,
    JsonObject,
    Refusal,
    Request,
    refusal,
    success,
    success_without_data,
)

_KEPT_REQUESTS = 100_000
_VERSION: JsonObject = {"version": "0.0.0-simulated", "buildTime": "2026-01-01T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as the portal saw it.

    `instant` is simulated time; `endpoint` "" for an unknown route; `path` includes the query; `outcome` is the result
    code of the answer, `scripted-STATUS` for a scripted one, or `http-404`.
    """

    instant: datetime
    endpoint: str
    path: str
    outcome: str


class SimulatedPortal:
    """A SEMS+ portal on loopback; use it as a context manager.

    Endpoint names, for `script`, `script_always`, `mutate`, `answers` and the record: login, stations, info, flow,
    devices, telemetry, telecounting, information, batteries, statistics, production, alarm_statistics, alarms, user,
    version. Those with a `deviceType` in the query also answer to `endpoint.DEVICETYPE`.
    """

    def __init__(
        self,
        plants: Sequence[Plant] | None = None,
        *,
        clock: SimulatedClock | None = None,
        account: str = "demo@example.com",
        password: str = "demo",  # noqa: S107 - guards nothing but invented plants
        host: str = "127.0.0.1",
        port: int = 0,
        answers: Mapping[str, Path] | None = None,
        signature_tolerance: float | None = 900.0,
    ) -> None:
        """Bind the port (0: any free one); `start` or `with` begins to answer.

        `plants` default to one demo plant. `answers` maps endpoint names to captured JSON files that are served in
        place of the plants' answers; station and device ids are not checked then. `signature_tolerance` is how many
        seconds the client's signatures may differ from `clock`; None for a clock that runs away from the client's.
        """
        self.clock = clock or SimulatedClock()
        self._captures = Captures(_known(answers or {}))
        self._script = Script()
        self._server = PortalServer((host, port), self._respond)
        self._sign_in = SignIn(account, password, self.gateway, self.clock, signature_tolerance)
        owned = demo_plants(1, clock=self.clock) if plants is None else plants
        self._plants = Plants(owned, account, self._sign_in.uid)
        self._requests: deque[RecordedRequest] = deque(maxlen=_KEPT_REQUESTS)
        self._record_lock = threading.Lock()
        self._login_attempts = self._logins = 0
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    @property
    def gateway(self) -> str:
        """The base address of the data calls, as the login answer names it."""
        return f"{self._base}{API_PATH}"

    @property
    def login_url(self) -> str:
        """The full address of the sign-in."""
        return f"{self._base}{LOGIN_PATH}"

    @property
    def requests(self) -> list[RecordedRequest]:
        """The last 100,000 requests, oldest first."""
        with self._record_lock:
            return list(self._requests)

    @property
    def login_attempts(self) -> int:
        """Requests to the sign-in, whatever the answer."""
        return self._login_attempts

    @property
    def logins(self) -> int:
        """Sign-ins that gave a session."""
        return self._logins

    def start(self) -> Self:
        """Begin to answer."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._server.serve, name="simulated-portal", daemon=True)
            self._thread.start()
        return self

    def close(self) -> None:
        """Stop answering and free the port; harmless when repeated."""
        if self._thread is None:
            self._server.server_close()
            return
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def steal_session(self) -> None:
        """Let another client sign in to the account: the session handed out last is dead from now on."""
        self._sign_in.end_session()

    def expire_session(self) -> None:
        """Let the session run out."""
        self._sign_in.end_session()

    def script(self, endpoint: str, *answers: Answer) -> None:
        """Serve `answers` to the next requests of `endpoint`, one each, in order."""
        self._script.add(_checked(endpoint), *answers)

    def script_always(self, endpoint: str, answer: Answer) -> None:
        """Serve `answer` to every request of `endpoint` that `script` leaves."""
        self._script.always(_checked(endpoint), answer)

    def mutate(self, endpoint: str, change: Mutation) -> None:
        """Let `change(envelope, parameters)` edit the decoded answers of `endpoint`, or return another.

        `parameters` holds the query, the path's serial number as `sn`, and the fields of a JSON body.
        """
        self._script.mutate(_checked(endpoint), change)

    def clear(self) -> None:
        """Forget all scripts and mutations."""
        self._script.clear()

    @property
    def _base(self) -> str:
        return f"http://{self._server.server_name}:{self.port}"

    def _respond(self, request: Request) -> Answer:
        call = route(request)
        if call is None:
            self._record("", request, "http-404")
            return Answer(404, dict(NOT_FOUND))
        scripted = self._script.take(call)
        if scripted is not None:
            self._record(call.endpoint, request, f"scripted-{scripted.status}")
            return scripted
        envelope = self._script.mutated(call, self._envelope(call, request))
        self._record(call.endpoint, request, str(envelope.get("code", "")))
        return Answer(200, envelope)

    def _envelope(self, call: Call, request: Request) -> JsonObject:
        try:
            return self._answer(call, request)
        except Refusal as refused:
            return refusal(refused.code)

    def _answer(self, call: Call, request: Request) -> JsonObject:
        if call.endpoint == "version":
            return self._captures.take(call) or dict(_VERSION)
        if call.endpoint == "login":
            return self._captures.take(call) or self._login(request)
        self._sign_in.check(request)
        captured = self._captures.take(call)
        if captured is not None:
            return captured
        try:
            return self._plants.answer(call, self.clock.now())
        except Refusal as refused:
            if self._captures and refused.code == "100025":
                return success_without_data()
            raise

    def _login(self, request: Request) -> JsonObject:
        data = self._sign_in.sign_in(request)
        if "token" in data:
            with self._record_lock:
                self._logins += 1
        return success(data)

    def _record(self, endpoint: str, request: Request, outcome: str) -> None:
        with self._record_lock:
            self._login_attempts += endpoint == "login"
            self._requests.append(RecordedRequest(self.clock.now(), endpoint, request.target, outcome))


def _checked(name: str) -> str:
    if name.partition(".")[0] not in ENDPOINTS:
        raise ValueError(f"unknown endpoint {name!r}; there are {', '.join(ENDPOINTS)}")
    return name


def _known(answers: Mapping[str, Path]) -> dict[str, Path]:
    return {_checked(name): path for name, path in answers.items()}

"""The simulated portal: a loopback server that speaks SEMS+ over simulated plants."""

import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sems_exporter.simulator.classic.wire import ClassicQuirks
from sems_exporter.simulator.plant.clock import SimulatedClock
from sems_exporter.simulator.plant.demo_plants import demo_plants
from sems_exporter.simulator.plant.plant import Plant
from sems_exporter.simulator.semsplus.semsplus_dialect import API_PATH, LOGIN_PATH
from sems_exporter.simulator.semsplus.signin import WebQuirks
from sems_exporter.simulator.server.account import Account
from sems_exporter.simulator.server.answers import Answer, Captures, Mutation, Script
from sems_exporter.simulator.server.breaks import BREAKS, Break
from sems_exporter.simulator.server.dialect_interface import Dialect, Moment
from sems_exporter.simulator.server.dispatcher import SIGN_INS, Dispatcher, known_dialects, known_endpoint
from sems_exporter.simulator.server.http_server import PortalServer, held_port
from sems_exporter.simulator.server.replay import Dump
from sems_exporter.simulator.server.request_log import RecordedRequest, RequestLog
from sems_exporter.simulator.server.wire import NOT_FOUND, Call, Refusal, Request, refusal


class SimulatedPortal:
    """A SEMS portal on loopback, new and old; use it as a context manager.

    The endpoint names for `script`, `script_always`, `mutate`, `answers` and the record are `ENDPOINTS`. Those with a
    `deviceType` in the query also answer to `endpoint.DEVICETYPE`.
    """

    def __init__(  # noqa: PLR0913 - a whole world in one call
        self,
        plants: Sequence[Plant] | None = None,
        *,
        clock: SimulatedClock | None = None,
        account: str = "demo@example.com",
        password: str = "demo",  # noqa: S107 - guards nothing but invented plants
        host: str = "127.0.0.1",
        port: int = 0,
        answers: Mapping[str, Path] | Dump | None = None,
        signature_tolerance: float | None = 900.0,
        dialects: Sequence[Dialect] = ("semsplus",),
        tls: ssl.SSLContext | None = None,
        strict: bool = False,
    ) -> None:
        """Bind the port (0: any free one); `start` or `with` begins to answer.

        `plants` default to one demo plant. `answers` maps endpoint names to captured JSON files that are served in
        place of the plants' answers; station and device ids are not checked then. For a `Dump` see `replaying`.
        `signature_tolerance` is how many seconds the client's signatures may differ from `clock`; None for a clock
        that runs away from the client's. `dialects` are those it speaks at first; see `speak`. `tls` holds its
        certificate; without one it speaks plain HTTP. `strict` wants the whole token back; see `web`.
        """
        self.clock = clock or SimulatedClock()
        recordings = answers if isinstance(answers, Dump) else Captures(_known(answers or {}))
        spoken = known_dialects(dialects)
        self._script = Script()
        self._scheme = "https" if tls else "http"
        self._server = PortalServer((host, port), self._respond, tls)
        self._address = (host, self._server.server_port)
        self._account = Account(account, password, self.clock)
        self.plants = tuple(demo_plants(1, clock=self.clock) if plants is None else plants)
        self._dispatcher = Dispatcher(self.plants, self._account, self.base, signature_tolerance, recordings)
        self._dispatcher.web.whole_token = strict
        self._dispatcher.speak(spoken)
        self._account.anyone = isinstance(answers, Dump)
        self._break: Break | None = None
        self._request_log = RequestLog()
        self._thread: threading.Thread | None = None
        self._held: socket.socket | None = None

    @classmethod
    def replaying(
        cls,
        dump: Path | str | Mapping[str, Any],
        *,
        clock: SimulatedClock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> Self:
        """A portal that serves a dump (its file or decoded content) and lets everybody sign in.

        The answer to a request is the one recorded for the same path, query and body (but for dates), else one of the
        same endpoint about the same ids, else a success without data. Times in the answers that were recent when the
        dump was taken are moved on to the time of `clock` (default: the real one), and headed `X-Times-Moved-By` with
        the seconds, so that an exporter finds values as old as they were.
        """
        clock = clock or SimulatedClock()
        recorded = Dump.read(dump, clock.now)
        return cls(
            [],
            clock=clock,
            host=host,
            port=port,
            answers=recorded,
            signature_tolerance=None,
            dialects=(recorded.dialect,),
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    @property
    def gateway(self) -> str:
        """The base address of the data calls, as the login answer names it."""
        return f"{self.base}{API_PATH}"

    @property
    def login_url(self) -> str:
        """The full address of the sign-in."""
        return f"{self.base}{LOGIN_PATH}"

    @property
    def base(self) -> str:
        """The address without a path, below which the classic routes are."""
        return f"{self._scheme}://{self._server.server_name}:{self.port}"

    @property
    def classic(self) -> ClassicQuirks:
        """How the classic dialect behaves; to be changed at any time."""
        return self._dispatcher.quirks

    @property
    def web(self) -> WebQuirks:
        """How the SEMS+ dialect behaves; to be changed at any time."""
        return self._dispatcher.web

    @property
    def requests(self) -> list[RecordedRequest]:
        """The last 100,000 requests, oldest first."""
        return self._request_log.requests()

    def forget_requests(self) -> None:
        """Begin the record anew."""
        self._request_log.clear()

    @property
    def answered(self) -> int:
        """How many requests it has made an answer to, sent or not."""
        return self._request_log.answered

    def wait_for_answer(self, after: int, seconds: float) -> bool:
        """Wait until `answered` is above `after`: a client that gives up is quicker than a busy portal. False: late."""
        return self._request_log.wait(after, seconds)

    @property
    def login_attempts(self) -> int:
        """Requests to any sign-in, whatever the answer."""
        return self._request_log.sign_ins

    @property
    def logins(self) -> int:
        """Sign-ins that gave a session."""
        return self._account.sessions

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return self._server.connections

    def start(self) -> Self:
        """Begin to answer, or begin again after `refuse`."""
        if self._held is not None:
            self._held.close()
            self._held = None
        if self._server.closing.is_set():
            self._server = PortalServer(self._address, self._respond, self._server.tls)
        if self._thread is None:
            self._thread = threading.Thread(target=self._server.serve, name="simulated-portal", daemon=True)
            self._thread.start()
        return self

    def close(self) -> None:
        """Stop answering and free the port; harmless when repeated."""
        if self._held is not None:
            self._held.close()
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

    def refuse(self) -> None:
        """End all connections and refuse new ones, until `start`."""
        if self._thread is not None:
            self._server.stop()
            self._thread.join()
            self._thread = None
            self._held = held_port(self._address)

    def hang_up(self) -> None:
        """End all connections; new ones are welcome."""
        self._server.hang_up()

    def present(self, tls: ssl.SSLContext) -> None:
        """End all connections, and show another certificate to whoever comes next."""
        self._server.tls = tls
        self.hang_up()

    def speak(self, *dialects: Dialect) -> None:
        """Speak these dialects from now on, and answer the others as the real portal did when it dropped them.

        Without "semsplus" its sign-in gives 100004; without "classic" see `classic.when_off`.
        """
        self._dispatcher.speak(known_dialects(dialects))

    def break_protocol(self, name: str) -> None:
        """Change the protocol as this one of `BREAKS` does, in place of any before; "" changes it back."""
        self._break = BREAKS[name] if name else None

    def steal_session(self) -> None:
        """Let another client sign in to the account: the session handed out last is dead from now on."""
        self._account.end()

    def change_password(self, password: str) -> None:
        """Let only this password in from now on; the session stays."""
        self._account.password = password

    def expire_session(self) -> None:
        """Let the session run out."""
        self._account.end()

    def script(self, endpoint: str, *answers: Answer) -> None:
        """Serve `answers` to the next requests of `endpoint`, one each, in order."""
        self._script.add(known_endpoint(endpoint), *answers)

    def script_always(self, endpoint: str, answer: Answer) -> None:
        """Serve `answer` to every request of `endpoint` that `script` leaves."""
        self._script.always(known_endpoint(endpoint), answer)

    def mutate(self, endpoint: str, change: Mutation) -> None:
        """Let `change(envelope, parameters)` edit the decoded answers of `endpoint`, or return another.

        `parameters` holds the query, the path's serial number as `sn`, and the fields of the body; for classic calls
        the names are in lower case, beside `version`.
        """
        self._script.mutate(known_endpoint(endpoint), change)

    def clear(self) -> None:
        """Forget all scripts and mutations."""
        self._script.clear()

    def _respond(self, request: Request) -> Answer:
        # Once and first: a client that gives up may move the clock before its answer is ready.
        now, broken = self.clock.now(), self._break
        if broken is not None:
            try:
                request = broken.request(request)
            except Refusal as refused:
                call = self._dispatcher.route(request)
                self._note(now, call.endpoint if call else "", request, refused.code)
                return Answer(200, refusal(refused.code))
        call = self._dispatcher.route(request)
        if call is None:
            self._note(now, "", request, "http-404")
            return Answer(404, dict(NOT_FOUND))
        scripted = self._script.take(call)
        if scripted is not None:
            self._note(now, call.endpoint, request, f"scripted-{scripted.status}")
            return scripted
        answer, outcome = self._answer(call, request, Moment(now, now))
        answer = self._changed(call, answer)
        if broken is not None and isinstance(answer.body, dict):
            answer = replace(answer, body=broken.answer(call, answer.body))
        self._note(now, call.endpoint, request, outcome or _outcome(answer))
        return self._deliver(call, answer)

    def _answer(self, call: Call, request: Request, moment: Moment) -> tuple[Answer, str]:
        """Answer from the plants; the outcome to record, or "" for the one that the answer names itself.

        The tests' `FaultyPortal` overrides this and `_deliver`.
        """
        return self._dispatcher.answer(call, request, moment), ""

    def _deliver(self, _call: Call, answer: Answer) -> Answer:
        """Give the finished answer the way in which it is sent."""
        return answer

    def _changed(self, call: Call, answer: Answer) -> Answer:
        if not isinstance(answer.body, dict):
            return answer
        return replace(answer, body=self._script.mutated(call, answer.body))

    def _note(self, now: datetime, endpoint: str, request: Request, outcome: str) -> None:
        sign_in = endpoint in SIGN_INS and request.method == "POST"
        self._request_log.add(RecordedRequest(now, endpoint, request.target, outcome), sign_in=sign_in)


def _outcome(answer: Answer) -> str:
    if isinstance(answer.body, dict) and "error_msg" not in answer.body:
        return str(answer.body.get("code", ""))
    return f"http-{answer.status}"


def _known(answers: Mapping[str, Path]) -> dict[str, Path]:
    return {known_endpoint(name): path for name, path in answers.items()}

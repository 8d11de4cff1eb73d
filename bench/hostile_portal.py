"""A portal that sends as much, and as oddly, as the transport lets through: does the program stay small and alive.

A hostile portal on this machine answers the real program, whose clock is ten times as fast as ours, with 120 requests a
minute. Once a second the program is scraped and its memory looked at; at the end it has to obey SIGTERM. Run it with
`make hostile`; `make hostile ARGS="--minutes 10 --only names alarms"` is shorter. Ends with 1 if a limit is passed.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.clocks import FakeClock
from tests.e2e.program import ANY_PORT, Program, running
from tests.fleets import PaperPortal

MOST_MIB = 200
"""Resident memory that the program must stay under."""
LONGEST_END = 2.0
"""Seconds from SIGTERM to the end of the program."""
SPEED = 10
STATIONS = 6
FAT = 4 * 1024 * 1024 - 1000
"""Bytes of an answer, just below what the transport takes."""
LONG = "ü" + "n" * 3_500_000
MANY = 25_000
"""Rows of several values each, just below the number of JSON values that one answer may have."""
COMMAND = (sys.executable, "-m", "tests.e2e.hurried")
ENDPOINTS = {
    "login": "login",
    "stations/page": "stations",
    "basic/info": "info",
    "stations/flow": "flow",
    "all-status": "devices",
    "/telemetry": "telemetry",
    "/telecounting": "telecounting",
    "/information": "information",
    "/relatedDevices": "batteries",
    "stations/statistics": "statistics",
    "production": "production",
    "alarm/page": "alarms",
    "alarm/statistics": "alarm_statistics",
    "getDevicesByType": "chargers",
    "ev-charger": "chargers",
}
Forge = Callable[[str, str], str | None]
"""From endpoint and honest data, both as text, to other data; None leaves it as it is."""


@cache
def filled(piece: str, wrapping: str = "[%s]") -> str:
    """A list of as many pieces as fit."""
    return wrapping % ",".join([piece] * (FAT // (len(piece) + 1)))


@cache
def rows(template: str, number: int, wrapping: str = "[%s]") -> str:
    """A list of numbered rows."""
    return wrapping % ",".join(template.replace("#", str(index)) for index in range(number))


def objects(endpoint: str, _: str) -> str | None:
    """Nothing but empty objects, each of which takes thirty times its text."""
    return None if endpoint in ("stations", "devices", "flow") else filled("{}")


def telemetry(endpoint: str, _: str) -> str | None:
    """Many factors with codes that nobody knows."""
    return rows('{"code":"x#","data":1}', MANY * 2) if endpoint in ("telemetry", "telecounting") else None


def inputs(endpoint: str, _: str) -> str | None:
    """Many factors that are known."""
    return rows('{"code":"MPPT-#:Ppv","data":1}', 1000) if endpoint in ("telemetry", "telecounting") else None


def texts(endpoint: str, _: str) -> str | None:
    """Codes and units of megabytes, another one each time."""
    if endpoint not in ("telemetry", "telecounting", "information"):
        return None
    odd = f"{random.random()}{LONG}"
    return f'[{{"code":"{odd}","data":"{odd}"}}, {{"code":"pAc","data":1,"unit":"{odd[:400_000]}"}}]'


def batteries(endpoint: str, _: str) -> str | None:
    """60,000 batteries behind each inverter."""
    return rows('{"no":#}', 60_000) if endpoint == "batteries" else None


def stations(endpoint: str, _: str) -> str | None:
    """70,000 stations on a page."""
    return rows('{"id":"S1#"}', 70_000, '{"dataList":[%s],"total":"70000"}') if endpoint == "stations" else None


def full_stations(endpoint: str, _: str) -> str | None:
    """10,000 stations on a page, with all that the list shows of one."""
    row = '{"id":"S1#","name":"Home #","status":"1","pSystem":1.5,"productionToday":9,"timeZone":"Europe/Berlin"}'
    return rows(row, 15_000, '{"dataList":[%s],"total":"70000"}') if endpoint == "stations" else None


def names(_: str, honest: str) -> str | None:
    """Each name, serial number and text is 3.5 MB long, or several share that."""
    parts = re.findall(r'"(?:name|currency|zoneId|data|unit|warning_code|timeZone)": "', honest)
    if not parts:
        return None
    long = LONG[: len(LONG) // len(parts)]
    return re.sub(r'("(?:name|currency|zoneId|data|unit|warning_code|timeZone)": ")', rf"\g<1>{long}", honest)


def alarms(endpoint: str, _: str) -> str | None:
    """Some 60,000 alarms of a station."""
    row = '{"stationId":"S00000","warning_code":"E#"}'
    return rows(row, 60_000, '{"dataList":[%s],"total":100000}') if endpoint == "alarms" else None


def numbers(endpoint: str, honest: str) -> str | None:
    """Numbers and texts of thousands of digits in place of numbers."""
    if endpoint == "stations":
        return re.sub(r'"total": \d+', f'"total": "{"9" * 5000}"', honest)
    return re.sub(r": (\d)", rf": {'9' * 4000}\g<1>", honest)


def nested(endpoint: str, honest: str) -> str | None:
    """Lists in lists in lists, some as deep as they can be read, some deeper."""
    if endpoint == "stations":
        return None
    depth = random.choice((400, 900, 960, 100_000))
    return re.sub(r": (\"\w*\"|\d+)", lambda _: f": {'[' * depth}{']' * depth}", honest, count=3)


def meters(endpoint: str, _: str) -> str | None:
    """5,000 meters in each station."""
    wrapping = '{"total":5000,"deviceDetailList":[{"deviceType":"SMART_METER","statusDetailList":[{"snList":[%s]}]}]}'
    return rows('"M#"', 5000, wrapping) if endpoint == "devices" else None


def strangers(endpoint: str, _: str) -> str | None:
    """Inverters that are others each time."""
    if endpoint != "devices":
        return None
    serials = ",".join(f'"I{random.random()}"' for _ in range(100))
    return (
        '{"total":100,"deviceDetailList":[{"deviceType":"INVERTER","statusDetailList":[{"snList":[%s]}]}]}' % serials  # noqa: UP031
    )


SINGLE: tuple[Forge, ...] = (
    objects,
    telemetry,
    inputs,
    texts,
    batteries,
    stations,
    full_stations,
    names,
    alarms,
    numbers,
    nested,
    meters,
    strangers,
)


def mixed(endpoint: str, honest: str) -> str | None:
    """Now this, now that."""
    return random.choice(SINGLE)(endpoint, honest)


FORGES = {forge.__name__: forge for forge in (*SINGLE, mixed)}


@dataclass(slots=True)
class Hostile:
    """What the portal answers, and how often it was asked."""

    forge: Forge
    paper: PaperPortal = field(default_factory=lambda: PaperPortal(STATIONS, FakeClock(datetime.now(UTC))))
    asked: int = 0

    def answer(self, url: str, body: bytes) -> bytes:
        """The answer to one request."""
        self.asked += 1
        parts = urlsplit(url)
        endpoint = next(name for piece, name in ENDPOINTS.items() if piece in parts.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        asked = {**query, **(json.loads(body) if body else {})}
        station = str(asked.get("stationId") or asked.get("pwId") or "S00000")
        honest = json.dumps(self.paper._data(endpoint, _known(station), asked, url))  # noqa: SLF001
        data = None if endpoint == "login" else self.forge(endpoint, honest)
        return b'{"code":"00000","data":%s}' % (honest if data is None else data).encode()


def _known(station: str) -> str:
    return station if re.fullmatch(r"S\d+", station) else "S00000"


@contextmanager
def served(portal: Hostile) -> Iterator[str]:
    """The portal on this machine; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = portal.answer(f"http://{self.headers['Host']}{self.path}", body)
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing: who is told nonsense may hang up."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def resident(program: Program, key: str = "VmRSS") -> float:
    """MiB of memory that the program holds, or, as VmHWM, has held at most."""
    status = Path(f"/proc/{program.process.pid}/status").read_text()
    return int(re.search(rf"{key}:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


@dataclass(slots=True)
class Run:
    """How the program bore one kind of answers."""

    name: str
    minutes: float = 0.0
    requests: int = 0
    memory: list[float] = field(default_factory=list)
    peak: float = 0.0
    slowest: float = 0.0
    largest: int = 0
    ended: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        step = max(1, len(self.memory) // 6)
        course = " ".join(f"{each:.0f}" for each in self.memory[::step])
        return (
            f"{self.name:<14} {self.minutes:4.0f} min {self.requests:5} requests  peak {self.peak:4.0f} MiB "
            f"({course})  "
            f"scrape {self.largest / 1e6:5.2f} MB in at most {self.slowest:.2f} s  end {self.ended:.2f} s  "
            f"{'; '.join(self.wrong) or 'ok'}"
        )


def watched(program: Program, portal: Hostile, run: Run, minutes: float) -> None:
    """Scrape and look for so many minutes of the program's time."""
    begun = time.monotonic()
    while (passed := (time.monotonic() - begun) * SPEED / 60) < minutes:
        asked_at = time.monotonic()
        status, text = program.get("/metrics")
        run.slowest = max(run.slowest, time.monotonic() - asked_at)
        run.largest = max(run.largest, len(text))
        if status != 200:
            run.wrong.append(f"/metrics answered {status}")
        run.memory.append(resident(program))
        run.minutes, run.requests, run.peak = passed, portal.asked, resident(program, "VmHWM")
        time.sleep(1.0)
    program.get("/")
    run.peak = resident(program, "VmHWM")


def endured(name: str, minutes: float, directory: Path) -> Run:
    """One program against one kind of answers."""
    portal, run = Hostile(FORGES[name]), Run(name)
    with served(portal) as url:
        settings = {
            "SEMS_ACCOUNT": "owner@example.com",
            "SEMS_PASSWORD": "correct horse",
            "SEMS_PORTAL": "semsplus",
            "SEMS_LOGIN_URL": f"{url}/web/sems/sems-user/api/v1/auth/cross-login",
            "SEMS_ALLOWED_HOSTS": url.removeprefix("http://"),
            "SEMS_REQUESTS_PER_MINUTE": "120",
            "SEMS_INTERVAL": "60s",
            "SEMS_STATE_DIR": str(directory / name),
            "HURRIED_SPEED": str(SPEED),
        }
        with running("serve", ANY_PORT, command=COMMAND, **settings) as program:
            watched(program, portal, run, minutes)
            asked_at = time.monotonic()
            code = program.end()
            run.ended = time.monotonic() - asked_at
            if code != 0:
                run.wrong.append(f"exit code {code}")
            if "Traceback" in program.output:
                run.wrong.append("a traceback: " + program.output.strip().splitlines()[-1])
    if run.peak > MOST_MIB:
        run.wrong.append(f"more than {MOST_MIB} MiB")
    if run.ended > LONGEST_END:
        run.wrong.append(f"ended only after {run.ended:.1f} s")
    return run


def main() -> int:
    """Play each kind of answers; 1 if one of them was too much."""
    parser = argparse.ArgumentParser(description="A hostile portal")
    parser.add_argument("--minutes", type=float, default=60.0, help="of the program's time, for each kind of answers")
    parser.add_argument("--only", nargs="*", choices=tuple(FORGES), default=tuple(FORGES))
    options = parser.parse_args()
    wrong = False
    with tempfile.TemporaryDirectory() as directory:
        for name in options.only:
            run = endured(name, options.minutes, Path(directory))
            print(run, flush=True)
            wrong = wrong or bool(run.wrong)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())

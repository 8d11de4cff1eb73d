"""No secret leaves the program, whatever the portal does: what it prints, serves and writes is searched for each."""

import base64
import hashlib
import html
import json
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from sems_exporter.simulator import Answer
from tests.e2e.program import ANY_PORT, PATIENCE, Program, finished, running
from tests.faulty_portal.fault_types import Fault
from tests.faulty_portal.portal import FaultyPortal

ACCOUNT = 'j"öhn+solar&co@example.com'
PASSWORD = "corréct hörse/b&ttery\\"
HURRIED = (sys.executable, "-m", "tests.e2e.hurried")
CODES = ("100001", "100002", "100025", "100000", "C0501", "C0602", "GY0429", "100004", "Q4711")
FAULTS: list[Fault | str] = [
    *(fault for fault in Fault if fault is not Fault.CODE),
    *(f"code:{code}" for code in CODES),
]
SECONDS = {Fault.SLOW_HEADERS: 2.0, Fault.SLOW_DRIP: 0.6}
"""Long enough for the patience of the hurried program."""
SIGN_INS = ("login", "classic_login")
TALKATIVE = {"semsplus": ("login", "flow"), "classic": ("classic_login", "monitor")}


def spellings(secret: str) -> set[str]:
    """How a secret might look where somebody else has encoded it; written anew, to be another's opinion."""
    raw = secret.encode()
    digest = hashlib.md5(raw).hexdigest()
    found = {secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], html.escape(secret), raw.hex()}
    found |= {urllib.parse.quote(secret), urllib.parse.quote_plus(secret), urllib.parse.quote(secret, safe="@")}
    found |= {digest, hashlib.sha256(raw).hexdigest()}
    for text in (raw, digest.encode(), bytes.fromhex(digest)):
        found |= {base64.b64encode(text).decode().rstrip("="), base64.urlsafe_b64encode(text).decode().rstrip("=")}
    return {text.lower() for text in found} | {part.lower() for part in ("hörse", "h%C3%B6rse", "h\\u00f6rse", "öhn+")}


class Witness:
    """Sees what the portal hands out, and knows everything that the program says."""

    def __init__(self, portal: FaultyPortal) -> None:
        self.portal = portal
        self.heard: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        self.latest = ""
        self.watch()

    def watch(self) -> None:
        """See the sign-ins from now on."""
        for endpoint in SIGN_INS:
            self.portal.mutate(endpoint, self._note)

    def _note(self, answer: dict[str, Any], _: Mapping[str, Any]) -> None:
        data = answer.get("data")
        if isinstance(data, dict):
            self.latest = str(data.get("token") or self.latest)
            self.tokens |= {str(data[key]) for key in ("token", "uid") if data.get(key)}

    def listen(self, program: Program, when: object) -> None:
        """Keep what the program serves at this moment."""
        for path in ("/metrics", "/", "/-/ready", "/-/healthy", "/nothing"):
            self.heard.append((f"{path} at {when}", program.get(path)[1]))

    def leaks(self) -> list[str]:
        """Where a secret was heard, and which one."""
        secrets = {text for secret in (ACCOUNT, PASSWORD, *self.tokens) for text in spellings(secret)}
        return [f"{text!r} in {where}" for where, said in self.heard for text in secrets if text in said.lower()]


def metric(program: Program, name: str) -> float:
    lines = program.get("/metrics")[1].splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(f"{name} ")))


def until(condition: Callable[[], bool], program: Program, what: object) -> None:
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, what
        assert program.process.poll() is None, program.output
        pause.wait(0.1)


def refreshed(program: Program, times: int, what: object) -> None:
    """Let so many refreshes begin and end."""
    name = "sems_refresh_duration_seconds_count"
    before = metric(program, name)
    until(lambda: metric(program, name) >= before + times, program, what)


def recovered(program: Program, what: object) -> None:
    until(lambda: metric(program, "sems_up") == 1.0, program, f"no recovery from {what}")


def echo(number: int, token: str) -> str:
    """What a talkative portal might repeat in a message."""
    digest = hashlib.md5(PASSWORD.encode()).hexdigest()
    return (
        f"no {ACCOUNT} here, {urllib.parse.quote(ACCOUNT)}",
        f"not {PASSWORD}, {urllib.parse.quote(PASSWORD)}, {digest}",
        f"not {token} with {base64.b64encode(digest.encode()).decode()}",
    )[number]


@pytest.fixture(params=["semsplus", "classic"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def portal(dialect: str) -> Iterator[FaultyPortal]:
    with FaultyPortal(
        account=ACCOUNT,
        password=PASSWORD,
        signature_tolerance=None,
        dialects=("semsplus",) if dialect == "semsplus" else ("classic",),
    ) as portal:
        yield portal


def test_nothing_that_is_printed_served_or_written_holds_a_secret(
    dialect: str, portal: FaultyPortal, tmp_path: Path
) -> None:
    state, dump = tmp_path / "state", tmp_path / "dump.json"
    settings = {
        "SEMS_ACCOUNT": ACCOUNT,
        "SEMS_PASSWORD": PASSWORD,
        "SEMS_LOGIN_URL": portal.login_url,
        "SEMS_PORTAL": dialect,
        "SEMS_STATE_DIR": str(state),
        "SEMS_REQUESTS_PER_MINUTE": "120",
        "SEMS_LOG_LEVEL": "debug",
        "SEMS_LOG_FORMAT": {"semsplus": "logfmt", "classic": "json"}[dialect],
    }
    witness = Witness(portal)
    with running("serve", ANY_PORT, "--interval=300s", command=HURRIED, **settings) as program:
        recovered(program, "the start")
        witness.listen(program, "the start")
        for fault in FAULTS:
            portal.play(fault, seconds=SECONDS.get(fault) if isinstance(fault, Fault) else None)
            portal.expire_session()
            refreshed(program, 1, fault)
            witness.listen(program, fault)
            portal.heal()
            recovered(program, fault)
        for endpoint in TALKATIVE[dialect]:
            for number in range(3):
                said = echo(number, witness.latest)
                portal.script_always(endpoint, Answer(body={"code": "Q4711", "msg": said, "description": said}))
                portal.expire_session()
                refreshed(program, 1, said)
                witness.listen(program, f"an echo of {endpoint}")
                portal.clear()
                witness.watch()
                recovered(program, said)
        code = program.end()
        witness.heard.append(("the log", program.output))
    # On a state of their own: that of the hurried program is hours ahead.
    settings["SEMS_STATE_DIR"] = str(tmp_path / "another")
    for command in (["check"], ["once"], ["once", "--format=json"], ["dump", f"--output={dump}"]):
        done = finished(*command, **settings)
        witness.heard.append((" ".join(command), done.stdout + done.stderr))
    witness.heard.append(("the dump", dump.read_text("utf-8")))
    [account] = state.glob("account-*.json")
    kept = json.loads(account.read_text())
    witness.heard += [(path.name, path.read_text()) for path in state.iterdir() if path != account]
    # The token is what the file is there for.
    witness.heard.append((account.name, json.dumps({**kept, "token": None})))
    witness.heard.append(("the names of the files", " ".join(path.name for path in state.iterdir())))

    assert code == 0
    assert len(witness.tokens) > 10
    assert "refresh works" in program.output
    assert "Traceback" not in program.output
    assert witness.leaks() == []

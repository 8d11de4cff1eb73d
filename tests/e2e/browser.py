"""A real browser without a window, told what to do over a pipe in the DevTools protocol."""

import fcntl
import itertools
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 120.0
"""Seconds after which the browser is given up."""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)
# The browser reads orders from file descriptor 3 and writes answers to 4, which Popen has no argument for.
WITH_PIPES = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)


class Browser:
    """A running browser. What pages complain about is kept in `complaints`."""

    def __init__(self, orders: int, answers: int) -> None:
        self.complaints: list[str] = []
        self._orders = orders
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._numbers = itertools.count(1)
        self._reader = threading.Thread(target=self._read, args=(answers,), daemon=True)
        self._reader.start()

    def _read(self, answers: int) -> None:
        with os.fdopen(answers, "rb", closefd=False) as stream:
            rest = b""
            while chunk := os.read(stream.fileno(), 1 << 16):
                *messages, rest = (rest + chunk).split(b"\0")
                for message in messages:
                    self._answers.put(json.loads(message))

    def finish(self) -> None:
        """Wait until the browser has said its last, after it ended."""
        self._reader.join(PATIENCE)

    def order(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The answer to one order; what the page complains about meanwhile is noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._orders, data) :]
        while True:
            answer = self._answers.get(timeout=PATIENCE)
            self._note(answer)
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if parameters["type"] in {"error", "warning", "assert"}:
                self.complaints.append(json.dumps(parameters["args"]))
            case "Log.entryAdded" if parameters["entry"]["level"] in {"error", "warning"}:
                self.complaints.append(json.dumps(parameters["entry"]))

    def visit(self, address: str, width: int, height: int, *, phone: bool) -> "Page":
        """A fresh page that has loaded completely."""
        target = self.order("Target.createTarget", url="about:blank")["targetId"]
        session = self.order("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, target, session)
        for domain in ("Page", "Runtime", "Log"):
            self.order(f"{domain}.enable", session)
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone}
        self.order("Emulation.setDeviceMetricsOverride", session, **screen)
        failure = self.order("Page.navigate", session, url=address).get("errorText")
        assert failure is None, failure
        page.wait_for(f"document.readyState === 'complete' && location.href === {json.dumps(address)}")
        return page


class Page:
    """An open page."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session

    def value(self, expression: str) -> Any:
        """What a JavaScript expression makes of the page."""
        answer = self._browser.order("Runtime.evaluate", self._session, expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Return as soon as the expression is true."""
        deadline, pause = time.monotonic() + PATIENCE, threading.Event()
        while not self.value(expression):
            assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {expression}"
            pause.wait(0.05)

    def settle(self) -> None:
        """Return when the page has drawn what it has."""
        drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))))"
        self._browser.order("Runtime.evaluate", self._session, expression=drawn, awaitPromise=True)

    def unroll(self) -> None:
        """Make the screen as high as the page, so that nothing waits to be scrolled to."""
        size = self._browser.order("Page.getLayoutMetrics", self._session)["cssContentSize"]
        screen = {"width": int(size["width"]), "height": int(size["height"]), "deviceScaleFactor": 1, "mobile": False}
        self._browser.order("Emulation.setDeviceMetricsOverride", self._session, **screen)

    def picture(self) -> str:
        """The screen as a PNG in Base64."""
        return str(self._browser.order("Page.captureScreenshot", self._session)["data"])

    def close(self) -> None:
        self._browser.order("Target.closeTarget", targetId=self._target)


@contextmanager
def browsing(program: str) -> Iterator[Browser]:
    """A browser of its own with an empty profile; all its processes have ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="sems-exporter-browser-", ignore_cleanup_errors=True) as profile:
        orders, answers = _pipe(), _pipe()
        command = [sys.executable, "-ISc", WITH_PIPES, str(orders[0]), str(answers[1]), program]
        process = subprocess.Popen(
            [*command, *FLAGS, f"--user-data-dir={profile}"],
            env=os.environ | {"HOME": profile},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(orders[0], answers[1]),
        )
        os.close(orders[0])
        os.close(answers[1])
        browser = Browser(orders[1], answers[0])
        try:
            yield browser
            browser.order("Browser.close")
            process.wait(PATIENCE)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(PATIENCE)
            os.close(orders[1])  # at which what is left of a killed browser ends as well
            browser.finish()
            os.close(answers[0])


def _pipe() -> tuple[int, int]:
    """Reading and writing end, both numbered beyond those that the browser's own get."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high[0], high[1]

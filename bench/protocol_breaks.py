"""Breaks of the protocol against the program as people run it: what it says, and how soon a file brings data back.

Starts a simulated portal and an exporter for each break, all at once, and takes some eight minutes, which are waited.
Run with `make breaks`; ARGS="client-renamed path-moved" plays only these.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sems_exporter.simulator import BREAKS

FILES = Path(__file__).parents[1] / "docs" / "portal-files"
BREAK_AFTER = 100
"""Seconds: after the first refresh and a second one."""
LONGEST = 900.0
INTERVAL = 60.0
SAMPLE = re.compile(r"^(\w+)(?:\{([^}]*)\})? (\S+)$", re.MULTILINE)
LIVE = {"factor-renamed": "sems_inverter_ac_power_watts"}
"""The metric that the break takes away, where that is not the powers of the station."""


@dataclass
class Played:
    """One break, its two programs, and when what was seen; seconds since the break."""

    name: str
    port: int
    folder: Path
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)
    broke: float = 0.0
    logins_before: float = 0.0
    signed: float = 0.0
    gone: float = 0.0
    mended: float = 0.0
    back: float = 0.0
    refreshes: tuple[float, float] = (0.0, 0.0)
    logins: float = 0.0
    sign: str = ""
    page: str = ""
    answered: float = 0.0

    @property
    def file(self) -> Path:
        """The portal file, which is empty at first."""
        return self.folder / "portal.toml"

    def start(self) -> None:
        """Start both programs."""
        self.file.write_text("")
        program = [sys.executable, "-m", "sems_exporter"]
        portal = f"127.0.0.1:{self.port}"
        simulate = ["simulate", "--web.listen-address", portal, "--break", self.name, "--break-after", f"{BREAK_AFTER}"]
        with (self.folder / "simulate.log").open("wb") as log:
            self.programs.append(subprocess.Popen([*program, *simulate], stdout=log, stderr=log))
        until(lambda: b"SEMS_LOGIN_URL" in (self.folder / "simulate.log").read_bytes(), 60)
        self.broke = time.monotonic() + BREAK_AFTER
        environment = {
            **os.environ,
            "SEMS_ACCOUNT": "demo@example.com",
            "SEMS_PASSWORD": "demo",
            "SEMS_LOGIN_URL": f"http://{portal}/web/sems/sems-user/api/v1/auth/cross-login",
            "SEMS_STATE_DIR": str(self.folder / "state"),
            "SEMS_INTERVAL": f"{INTERVAL:.0f}",
            "SEMS_REQUESTS_PER_MINUTE": "120",
            "SEMS_PORTAL_FILE": str(self.file),
            "SEMS_WEB_LISTEN_ADDRESS": f"127.0.0.1:{self.port + 1}",
        }
        with (self.folder / "serve.log").open("wb") as log:
            self.programs.append(subprocess.Popen([*program, "serve"], env=environment, stdout=log, stderr=log))

    def look(self) -> None:
        """See what the exporter says now, and write the file once it says that the protocol has changed."""
        try:
            text = fetched(f"http://127.0.0.1:{self.port + 1}/metrics")
        except OSError:
            return
        found: dict[str, float] = {}
        for name, _, value in SAMPLE.findall(text):
            found[name] = found.get(name, 0.0) + float(value)
        now = time.monotonic() - self.broke
        if now < 0:
            self.logins_before = found.get("sems_portal_logins_total", 0.0)
        elif not self.signed and found.get("sems_portal_protocol_changed"):
            self.signed = now
            self.sign = self.logged()
            self.page = self.shown()
            shutil.copy(FILES / f"{self.name}.toml", self.file)
            self.mended = now
            self.refreshes = (found["sems_refresh_duration_seconds_count"], 0.0)
        elif self.mended and not self.back:
            live = LIVE.get(self.name, "sems_station_pv_power_watts")
            fresh = found.get("sems_up", 0.0) and live in found and not found["sems_portal_protocol_changed"]
            if fresh:
                self.back = now
                self.refreshes = (self.refreshes[0], found["sems_refresh_duration_seconds_count"])
                self.logins = found["sems_portal_logins_total"]

    def logged(self) -> str:
        """The line of the log that tells it."""
        lines = (self.folder / "serve.log").read_text().splitlines()
        line = next((line for line in lines if "changed its protocol" in line and "sign=" in line), "")
        return line.partition("msg=")[2] or line

    def shown(self) -> str:
        """The sentence of the status page."""
        page = fetched(f"http://127.0.0.1:{self.port + 1}/")
        found = re.search(r'<p class="notice[^"]*">.*?<span>(.*?)</span>', page)
        return found[1] if found else ""

    def stop(self) -> str:
        """End both programs; what the portal has counted."""
        for program in reversed(self.programs):
            program.terminate()
        for program in self.programs:
            program.wait(20)
        said = (self.folder / "simulate.log").read_text().strip().splitlines()
        return said[-1] if said else ""


def fetched(url: str) -> str:
    """What a server on this machine answers."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        text: str = answer.read().decode()
        return text


def until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until something is true; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.2)


def main(names: list[str]) -> int:
    """Play the breaks and print the table; 1 where data did not come back."""
    with tempfile.TemporaryDirectory(prefix="sems-breaks-") as root:
        played = []
        for number, name in enumerate(names or BREAKS):
            folder = Path(root) / name
            folder.mkdir()
            played.append(Played(name, 21000 + 2 * number, folder))
        try:
            for one in played:
                one.start()
            end = time.monotonic() + LONGEST
            while not all(one.back for one in played) and time.monotonic() < end:
                for one in played:
                    one.look()
                time.sleep(1)
        finally:
            counted = {one.name: one.stop() for one in played}
    print("| break | first sign after | polls to data after the file | seconds | sign-ins spent | portal counts |")
    print("| --- | --- | --- | --- | --- | --- |")
    for one in played:
        polls, seconds = one.refreshes[1] - one.refreshes[0], one.back - one.mended
        spent = one.logins - one.logins_before
        print(
            f"| {one.name} | {one.signed:.0f} s | {polls:.0f} | {seconds:.0f} | {spent:.0f} | {counted[one.name]} |",
        )
    for one in played:
        print(f"\n{one.name}\n  log:  {one.sign}\n  page: {one.page}")
    return 0 if all(one.back for one in played) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

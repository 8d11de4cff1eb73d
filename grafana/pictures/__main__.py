"""Draw the dashboards."""

import argparse
import base64
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grafana.simulated.prometheus import Prometheus, holding
from tests.e2e.browser import Browser, browsing

from .questions import Json, Viewer, laid_out
from .scenes import (
    EVENING,
    FIRST_DAY,
    FLEET,
    FORTY,
    HOME,
    HOMES,
    LOOKBACK,
    OUTAGE,
    ROOF,
    ROOFS_NIGHT,
    SCENES,
    WINTER_NIGHT,
    ZONE,
    Scene,
    history,
)

HERE = Path(__file__).parent
BOARDS = HERE.parent / "dashboards"
DESKTOP, PHONE = 1400, 390
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="page.css"><div id="root"></div>
<script>window.__grafana_public_path__ = ""; window.shot = {shot};</script><script src="page.js"></script>"""
DRAWN = "!!document.querySelector('.panel') && !document.querySelector('.waiting')"
BROKEN = "[...document.querySelectorAll('.broken')].map((one) => one.textContent)"
EMPTY = "[...document.querySelectorAll('[data-empty]')].map((one) => one.dataset.title)"


@dataclass(frozen=True, slots=True)
class Shot:
    """A dashboard as somebody sees it; without `station` with what is chosen at first: the first one, or all."""

    dashboard: str
    scene: Scene = HOMES
    station: str | None = None
    width: int = DESKTOP
    theme: str = "dark"

    @property
    def name(self) -> str:
        """The name of the file."""
        scene = "" if self.scene in {HOMES, FLEET} else self.scene.name
        narrow = "narrow" if self.width == PHONE else ""
        return "-".join(filter(None, (scene, self.dashboard, narrow, self.theme)))


SHOTS = (
    Shot("home", station=HOME),
    Shot("home", station=HOME, theme="light"),
    Shot("home", station=HOME, width=PHONE),
    Shot("phone", station=HOME, width=PHONE),
    Shot("energy", station=HOME),
    Shot("money", station=HOME),
    Shot("battery", station=HOME),
    Shot("battery", theme="light"),
    Shot("inverter"),
    Shot("alarms"),
    Shot("exporter"),
    Shot("fleet", FLEET),
    Shot("fleet", FLEET, theme="light"),
    Shot("home", WINTER_NIGHT),
    Shot("home-without-battery", ROOFS_NIGHT, station=ROOF),
    Shot("home", OUTAGE),
    Shot("home", FIRST_DAY),
    Shot("energy", FIRST_DAY),
    Shot("home", FORTY),
    Shot("fleet", FORTY),
    Shot("devices", EVENING, station="Cabinet"),
)


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m grafana.pictures", description=__doc__)
    parser.add_argument("names", nargs="*", help="pictures to draw; all where none is named")
    parser.add_argument("--into", type=Path, default=HERE / "build", help="folder for the pictures")
    parser.add_argument("--dashboards", type=Path, default=BOARDS, help="folder with the dashboards, if not today's")
    parser.add_argument("--keep", type=Path, help="folder that keeps the simulated days for the next time")
    asked = parser.parse_args()
    wanted = [shot for shot in SHOTS if not asked.names or shot.name in asked.names]
    subprocess.run(["npm", "run", "--silent", "build"], cwd=HERE, check=True)
    for folder in filter(None, (asked.into, asked.keep)):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ["TZ"] = ZONE  # the browser's
    with browsing("chromium") as browser:
        for scene in SCENES:
            shots = [shot for shot in wanted if shot.scene is scene]
            if shots:
                with _prometheus(scene, asked.keep) as prometheus:
                    for shot in shots:
                        _draw(shot, prometheus, browser, asked.dashboards, asked.into)


@contextmanager
def _prometheus(scene: Scene, keep: Path | None) -> Iterator[Prometheus]:
    with tempfile.TemporaryDirectory(prefix="sems-exporter-pictures-") as name:
        kept = (keep or Path(name)) / f"{scene.name}.om"
        if not kept.exists():
            kept.write_text(history(scene, Path(name)), "utf-8")
        with holding(kept.read_text("utf-8"), Path(name), lookback=LOOKBACK) as prometheus:
            yield prometheus


def _draw(shot: Shot, prometheus: Prometheus, browser: Browser, boards: Path, into: Path) -> None:
    board = _board(boards, shot)
    if board is None:
        print(f"{shot.name}: {boards} has no {shot.dashboard}.json")
        return
    page = HERE / "build" / f"page-{os.getpid()}.html"  # beside what it loads, and its own where two draw at once
    page.write_text(PAGE.replace("{shot}", json.dumps(_answers(shot, prometheus, board))), "utf-8")
    opened = browser.visit(page.as_uri(), shot.width, 900, phone=shot.width == PHONE)
    opened.wait_for(DRAWN)
    opened.unroll()
    opened.settle()
    broken, empty = opened.value(BROKEN), opened.value(EMPTY)
    if broken:
        raise SystemExit("\n".join(broken))
    (into / f"{shot.name}.png").write_bytes(base64.b64decode(opened.picture()))
    opened.close()
    page.unlink()
    print(f"{into / shot.name}.png; without data: {', '.join(empty) or 'nothing'}")


def _board(boards: Path, shot: Shot) -> Json | None:
    """The dashboard, where there is one; older versions have one Home for all plants, and not every other one."""
    for name in (shot.dashboard, shot.dashboard.partition("-")[0]):
        if (file := boards / f"{name}.json").exists():
            board: Json = json.loads(file.read_text("utf-8"))
            return board
    return None


def _answers(shot: Shot, prometheus: Prometheus, board: Json) -> Json:
    chosen, stations = _variables(shot, prometheus, board)
    viewer = Viewer(prometheus, shot.scene.now, ZONE)
    since = board["time"]["from"]
    panels = [
        viewer.answered(panel, variables, since, shot.width * panel["gridPos"]["w"] / 24)
        for panel, variables in laid_out(board["panels"], stations, chosen)
    ]
    names = ", ".join(stations.values()) if len(stations) == 1 else "All"
    return {
        "title": board["title"],
        "chosen": f"Station: {names} · {since} to now",
        "theme": shot.theme,
        "timeZone": ZONE,
        "width": shot.width,
        "panels": panels,
    }


def _variables(shot: Shot, prometheus: Prometheus, board: Json) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What the variables hold, and the names of the chosen stations by id."""
    having = {"battery": "sems_station_info and on (station) sems_battery_info"}.get(
        shot.dashboard, "sems_station_info"
    )
    found = {one["metric"]["station"]: one["metric"]["name"] for one in prometheus.at(shot.scene.now, having)}
    by_name = sorted(found, key=lambda ident: found[ident])
    variable = next(one for one in board["templating"]["list"] if one["name"] == "station")
    chosen = [ident for ident in by_name if shot.station in {None, found[ident]}]
    if shot.station is None and not variable["includeAll"]:
        chosen = chosen[:1]
    if not chosen:
        raise SystemExit(f"{shot.name}: there is no {shot.station}; there are {', '.join(sorted(found.values()))}")
    everything = dict.fromkeys(("job", "instance", "inverter", "battery"), ".+")
    typed = {"investment": "1000"}
    everybody = shot.station is None and variable["includeAll"]
    station = ".+" if everybody else "|".join(chosen)
    return {**everything, **typed, "station": station}, {ident: found[ident] for ident in chosen}


if __name__ == "__main__":
    main()

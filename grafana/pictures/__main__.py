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

from grafana.build import dashboards
from grafana.simulated.prometheus import Prometheus, holding
from tests.e2e.browser import Browser, browsing

from .questions import Json, Viewer, laid_out
from .scenes import FLEET, HOME, HOMES, NOW, SCENES, ZONE, Scene, history

HERE = Path(__file__).parent
DESKTOP, PHONE = 1400, 390
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="stylesheet" href="page.css"><div id="root"></div>
<script>window.__grafana_public_path__ = ""; window.shot = {shot};</script><script src="page.js"></script>"""
DRAWN = "!!document.querySelector('.panel') && !document.querySelector('.waiting')"
BROKEN = "[...document.querySelectorAll('.broken')].map((one) => one.textContent)"
EMPTY = "[...document.querySelectorAll('[data-empty]')].map((one) => one.dataset.title)"


@dataclass(frozen=True, slots=True)
class Shot:
    """A dashboard as somebody sees it; `station` is the name of the one chosen, all where not given."""

    dashboard: str
    scene: Scene = HOMES
    station: str | None = None
    width: int = DESKTOP
    theme: str = "dark"

    @property
    def name(self) -> str:
        """The name of the file."""
        narrow = "narrow" if self.width == PHONE else ""
        return "-".join(filter(None, (self.dashboard, narrow, self.theme)))


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
)


def main() -> None:
    """Draw what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m grafana.pictures", description=__doc__)
    parser.add_argument("names", nargs="*", help="pictures to draw; all where none is named")
    parser.add_argument("--into", type=Path, default=HERE / "build", help="folder for the pictures")
    parser.add_argument("--keep", type=Path, help="folder that keeps the simulated days for the next time")
    asked = parser.parse_args()
    wanted = [shot for shot in SHOTS if not asked.names or shot.name in asked.names]
    subprocess.run(["npm", "run", "--silent", "build"], cwd=HERE, check=True)
    asked.into.mkdir(parents=True, exist_ok=True)
    os.environ["TZ"] = ZONE  # the browser's
    with browsing("chromium") as browser:
        for scene in SCENES:
            shots = [shot for shot in wanted if shot.scene is scene]
            if shots:
                with _prometheus(scene, asked.keep) as prometheus:
                    for shot in shots:
                        _draw(shot, prometheus, browser, asked.into)


@contextmanager
def _prometheus(scene: Scene, keep: Path | None) -> Iterator[Prometheus]:
    with tempfile.TemporaryDirectory(prefix="sems-exporter-pictures-") as name:
        kept = (keep or Path(name)) / f"{scene.name}.om"
        if not kept.exists():
            kept.write_text(history(scene, Path(name)), "utf-8")
        with holding(kept.read_text("utf-8"), Path(name), lookback="15m") as prometheus:
            yield prometheus


def _draw(shot: Shot, prometheus: Prometheus, browser: Browser, into: Path) -> None:
    page = HERE / "build" / "page.html"
    page.write_text(PAGE.replace("{shot}", json.dumps(_answers(shot, prometheus))), "utf-8")
    opened = browser.visit(page.as_uri(), shot.width, 900, phone=shot.width == PHONE)
    opened.wait_for(DRAWN)
    opened.unroll()
    opened.settle()
    broken, empty = opened.value(BROKEN), opened.value(EMPTY)
    if broken:
        raise SystemExit("\n".join(broken))
    (into / f"{shot.name}.png").write_bytes(base64.b64decode(opened.picture()))
    opened.close()
    print(f"{into / shot.name}.png; without data: {', '.join(empty) or 'nothing'}")


def _answers(shot: Shot, prometheus: Prometheus) -> Json:
    board: Json = dict(dashboards()[shot.dashboard])
    chosen, stations = _variables(shot, prometheus)
    viewer = Viewer(prometheus, NOW, ZONE)
    since = board["time"]["from"]
    panels = [
        viewer.answered(panel, variables, since, shot.width * panel["gridPos"]["w"] / 24)
        for panel, variables in laid_out(board["panels"], stations, chosen)
    ]
    return {
        "title": board["title"],
        "chosen": f"Station: {shot.station or 'All'} · {since} to now",
        "theme": shot.theme,
        "timeZone": ZONE,
        "width": shot.width,
        "panels": panels,
    }


def _variables(shot: Shot, prometheus: Prometheus) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What the variables hold, and the names of the chosen stations by id."""
    having = {"battery": "sems_station_info and on (station) sems_battery_info"}.get(
        shot.dashboard, "sems_station_info"
    )
    found = {one["metric"]["station"]: one["metric"]["name"] for one in prometheus.at(NOW, having)}
    stations = {ident: name for ident, name in found.items() if shot.station in {None, name}}
    everything = dict.fromkeys(("job", "instance", "inverter", "battery"), ".+")
    typed = {"investment": "1000"}
    return {**everything, **typed, "station": "|".join(stations) if shot.station else ".+"}, stations


if __name__ == "__main__":
    main()

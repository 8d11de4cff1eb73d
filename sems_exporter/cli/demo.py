"""The demo: an exporter against a simulated portal in the same process."""

import json
import signal
import tempfile
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from sems_exporter.cli.log_setup import log_as
from sems_exporter.cli.progress import telling
from sems_exporter.cli.serve import run
from sems_exporter.config.options import build_settings
from sems_exporter.config.settings import Account, AccountSettings
from sems_exporter.errors import SettingError, StartError
from sems_exporter.simulator import BREAKS, ENDPOINTS, SimulatedClock, SimulatedPortal, demo_plants
from sems_exporter.tariffs.configuration import KEYS, of_file
from sems_exporter.telemetry.redaction import Secret

MOST_READ_WHOLE = 10
SLOWEST = 20.0
"""Real seconds that a refresh may take: they pass as many times faster as all else."""

EXAMPLE_TARIFF: dict[str, Any] = {
    "tariffs": {
        "example": {
            "currency": "EUR",
            "import": [
                {
                    "from": "2024-01-01",
                    "price": 0.294,
                    "zones": [
                        {"name": "night", "hours": "22:00-06:00", "price": 0.226},
                        {"name": "peak", "hours": "17:00-20:00", "price": 0.381},
                    ],
                    "standing": {"per_year": 131.4},
                }
            ],
            "export": [{"from": "2024-01-01", "price": 0.0803}],
        }
    },
    "station_tariffs": {"*": "example"},
}
"""Where the configuration file names no tariffs, so that there is money to look at."""


class DemoClock:
    """The simulated portal's time, so that ages are right at any speed."""

    def __init__(self, simulated: SimulatedClock) -> None:
        self._simulated = simulated

    def now(self) -> datetime:
        """The simulated instant."""
        return self._simulated.now()

    def monotonic(self) -> float:
        """Simulated seconds; nobody sets this clock."""
        return self._simulated.now().timestamp()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait `seconds` of simulated time, or less if `stop` is set meanwhile."""
        return stop.wait(max(0.0, seconds) / self._simulated.speed)


def demo(values: dict[str, Any]) -> None:
    """Serve simulated plants until told to stop."""
    start = values["start"]
    clock = SimulatedClock(start, values["speed"])
    with telling(lambda: f"making {_counted(values['plants'], 'plant')}"):
        plants = demo_plants(values["plants"], clock=clock, seed=values["seed"])
        for plant in plants:
            # Their day so far would otherwise be worked out a hundred plants at a time, within one answer.
            plant.state(clock.now())
    with (
        tempfile.TemporaryDirectory(prefix="sems-exporter-demo-") as state,
        SimulatedPortal(plants, clock=clock, answers=_answers(values["answers"]), signature_tolerance=None) as portal,
    ):
        account = AccountSettings(
            Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",)),
            interval=values["interval"],
            # Beyond some plants it is a fleet, which is to be seen in rotation.
            requests_per_minute=120 * min(values["plants"], MOST_READ_WHOLE),
            state_dir=Path(state),
        )
        slowest = SLOWEST * values["speed"]
        ages = {
            "snapshot_max_age": values["snapshot_max_age"] or max(3 * values["interval"], slowest),
            "data_max_age": max(values["data_max_age"], slowest),
        }
        in_file = values.pop("config_file", None) or {}
        tariffs = of_file(in_file if in_file.keys() & set(KEYS) else EXAMPLE_TARIFF)
        settings = build_settings(values | ages, (account,), tariffs, in_file)
        log_as(settings)
        run(settings, DemoClock(clock), simulated=True)
        click.echo(f"sems-exporter demo ended after {_counted(portal.logins, 'sign-in')} to the simulated portal")


def simulate(values: dict[str, Any]) -> None:
    """Serve the simulated portal alone until told to stop."""
    host, _, port = values["web_listen_address"].rpartition(":")
    clock = SimulatedClock()
    words = ["simulated portal; account demo@example.com, password demo"]
    place: dict[str, Any] = {"host": host.strip("[]") or "127.0.0.1", "port": int(port), "clock": clock}
    try:
        if values["replay"]:
            portal = SimulatedPortal.replaying(Path(values["replay"]), **place)
            words.append("times in the answers are moved on from when the dump was taken to now")
        else:
            portal = SimulatedPortal(demo_plants(values["plants"], clock=clock), **place)
    except OSError as error:
        raise StartError(f"web.listen-address {values['web_listen_address']}: {error.strerror or error}") from error
    except ValueError as error:
        raise SettingError("replay", f"{values['replay']} is no dump that can be replayed: {error}") from error
    if (name := values.get("break_")) is not None:
        _break_later(portal, name, values["break_after"], words)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with portal:
        click.echo("\n  ".join([*words, f"SEMS_LOGIN_URL={portal.login_url}"]))
        stop.wait()
        if name is not None:
            click.echo(f"sign-ins: {portal.login_attempts} tried, {portal.logins} good")


def _break_later(portal: SimulatedPortal, name: str, seconds: float, words: list[str]) -> None:
    """Break the protocol after so many seconds, and say so."""
    words.append(f"after {seconds:g} s the protocol changes: {BREAKS[name].tells}")

    def change() -> None:
        portal.break_protocol(name)
        click.echo(f"the protocol has changed: {BREAKS[name].tells}")

    timer = threading.Timer(seconds, change)
    timer.daemon = True
    timer.start()


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _answers(pairs: tuple[str, ...]) -> dict[str, Path]:
    found = {}
    for pair in pairs:
        endpoint, _, path = pair.partition("=")
        if not path or endpoint.partition(".")[0] not in ENDPOINTS:
            allowed = ", ".join(dict.fromkeys(ENDPOINTS))
            raise SettingError("answer", f"{pair!r} is not ENDPOINT=FILE; endpoints are {allowed}")
        try:
            json.loads(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise SettingError("answer", f"{path} cannot be read as JSON: {error}") from error
        found[endpoint] = Path(path)
    return found

"""What serve, check and once do when their settings are good."""

import click

from sems_exporter.clock import Clock, SystemClock
from sems_exporter.config import Settings
from sems_exporter.exposition import Exposition, Format
from sems_exporter.logs import set_up
from sems_exporter.poller import Outcome
from sems_exporter.views import as_json, described
from sems_exporter.web.server import address_of, bound
from sems_exporter.web.server import serve as serve_http
from sems_exporter.wiring import Exporter, application, exporter, start_polling


def serve(settings: Settings) -> None:
    """Poll and serve until told to stop."""
    log_as(settings)
    run(settings, SystemClock(), simulated=False)


def run(settings: Settings, clock: Clock, *, simulated: bool) -> None:
    """Poll and serve on `clock` until told to stop."""
    listening = bound(settings.listen_address)
    parts = exporter(settings, clock, first_delay=0.0 if simulated else 2.0)
    app = application(parts, simulated=simulated)
    address = address_of(listening)

    def started() -> None:
        kind = "a simulated plant" if simulated else "SEMS+"
        click.echo(
            f"sems-exporter serves {kind}\n  status page  {address}/\n  metrics      {address}{settings.telemetry_path}"
        )
        click.echo("Ctrl-C ends it.")

    polling = start_polling(parts)
    try:
        serve_http(app, listening, started=started)
    finally:
        parts.stop.set()
        # A request under way may take longer than we may; the thread is a daemon and its state is on disk.
        polling.join(timeout=0.5)


def once(settings: Settings, form: str) -> int:
    """Print one snapshot; 1 if nothing could be read."""
    log_as(settings)
    parts, outcome = _refreshed(settings)
    shown = parts.snapshots.shown(parts.clock.now())
    if form == "json":
        import json  # noqa: PLC0415 - for this format only

        click.echo(json.dumps(as_json(shown, parts.clock.now()), indent=2, ensure_ascii=False))
    else:
        exposition = Exposition(parts.snapshots, parts.metrics.registry, parts.clock)
        click.echo(exposition.body(Format.TEXT, compressed=False).decode(), nl=False)
    return 0 if outcome.up else 1


def check(settings: Settings, *, release_brake: bool) -> int:
    """Say what works, what does not, and what to do; 1 if something does not."""
    log_as(settings)
    parts, outcome = _refreshed(settings, release_brake=release_brake)
    state = parts.portal.account_state()
    if state.token is not None:
        click.echo(f"Sign-in: works; data come from {state.token.gateway}")
    for shown in parts.snapshots.shown(parts.clock.now()):
        click.echo("\n".join(described(shown.station)))
    problems = [outcome.whole, *outcome.by_station.values()]
    for problem in problems:
        if problem is not None:
            click.echo(f"Problem ({problem.reason}): {problem}")
    if outcome.stations == 0:
        click.echo("Problem: the account shows no stations; ask their owner to share them with it")
    wait = state.brake.login_wait(parts.clock.now().timestamp())
    if state.brake.blocked:
        click.echo("Brake: no sign-in is sent any more; correct the password, or repeat with --release-brake")
    elif wait:
        click.echo(f"Brake: the next sign-in, should one be needed, is allowed in {wait:.0f} s")
    return 0 if outcome.up and not outcome.by_station else 1


def _refreshed(settings: Settings, *, release_brake: bool = False) -> tuple[Exporter, Outcome]:
    parts = exporter(settings, SystemClock())
    if release_brake:
        parts.portal.release_brake()
    try:
        outcome = parts.poller.refresh()
        parts.poller.remember()
    finally:
        parts.portal.close()
    return parts, outcome


def log_as(settings: Settings) -> None:
    """Log as the settings say, with their secrets masked."""
    set_up(settings.log_level, settings.log_format, (settings.account.password,))

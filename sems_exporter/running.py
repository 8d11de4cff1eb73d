"""What serve, check and once do when their settings are good."""

import json
from dataclasses import replace
from pathlib import Path

import click

from sems_exporter.clock import Clock, SystemClock
from sems_exporter.config import Settings
from sems_exporter.errors import StartError
from sems_exporter.exposition import Exposition, Format
from sems_exporter.logs import set_up
from sems_exporter.poller import Outcome
from sems_exporter.portal.record import Recorder
from sems_exporter.portal.record import dump as dump_of
from sems_exporter.portal.transport import Transport
from sems_exporter.views import as_json, brakes, complaints, described
from sems_exporter.web.reload import WebConfigFile
from sems_exporter.web.server import address_of, bound
from sems_exporter.web.server import serve as serve_http
from sems_exporter.wiring import Exporter, application, exporter, start_polling


def serve(settings: Settings) -> None:
    """Poll and serve until told to stop."""
    log_as(settings)
    run(settings, SystemClock(), simulated=False)


def run(settings: Settings, clock: Clock, *, simulated: bool) -> None:
    """Poll and serve on `clock` until told to stop."""
    parts = exporter(settings, clock, first_delay=0.0 if simulated else 2.0)
    web_config = WebConfigFile(settings.web_config_file, parts.metrics.web_config_read)
    listening = bound(settings.listen_address)
    app = application(parts, simulated=simulated, web_config=web_config)
    address = address_of(listening, secure=web_config.current.tls is not None)

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
        click.echo(json.dumps(as_json(shown, parts.clock.now()), indent=2, ensure_ascii=False))
    else:
        exposition = Exposition(parts.snapshots, parts.metrics.registry, parts.clock)
        click.echo((exposition.body(Format.TEXT, compressed=False) or b"").decode(), nl=False)
    return 0 if outcome.up else 1


def check(settings: Settings, *, release_brake: bool) -> int:
    """Say what works, what does not, and what to do; 1 if something does not."""
    # What a log line would say is said below in plain words.
    log_as(replace(settings, log_level="debug" if settings.log_level == "debug" else "error"))
    parts, outcome = _refreshed(settings, release_brake=release_brake)
    state, now = parts.portal.account_state(), parts.clock.now()
    if state.token is not None:
        click.echo(f"Session: {'works' if outcome.read else 'there is one, but it got no data'}; {state.token.gateway}")
    for shown in parts.snapshots.shown(now):
        click.echo("\n".join(described(shown.station)))
    problems = complaints(outcome)
    for text in [*problems, *brakes(state.brake, now)]:
        click.echo(text)
    return 1 if problems else 0


def dump(settings: Settings, output: str) -> int:
    """Write the anonymised answers of one refresh to `output`; 1 if there are none."""
    log_as(settings)
    recorder = Recorder()
    parts, outcome = _refreshed(settings, transport=recorder)
    token = parts.portal.account_state().token
    if not recorder.heard:
        click.echo(f"nothing to write: {outcome.failure or 'the portal gave no answer'}", err=True)
        return 1
    dialect = token.dialect.partition("-")[0] if token else "semsplus"
    document = dump_of(recorder.heard, dialect, parts.clock.now())
    written = json.dumps(document, indent=1, ensure_ascii=False)
    if output == "-":
        click.echo(written)
        return 0
    try:
        Path(output).write_text(written + "\n", "utf-8")
    except OSError as error:
        raise StartError(f"output: {output} cannot be written: {error.strerror}") from error
    click.echo(f"{len(recorder.heard)} answers written to {output}; look through it before you show it to anyone")
    return 0


def _refreshed(
    settings: Settings, *, release_brake: bool = False, transport: Transport | None = None
) -> tuple[Exporter, Outcome]:
    parts = exporter(settings, SystemClock(), transport=transport)
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

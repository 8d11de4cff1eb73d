"""What serve, check, once and dump do when their settings are good."""

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from sems_exporter import protocol
from sems_exporter.app import AccountRunner, App, application, build_app, build_replica, start_polling
from sems_exporter.cli.account_status import standing
from sems_exporter.cli.progress import telling
from sems_exporter.cli.report import complaints, described, unread
from sems_exporter.cli.tariff import known_until, unpaid
from sems_exporter.cli.terminal import legible
from sems_exporter.cli.trace import Trace
from sems_exporter.cli.trace import lines as origins
from sems_exporter.clock import Clock, SystemClock
from sems_exporter.config.lint import exposed, misspelt, open_to_all, unfit_times
from sems_exporter.config.passwords import exposure
from sems_exporter.config.settings import ServerSettings
from sems_exporter.errors import LoginWithheld, SettingError, StartError
from sems_exporter.exposition import Format
from sems_exporter.exposition.json_form import as_json, written
from sems_exporter.files import Draft
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.polling.results import RefreshResult
from sems_exporter.portal.dump_file import Recorder
from sems_exporter.portal.dump_file import dump as dump_of
from sems_exporter.portal.http.transport import Transport
from sems_exporter.portal.session.account_state import AccountState
from sems_exporter.telemetry.logs import set_up
from sems_exporter.telemetry.redaction import MASKS
from sems_exporter.web.http.server import address_of, bound
from sems_exporter.web.http.server import serve as serve_http
from sems_exporter.web.security.reload import WebConfigFile

log = logging.getLogger(__name__)


def serve(settings: ServerSettings) -> None:
    """Poll and serve until told to stop."""
    log_as(settings)
    run(settings, SystemClock(), simulated=False)


def run(settings: ServerSettings, clock: Clock, *, simulated: bool) -> None:
    """Poll and serve on `clock` until told to stop."""
    prepare_process()
    if settings.shared is not None:
        app = build_replica(settings, settings.shared, clock)
    else:
        app = build_app(settings, clock, first_delay=0.0 if simulated else 2.0)
    web_config = WebConfigFile(settings.web_config_file, app.metrics.web_config_read)
    refuse_second(app)
    listening = bound(settings.listen_address)
    site = application(app, simulated=simulated, web_config=web_config)
    address = address_of(listening, secure=web_config.current.tls is not None)
    kind = "a simulated plant" if simulated else "SEMS+"
    threads: list[threading.Thread] = []

    def begin() -> None:
        greet(kind, address, settings.telemetry_path)
        threads.extend(start_polling(app, simulated=simulated))

    try:
        # The poller gives up while the last answers are sent, and does not take their time.
        serve_http(site, listening, started=begin, stopping=app.stop.set)
    finally:
        app.stop.set()
        # A request under way may take longer than we may; the thread is a daemon and its state is on disk.
        end = time.monotonic() + 0.5
        for thread in threads:
            thread.join(timeout=max(0.0, end - time.monotonic()))
        # Or the interpreter would look through all stations of a fleet for garbage, for a second, before it ends.
        gc.freeze()


def prepare_process() -> None:
    """Prepare this process to run for months.

    SIGHUP asks for the web configuration to be read again, so that one that comes too early must not end it. And no
    core dump: it would hold the password.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not there on Windows

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def greet(kind: str, address: str, telemetry_path: str) -> None:
    """Say where everything is; that nobody can be told, as on a full disk, is no reason to end."""
    with suppress(OSError):
        click.echo(
            f"sems-exporter serves {kind}\n  status page  {address}/\n  metrics      {address}{telemetry_path}\n"
            "Ctrl-C ends it."
        )


def refuse_second(app: App) -> None:
    """Raise StartError where another process has one of the accounts already."""
    for watch, one in zip(app.runners, app.settings.accounts, strict=not app.replicated):
        if holder := watch.portal.account_state().served_by:
            account = f"account {watch.name}" if watch.name else "this account"
            raise StartError(
                f"state_dir: {one.state_dir} is in use: {holder} has {account} already. Two would end each "
                "other's session, so this one does not start; stop the other one first"
            )


def once(settings: ServerSettings, form: str) -> int:
    """Print one snapshot of all accounts; 1 if nothing could be read of one of them."""
    log_as(settings)
    app, outcomes = refreshed(settings)
    if form == "json":
        text = written(as_json(app.snapshots.shown(app.clock.now()), app.clock.now()), indent=2)
    else:
        text = (app.exposition.body(Format.TEXT, compressed=False) or b"").decode().removesuffix("\n")
    show(text)
    return 0 if all(outcome.up for outcome in outcomes) else 1


def show(text: str) -> None:
    """Print `text`, which holds names as the portal tells them."""
    if sys.stdout.isatty():
        # A terminal obeys what names may hold; a program gets them as they are.
        text = "\n".join(map(legible, text.split("\n")))
    click.echo(text)


def check(settings: ServerSettings, *, release_brake: bool, verbose: bool = False) -> int:
    """Say what works, what does not, and what to do; 1 if something does not."""
    # What a log line would say is said below in plain words.
    log_as(replace(settings, log_level="debug" if settings.log_level == "debug" else "error"))
    traces = [Trace() for _ in settings.accounts] if verbose else []
    app, outcomes = refreshed(settings, release_brake=release_brake, findings=traces)
    if not app.runners:
        click.echo(f"Shard {settings.shard}: no account of the list belongs to it")
    codes = [
        _checked(app, watch, outcome, released=release_brake)
        for watch, outcome in zip(app.runners, outcomes, strict=True)
    ]
    for watch, trace in zip(app.runners, traces, strict=False):
        _tell_origins(app, watch, trace)
    for text in (
        *_of_portal_file(settings),
        *remarks(settings),
        *settings.tariffs.notes,
        *unpaid(app),
        *known_until(app.accountant),
    ):
        click.echo(text)
    return max(codes, default=0)


def _tell_origins(app: App, watch: AccountRunner, trace: Trace) -> None:
    """Say where each value of an account comes from."""
    stations = [shown.station for shown in app.snapshots.shown(app.clock.now())]
    own = [station for station in stations if (station.account or "") == watch.name]
    click.echo(f"Values{f' of account {watch.name}' if watch.name else ''}, by call: code, number as told -> metric")
    for text in origins(trace, own):
        click.echo(MASKS.masked(text))


def _of_portal_file(settings: ServerSettings) -> list[str]:
    """Say what the portal file changes."""
    if settings.portal_file is None:
        return []
    changes = protocol.current().changes
    many = f"{len(changes)} change{'' if len(changes) == 1 else 's'}" if changes else "changes nothing"
    return [legible(text) for text in (f"Portal file {settings.portal_file}: {many}", *(f"  {one}" for one in changes))]


def _checked(app: App, watch: AccountRunner, outcome: RefreshResult, *, released: bool) -> int:
    """Say it of one account, whose brake a person may just have `released`."""
    state, now = watch.portal.account_state(), app.clock.now()
    if watch.name:
        click.echo(f"Account {watch.name}")
    if state.token is not None:
        click.echo(f"Session: {'works' if outcome.read else 'there is one, but it got no data'}; {state.token.gateway}")
    for shown in app.snapshots.shown(now):
        if (shown.station.account or "") == watch.name:
            click.echo("\n".join(map(legible, described(shown.station))))
    problems = _after_release(state, outcome) if released else complaints(outcome)
    for text in [*unread(outcome), *problems, *standing(state, now)]:
        click.echo(legible(MASKS.masked(text)))
    return 1 if problems else 0


def _after_release(state: AccountState, outcome: RefreshResult) -> list[str]:
    """Say whether the brake is released, and what does not work besides; that a wait remains is no problem."""
    if state.unsaved:
        return ["Problem: the brake could not be released, because nothing can be saved", *complaints(outcome)]
    click.echo("Brake: released; only the times to wait remain")
    return [] if isinstance(outcome.whole, LoginWithheld) else complaints(outcome)


def dump(settings: ServerSettings, output: str) -> int:
    """Write the anonymised answers of one refresh to `output`; 1 if there are none."""
    if len(settings.accounts) != 1:
        names = ", ".join(one.name for one in settings.accounts)
        raise SettingError("only", f"a dump is of one account; name it with --only, there are {names or 'none here'}")
    log_as(settings)
    if output == "-":
        return _dumped(settings, lambda text, _: click.echo(text))
    try:
        # Before anything is sent: a request to the portal is not made in vain.
        draft = Draft(Path(output))
    except (OSError, ValueError) as error:
        raise unwritable(output, error) from error
    with draft:
        return _dumped(settings, lambda text, answers: _keep(draft, output, text, answers))


def _dumped(settings: ServerSettings, write: Callable[[str, int], None]) -> int:
    recorder = Recorder()
    app, [outcome] = refreshed(settings, transport=recorder)
    token = app.portal.account_state().token
    if not recorder.exchanges:
        click.echo(f"nothing to write: {outcome.failure or 'the portal gave no answer'}", err=True)
        return 1
    dialect = token.dialect.partition("-")[0] if token else "semsplus"
    write(written(dump_of(recorder.exchanges, dialect, app.clock.now()), indent=1), len(recorder.exchanges))
    return 0


def _keep(draft: Draft, output: str, text: str, answers: int) -> None:
    try:
        draft.keep(text + "\n")
    except OSError as error:
        raise unwritable(output, error) from error
    click.echo(f"{answers} answers are written to {output}; look through it before you show it to anyone")


def unwritable(output: str, error: Exception) -> StartError:
    """What to say where the file that a command is to write cannot be written."""
    return StartError(f"output: {output} cannot be written: {getattr(error, 'strerror', None) or error}")


def refreshed(
    settings: ServerSettings,
    *,
    release_brake: bool = False,
    transport: Transport | None = None,
    findings: Sequence[Diagnostics] = (),
) -> tuple[App, list[RefreshResult]]:
    """Every account read once, one after the other, while a person is told how far it is."""
    app = build_app(settings, SystemClock(), transport=transport)
    # Money of a first reading needs its prices.
    app.accountant.refresh()
    outcomes = []
    try:
        for place, (watch, one) in enumerate(zip(app.runners, settings.accounts, strict=True)):
            if release_brake:
                watch.portal.release_brake()
            pace = f"at most {one.requests_per_minute} requests are sent in a minute (requests_per_minute)"
            with telling(lambda watch=watch: _progress(watch), pace):  # type: ignore[misc]
                outcomes.append(watch.poller.refresh(findings=findings[place] if findings else None))
            if not watch.portal.account_state().served_by:
                watch.poller.remember()
    finally:
        app.close()
    return app, outcomes


def _progress(watch: AccountRunner) -> str:
    done, stations = watch.poller.progress
    account = f" of account {watch.name}" if watch.name else ""
    if not stations:
        return f"the list of stations{account} is awaited"
    return f"station {min(done + 1, stations)} of {stations}{account} is being read"


def log_as(settings: ServerSettings) -> None:
    """Log as the settings say, with their secrets masked; the first lines are about what is wrong with the settings."""
    for one in settings.accounts:
        MASKS.learn(one.account.name)
    set_up(settings.log_level, settings.log_format, settings.secrets)
    for text in remarks(settings):
        log.warning(text)


def remarks(settings: ServerSettings) -> list[str]:
    """List what a person should know about settings that are allowed, a line each; first secrets that lie about."""
    found = (exposure(secret) for secret in settings.secrets)
    open_to_others = [f"password: {text}" for text in dict.fromkeys(found) if text]
    directories = dict.fromkeys(one.state_dir for one in settings.accounts)
    writable = [text for directory in directories for text in exposed(directory)]
    return [
        *open_to_others,
        *writable,
        *open_to_all(settings.portal_file),
        *(one.warning for one in settings.deliveries if one.warning),
        *(one.warning for one in settings.remote_write if one.warning),
        *misspelt(os.environ),
        *unfit_times(settings),
        *settings.tariffs.remarks,
    ]

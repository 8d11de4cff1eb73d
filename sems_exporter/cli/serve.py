"""Serve until told to stop: the work of `serve`, and of `demo` on a clock of its own."""

import gc
import signal
import sys
import threading
import time
from contextlib import suppress

import click

from sems_exporter.app import App, application, build_app, build_replica, start_polling
from sems_exporter.cli.log_setup import log_as
from sems_exporter.clock import Clock, SystemClock
from sems_exporter.config.settings import ServerSettings
from sems_exporter.errors import StartError
from sems_exporter.web.http.server import address_of, bound
from sems_exporter.web.http.server import serve as serve_http
from sems_exporter.web.security.reload import WebConfigFile


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
    for runner, one in zip(app.runners, app.settings.accounts, strict=not app.replicated):
        if holder := runner.portal.account_state().served_by:
            account = f"account {runner.name}" if runner.name else "this account"
            raise StartError(
                f"state_dir: {one.state_dir} is in use: {holder} has {account} already. Two would end each "
                "other's session, so this one does not start; stop the other one first"
            )

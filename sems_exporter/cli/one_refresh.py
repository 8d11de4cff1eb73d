"""Every account read once, for commands that end after it, and what they print or write."""

import sys
from collections.abc import Sequence

import click

from sems_exporter.app import AccountRunner, App, build_app
from sems_exporter.cli.progress import telling
from sems_exporter.cli.terminal import legible
from sems_exporter.clock import SystemClock
from sems_exporter.config.settings import ServerSettings
from sems_exporter.errors import StartError
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.polling.results import RefreshResult
from sems_exporter.portal.http.transport import Transport


def refreshed(
    settings: ServerSettings,
    *,
    release_brake: bool = False,
    transport: Transport | None = None,
    diagnostics: Sequence[Diagnostics] = (),
) -> tuple[App, list[RefreshResult]]:
    """Every account read once, one after the other, while a person is told how far it is."""
    app = build_app(settings, SystemClock(), transport=transport)
    # Money of a first reading needs its prices.
    app.accountant.refresh()
    outcomes = []
    try:
        for place, (runner, one) in enumerate(zip(app.runners, settings.accounts, strict=True)):
            if release_brake:
                runner.portal.release_brake()
            pace = f"at most {one.requests_per_minute} requests are sent in a minute (requests_per_minute)"
            with telling(lambda runner=runner: _progress(runner), pace):  # type: ignore[misc]
                outcomes.append(runner.poller.refresh(findings=diagnostics[place] if diagnostics else None))
            if not runner.portal.account_state().served_by:
                runner.poller.remember()
    finally:
        app.close()
    return app, outcomes


def _progress(runner: AccountRunner) -> str:
    done, stations = runner.poller.progress
    account = f" of account {runner.name}" if runner.name else ""
    if not stations:
        return f"the list of stations{account} is awaited"
    return f"station {min(done + 1, stations)} of {stations}{account} is being read"


def show(text: str) -> None:
    """Print `text`, which holds names as the portal tells them."""
    if sys.stdout.isatty():
        # A terminal obeys what names may hold; a program gets them as they are.
        text = "\n".join(map(legible, text.split("\n")))
    click.echo(text)


def unwritable(output: str, error: Exception) -> StartError:
    """What to say where the file that a command is to write cannot be written."""
    return StartError(f"output: {output} cannot be written: {getattr(error, 'strerror', None) or error}")

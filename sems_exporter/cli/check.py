"""`check`: say in plain words what works, what does not, and what to do."""

import click

from sems_exporter import protocol
from sems_exporter.app import AccountRunner, App
from sems_exporter.cli.account_status import standing
from sems_exporter.cli.log_setup import log_failures_as, remarks
from sems_exporter.cli.one_refresh import refreshed
from sems_exporter.cli.report import complaints, described, unread
from sems_exporter.cli.tariff import known_until, unpaid
from sems_exporter.cli.terminal import legible
from sems_exporter.cli.trace import Trace
from sems_exporter.cli.trace import lines as origins
from sems_exporter.config.settings import ServerSettings
from sems_exporter.errors import LoginWithheld
from sems_exporter.polling.results import RefreshResult
from sems_exporter.portal.session.account_state import AccountState
from sems_exporter.telemetry.redaction import MASKS


def check(settings: ServerSettings, *, release_brake: bool, verbose: bool = False) -> int:
    """Say what works, what does not, and what to do; 1 if something does not."""
    log_failures_as(settings)
    traces = [Trace() for _ in settings.accounts] if verbose else []
    app, outcomes = refreshed(settings, release_brake=release_brake, diagnostics=traces)
    if not app.runners:
        click.echo(f"Shard {settings.shard}: no account of the list belongs to it")
    codes = [
        _checked(app, runner, outcome, released=release_brake)
        for runner, outcome in zip(app.runners, outcomes, strict=True)
    ]
    for runner, trace in zip(app.runners, traces, strict=False):
        _tell_origins(app, runner, trace)
    for text in (
        *_of_portal_file(settings),
        *remarks(settings),
        *settings.tariffs.notes,
        *unpaid(app),
        *known_until(app.accountant),
    ):
        click.echo(text)
    return max(codes, default=0)


def _tell_origins(app: App, runner: AccountRunner, trace: Trace) -> None:
    """Say where each value of an account comes from."""
    stations = [shown.station for shown in app.snapshots.shown(app.clock.now())]
    own = [station for station in stations if (station.account or "") == runner.name]
    click.echo(f"Values{f' of account {runner.name}' if runner.name else ''}, by call: code, number as told -> metric")
    for text in origins(trace, own):
        click.echo(MASKS.masked(text))


def _of_portal_file(settings: ServerSettings) -> list[str]:
    """Say what the portal file changes."""
    if settings.portal_file is None:
        return []
    changes = protocol.current().changes
    many = f"{len(changes)} change{'' if len(changes) == 1 else 's'}" if changes else "changes nothing"
    return [legible(text) for text in (f"Portal file {settings.portal_file}: {many}", *(f"  {one}" for one in changes))]


def _checked(app: App, runner: AccountRunner, outcome: RefreshResult, *, released: bool) -> int:
    """Say it of one account, whose brake a person may just have `released`."""
    state, now = runner.portal.account_state(), app.clock.now()
    if runner.name:
        click.echo(f"Account {runner.name}")
    if state.token is not None:
        click.echo(f"Session: {'works' if outcome.read else 'there is one, but it got no data'}; {state.token.gateway}")
    for shown in app.snapshots.shown(now):
        if (shown.station.account or "") == runner.name:
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

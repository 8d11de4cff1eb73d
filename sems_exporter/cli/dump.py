"""`dump`: the anonymised answers of one refresh, for a bug report."""

from collections.abc import Callable
from pathlib import Path

import click

from sems_exporter.cli.log_setup import log_as
from sems_exporter.cli.one_refresh import refreshed, unwritable
from sems_exporter.config.settings import ServerSettings
from sems_exporter.exposition.json_form import written
from sems_exporter.files import Draft
from sems_exporter.portal.dump_file import Recorder
from sems_exporter.portal.dump_file import dump as dump_of


def dump(settings: ServerSettings, output: str) -> int:
    """Write the anonymised answers of one refresh to `output`; 1 if there are none."""
    settings.only_account("a dump is of one account")
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

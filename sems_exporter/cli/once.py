"""`once`: one snapshot, printed or written."""

from pathlib import Path

from sems_exporter.app import App, contents_of
from sems_exporter.cli.log_setup import log_as
from sems_exporter.cli.one_refresh import refreshed, show, unwritable
from sems_exporter.config.settings import ServerSettings
from sems_exporter.delivery.contents import Files, Kind
from sems_exporter.delivery.failures import DeliveryFailed
from sems_exporter.delivery.files import write
from sems_exporter.errors import StartError
from sems_exporter.exposition import Format
from sems_exporter.files import Draft

PROMETHEUS = "prometheus"


def once_printed(settings: ServerSettings, form: str) -> int:
    """Print one snapshot of all accounts; 1 if nothing could be read of one of them."""
    log_as(settings)
    app, outcomes = refreshed(settings)
    show(_files(app, form)[""].decode().removesuffix("\n"))
    return 0 if all(outcome.up for outcome in outcomes) else 1


def once_written(settings: ServerSettings, form: str, output: Path) -> int:
    """Write one snapshot to `output`, as a whole; 1 if nothing could be read of one of the accounts."""
    log_as(settings)
    _try(output, form)
    app, outcomes = refreshed(settings)
    try:
        write(_files(app, form), output)
    except DeliveryFailed as failed:
        raise StartError(f"output: {failed}") from failed
    return 0 if all(outcome.up for outcome in outcomes) else 1


def _try(output: Path, form: str) -> None:
    """Raise StartError where `output` cannot be written, before anything is sent: the portal is not asked in vain."""
    try:
        if form == Kind.PAGE:
            output.mkdir(mode=0o755, exist_ok=True)
        with Draft(output / "index.html" if form == Kind.PAGE else output):
            pass
    except (OSError, ValueError) as error:
        raise unwritable(str(output), error) from error


def _files(app: App, form: str) -> Files:
    if form == PROMETHEUS:
        return {"": app.exposition.body(Format.TEXT, compressed=False) or b""}
    return contents_of(app, simulated=False).of(Kind(form))

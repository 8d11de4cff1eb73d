"""The command line: commands, their flags, and how a failure is told. `serve`, `demo` and their like do the work."""

import errno
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from sems_exporter.cli.terminal import legible
from sems_exporter.clock import SystemClock
from sems_exporter.config import accounts, renamed, sharding, types
from sems_exporter.config import options as declared
from sems_exporter.config.lint import misspelt
from sems_exporter.config.options import Setting
from sems_exporter.config.settings import ServerSettings
from sems_exporter.errors import SemsError, SettingError, StartError
from sems_exporter.tariffs import configuration as tariffs
from sems_exporter.telemetry.redaction import MASKS, Secret
from sems_exporter.version import package_version

USAGE = 2
BREAKS = (
    *("2026-09-23", "client-renamed", "version-demanded", "path-moved", "header-demanded"),
    *("codes-changed", "factor-renamed"),
)
"""What `simulate` can break; named here because the simulator takes long to load."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a command is told that writes to a file on a full disk."""
SHARED = {"config_file", *(setting.key for setting in declared.SETTINGS)}
"""Parameters that are settings; `serve` has all of them, most commands some."""
Command = TypeVar("Command", bound=Callable[..., Any])


class OwnFlagsFirst(click.Command):
    """A command whose help lists what only it has before the settings that all share."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the flags in two parts."""
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            if (record := param.get_help_record(ctx)) is not None:
                (shared if param.name in SHARED else own).append(record)
        for title, records in (("Options", own), ("Settings", shared)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class DefaultToServe(click.Group):
    """A group whose flags belong to `serve` where no command is named."""

    command_class = OwnFlagsFirst

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `serve` before flags that stand alone."""
        if not args or (args[0].startswith("-") and args[0] not in ("--help", "-h", "--version")):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


def flags(*groups: tuple[Setting, ...]) -> Callable[[Command], Command]:
    """Give a command the flags of these settings."""

    def decorate(command: Command) -> Command:
        for setting in reversed([setting for group in groups for setting in group]):
            times = setting.type if isinstance(setting.type, types.Duration) else None
            option = click.option(
                setting.option,
                *(f"--{old.replace('_', '-')}" for old in renamed.former(setting.key)),
                setting.key,
                type=setting.type,
                default=setting.shown_default or None if times else setting.default,
                envvar=[setting.variable, *(f"SEMS_{old.upper()}" for old in renamed.former(setting.key))],
                show_envvar=True,
                show_default=bool(setting.shown_default),
                metavar=times.span if times else None,
                help=setting.help,
            )
            command = option(command)
        return command

    return decorate


def configured(*groups: tuple[Setting, ...]) -> Callable[[Command], Command]:
    """Give a command the flags of these settings, and the configuration file's."""

    def decorate(command: Command) -> Command:
        file = click.option(
            "--config.file",
            "config_file",
            type=types.FilePath(),
            envvar=declared.FILE_VARIABLE,
            show_envvar=True,
            is_eager=True,
            callback=_read_file,
            help="YAML file with any of these settings.",
        )
        return file(flags(*groups)(command))

    return decorate


chosen = click.option("--only", metavar="NAME", help="Read only this account of the list in the configuration file.")


def _read_file(ctx: click.Context, _: click.Parameter, path: str | None) -> object:
    if path is None:
        return None
    found = declared.from_file(path)
    only_there = {key: found.pop(key) for key in ("password", *declared.FILE_ONLY) if key in found}
    ctx.default_map = found
    if "password" in only_there:
        only_there["password"] = Secret(only_there["password"], Path(path))
    return {**only_there, "source": Path(path)}


@click.group(cls=DefaultToServe, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_version(), prog_name="sems-exporter", message="%(prog)s %(version)s")
def cli() -> None:
    """Prometheus exporter for GoodWe's SEMS+ cloud.

    Without a command it serves; `sems-exporter serve --help` lists the settings. They come from flags, then SEMS_...
    variables, then the configuration file. The password is never a flag: SEMS_PASSWORD_FILE or SEMS_PASSWORD.
    """


@cli.command()
@configured(declared.SETTINGS)
def serve(**values: Any) -> None:
    """Poll the portal and serve /metrics and the status page."""
    from sems_exporter.cli.serve import serve as run  # noqa: PLC0415 - heavy, and not needed to refuse a setting

    run(_settings(values))


@cli.command()
@configured(declared.POLLING[2:], declared.WEB, declared.LOGGING, declared.FILES)
@click.option(
    "--speed", type=click.FloatRange(1, 10_000), default=1.0, show_default=True, help="Times faster than life."
)
@click.option(
    "--start",
    type=types.StartTime(),
    help="UTC time at which the simulation starts, such as 2026-06-21T10:00; now where not given.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of weather and household.")
@click.option("--plants", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many plants.")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="ENDPOINT=FILE",
    help="Serve a captured answer instead of the plant's, such as flow=flow.json or telemetry.BAT_SYS=bat.json.",
)
def demo(**values: Any) -> None:
    """Serve a simulated plant; no account needed."""
    from sems_exporter.cli.demo import demo as run  # noqa: PLC0415 - as above

    run(values)


@cli.command()
@flags(declared.ACCOUNT)
@click.option(
    "--directory",
    type=types.FilePath("directory"),
    help="Where config.yml and password go; the user's configuration directory, and /etc/sems-exporter for root.",
)
@click.option("--force", is_flag=True, help="Replace files that are there already.")
@click.option("--no-check", is_flag=True, help="Do not sign in to try account and password.")
def init(directory: str | None, force: bool, no_check: bool, **values: Any) -> None:  # noqa: FBT001 - as above
    """Write the settings of a first start, and try them.

    Asks for what no flag gives; without a terminal, --account and --password-file (a file, or - for standard input)
    have to be there.
    """
    from sems_exporter.cli import first_run  # noqa: PLC0415 - as above

    files = first_run.files_in(directory)
    answers = first_run.asked(values, files, force=force)
    first_run.write(values, answers, files)
    code = 0 if no_check else _checked(files.config)
    if code and first_run.rejected(_from(files.config)) and (region := first_run.other_region(values)):
        first_run.write({**values, "region": region}, answers, files)
        click.echo(f"In a few minutes, when the brake allows it, try again: {first_run.again(files)}")
    click.echo(first_run.next_steps(files))
    sys.exit(code)


def _checked(config: Path) -> int:
    from sems_exporter.cli.check import check as run  # noqa: PLC0415 - as above

    return run(_from(config), release_brake=False)


def _from(config: Path) -> ServerSettings:
    """What `check` would go by with this configuration file."""
    values = check.make_context("check", ["--config.file", str(config)]).params
    del values["release_brake"], values["verbose"]
    return _settings(values)


@cli.command()
@configured(declared.SETTINGS)
@chosen
@click.option("--release-brake", is_flag=True, help="Allow a sign-in again after rejected credentials.")
@click.option("--verbose", is_flag=True, help="Show how each metric came to be: call, code, number, unit, value.")
def check(release_brake: bool, verbose: bool, **values: Any) -> None:  # noqa: FBT001 - click passes it by name
    """Sign in once; say in plain words what works and what not."""
    from sems_exporter.cli.check import check as run  # noqa: PLC0415 - as above

    sys.exit(run(_settings(values), release_brake=release_brake, verbose=verbose))


@cli.command()
@click.option(
    "--prometheus", type=types.ExternalUrl(), required=True, help="Address of Prometheus, http://localhost:9090."
)
@click.option("--alertmanager", type=types.ExternalUrl(), help="Address of Alertmanager, http://localhost:9093.")
@click.option(
    "--credentials-file", type=types.FilePath(), help="File with user:password, where the two want to know who asks."
)
def doctor(prometheus: str, alertmanager: str | None, credentials_file: str | None) -> None:
    """Ask whether Prometheus and Alertmanager do their part.

    Tells whether the exporter is scraped, by which labels and how often, how long values are kept, whether clocks
    agree, rules are loaded and work, dashboards find data, and alerts reach somebody. The exit code is 1 if something
    does not.
    """
    from sems_exporter.cli.doctor.examination import examine  # noqa: PLC0415 - as above
    from sems_exporter.cli.doctor.http_api import Api, credentials  # noqa: PLC0415 - as above

    who = credentials(credentials_file) if credentials_file else None
    sys.exit(examine(Api(prometheus, who), Api(alertmanager, who) if alertmanager else None, SystemClock()))


@cli.command()
@configured(declared.SETTINGS)
@chosen
@click.option(
    "--format",
    "form",
    type=click.Choice(["prometheus", "json", "textfile", "article", "page"]),
    help="The metrics as /metrics has them (if nothing is said), stations and values as JSON, or what the settings of "
    "these names write; docs/delivery.md.",
)
@click.option(
    "--output",
    type=types.FilePath(),
    help="File to write, or folder for the page; without --format, .prom makes a textfile and .json JSON.",
)
def once(form: str | None, output: str | None, **values: Any) -> None:
    """Print or write one snapshot and exit."""
    form = form or {".json": "json", ".prom": "textfile"}.get(Path(output or "").suffix, "prometheus")
    settings = _settings(values)
    from sems_exporter.cli.once import once_printed, once_written  # noqa: PLC0415 - as above

    if output:
        sys.exit(once_written(settings, form, Path(output)))
    if form == "page":
        raise SettingError("output", "missing; the page is a folder of files, so name one with --output FOLDER")
    sys.exit(once_printed(settings, form))


@cli.command()
@configured(declared.SETTINGS)
@chosen
@click.option(
    "--output",
    default="sems-dump.json",
    metavar="FILE",
    show_default=True,
    help="File to write; - for standard output.",
)
def dump(output: str, **values: Any) -> None:
    """Write the portal's answers, anonymised, for a bug report."""
    from sems_exporter.cli.dump import dump as run  # noqa: PLC0415 - as above

    sys.exit(run(_settings(values), output))


@cli.command()
@configured(tuple(setting for setting in declared.ACCOUNT if setting.key == "state_dir"))
@click.option(
    "--at", "day", type=types.Day(), help="Day whose prices are wanted, such as 2026-10-25; today if not given."
)
@click.option("--timezone", type=types.Zone(), help="Time zone of the station, such as Europe/Berlin.")
def tariff(**values: Any) -> None:
    """Print the prices of a day, and until when they are known.

    The tariffs are those of the configuration file. The exit code is 1 if a price of the day is not known.
    """
    from sems_exporter.cli.tariff import tariff as run  # noqa: PLC0415 - as above

    settings = tariffs.of_file(values["config_file"] or {})
    state_dir = declared.state_directory(values["state_dir"], os.environ)
    sys.exit(run(settings, state_dir, day=values["day"], zone=values["timezone"]))


@cli.command()
@configured(declared.SETTINGS)
@chosen
@click.argument("words", nargs=-1, metavar="[NAME | GET PATH | POST PATH]")
@click.option("--station", default="", metavar="ID", help="Station to ask about; may be left out where there is one.")
@click.option("--device", default="", metavar="SN", help="Serial number of the device to ask about.")
@click.option("--type", "device_type", default="", metavar="TYPE", help="Its type, such as INVERTER; else looked up.")
@click.option("--day", type=types.Day(), help="Day to ask about, such as 2026-10-25; today where not given.")
@click.option("--body", metavar="JSON", help="Body of a call by path.")
@click.option("--anonymous", is_flag=True, help="Replace names, places and serial numbers, as `dump` does.")
def call(words: tuple[str, ...], body: str | None, anonymous: bool, **values: Any) -> None:  # noqa: FBT001 - as above
    """Ask the portal, and print its answer as it came.

    Without a name it lists the calls there are, and needs no account.

    Only calls that read are sent, with the session, budget and brake of everything else.
    """
    from sems_exporter.cli.call import Order, listed  # noqa: PLC0415 - as above
    from sems_exporter.cli.call import call as run  # noqa: PLC0415 - as above
    from sems_exporter.portal.read_calls import Target  # noqa: PLC0415 - as above

    if not words:
        click.echo(listed(values["portal"]))
        return
    day = values.pop("day")
    about = {name: values.pop(name) for name in ("station", "device", "device_type")}
    target = Target(**about, **({"day": day} if day else {}))
    sys.exit(run(_settings(values), Order(words, target, body, anonymous)))


@cli.command()
@configured(declared.SETTINGS)
@chosen
@click.option("--since", type=types.Day(), help="First day, in the calendar of the station.")
@click.option("--until", type=types.Day(), help="Last day; today where not given.")
@click.option("--output", type=types.FilePath("directory"), required=True, help="Directory for answers and files.")
@click.option(
    "--prometheus", type=types.ExternalUrl(), help="Prometheus to look into: what it has is not written anew."
)
@click.option(
    "--gaps", is_flag=True, help="Only the last 7 days, or those since --since: what Prometheus lacks of them."
)
@click.option("--blocks", type=types.FilePath("directory"), help="Data directory of Prometheus to put blocks into.")
@click.option("--import", "import_url", type=types.ExternalUrl(), help="VictoriaMetrics to import into.")
@click.option("--step", type=click.Choice(["5m", "1m"]), default="5m", show_default=True, help="Time between samples.")
@click.option("--dry-run", is_flag=True, help="Say what it would take, and do nothing.")
@click.option("--verify", is_flag=True, help="Compare each day in Prometheus with the portal's energy of it.")
@click.option("--job", default="sems", show_default=True, help="Label job where Prometheus does not tell it.")
@click.option(
    "--instance", default="localhost:10736", show_default=True, help="Label instance where Prometheus does not tell it."
)
def history(**values: Any) -> None:
    """Fetch the years before the first scrape, and fill gaps."""
    from sems_exporter.cli import history as command  # noqa: PLC0415 - as above

    own = {name: values.pop(name) for name in command.Options.__dataclass_fields__}
    own |= {"output": Path(own["output"]), "blocks": Path(own["blocks"]) if own["blocks"] else None}
    own["step"] = {"5m": 300, "1m": 60}[own["step"]]
    sys.exit(command.history(_settings(values), command.Options(**own)))


@cli.command()
@configured(declared.WEB)
def healthy(**values: Any) -> None:
    """Ask the exporter that runs here whether it is healthy.

    The exit code is 0 if it is, 1 if not.
    """
    from sems_exporter.cli.healthcheck import answers  # noqa: PLC0415 - as above

    address = values["web_listen_address"]
    if not answers(address, may_be_secured=values["web_config_file"] is not None):
        _end(f"no healthy exporter answers at {address}", 1)


@cli.command()
@click.option(
    "--web.listen-address",
    "web_listen_address",
    type=types.ListenAddress(),
    default="127.0.0.1:10737",
    show_default=True,
    help="Address to listen on.",
)
@click.option("--replay", type=click.Path(exists=True, dir_okay=False), help="Dump to replay, in place of a plant.")
@click.option("--plants", type=click.IntRange(1, 1000), default=1, show_default=True, help="How many plants.")
@click.option(
    "--break",
    "break_",
    type=click.Choice(BREAKS),
    help="Change the protocol, as the real portal does overnight; docs/portal-changes.md tells of each.",
)
@click.option(
    "--break-after",
    type=types.Duration(0, 86400),
    default="0s",
    show_default=True,
    metavar="DURATION",
    help="Time from the start to the change.",
)
def simulate(**values: Any) -> None:
    """Serve a simulated portal alone, to point an exporter at."""
    from sems_exporter.cli.demo import simulate as run  # noqa: PLC0415 - as above

    run(values)


def _settings(values: dict[str, Any]) -> ServerSettings:
    for text in renamed.notices({*os.environ, *(word.partition("=")[0] for word in sys.argv[1:])}):
        click.echo(f"sems-exporter: {text}", err=True)
    name, in_file = values.pop("only", None), values.pop("config_file") or {}
    found = accounts.load_accounts(values, in_file, os.environ)
    own = sharding.sharded(accounts.only(found, name), values["shard"], name)
    return declared.build_settings(values, own, tariffs.of_file(in_file), in_file)


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line; exit code 0, 1 for a failure, 2 for wrong usage or settings."""
    try:
        cli.main(args, prog_name="sems-exporter", standalone_mode=False)
    except click.UsageError as error:
        _end(_explained(error), USAGE)
    except SettingError as error:
        _end(". ".join([str(error), *misspelt(os.environ)]), USAGE)
    except (StartError, SemsError) as error:
        _end(str(error), 1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except OSError as error:
        if error.errno not in FULL:
            raise
        _end(f"the output cannot be written: {error.strerror}", 1)
    sys.exit(0)


def _explained(error: click.UsageError) -> str:
    """The message with the key first, and every place where the setting can be made."""
    if isinstance(error, click.NoSuchOption) and error.option_name.startswith("--pas"):
        return "the password is never a flag; write it into a file and name that with --password-file"
    param = getattr(error, "param", None)
    by_key: Mapping[str, Setting] = {setting.key: setting for setting in declared.SETTINGS}
    setting = by_key.get(param.name or "") if isinstance(param, click.Parameter) else None
    if setting is None:
        shown = error.ctx.command_path if error.ctx else "sems-exporter"
        return f"{error.format_message().rstrip('.')} (see {shown} --help)"
    places = f"{setting.option}, {setting.variable} or the configuration file"
    return str(SettingError(setting.key, f"{error.message.rstrip('.')} (set by {places})"))


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"sems-exporter: {legible(MASKS.masked(message))}", err=True)
    sys.exit(code)

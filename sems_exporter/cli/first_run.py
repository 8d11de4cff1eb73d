"""`init`: write configuration and password of a first start, and say what comes next on this machine."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import platformdirs
import yaml

from sems_exporter.app import build_app
from sems_exporter.clock import SystemClock
from sems_exporter.config import passwords
from sems_exporter.config.options import ACCOUNT, PASSWORD_VARIABLE
from sems_exporter.config.settings import REGIONS, ServerSettings
from sems_exporter.errors import SettingError, StartError
from sems_exporter.files import write_private
from sems_exporter.telemetry.redaction import Secret

SYSTEM_DIRECTORY = Path("/etc/sems-exporter")
SYSTEM_STATE = Path("/var/lib/sems-exporter")
"""Where the packages for Debian and Red Hat look for settings, and keep state."""
PACKAGED_UNIT = Path("/usr/lib/systemd/system/sems-exporter.service")
SYSTEMD_RUNS = Path("/run/systemd/system")
STANDARD_INPUT = "-"
SCRAPE = """\
- job_name: sems
  scrape_interval: 60s
  static_configs:
    - targets: ["localhost:10736"]"""
UNIT = """\
[Unit]
Description=Prometheus exporter for GoodWe solar plants

[Service]
ExecStart={program} serve --config.file {config}
Restart=on-failure
RestartSec=30s
RestartPreventExitStatus=2

[Install]
WantedBy=default.target"""
COMPOSE = """\
mkdir -m 700 secrets && install -m 644 {password} secrets/sems_password
echo COMPOSE_FILE=docker-compose.yml:deploy/compose/account.yml > .env
echo SEMS_ACCOUNT=the e-mail address of the account >> .env
docker compose up --detach"""
PACKAGED = "systemctl enable --now sems-exporter"
HEAD = "# Written by `sems-exporter init`. docs/settings.md tells of every setting.\n"


@dataclass(frozen=True, slots=True)
class Files:
    """Where a first start puts what it writes; only their owner can read them."""

    directory: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.directory / "config.yml"

    @property
    def password(self) -> Path:
        """The file that holds the password, and nothing else."""
        return self.directory / "password"


def files_in(directory: str | None) -> Files:
    """The files in `directory`; where none is named, in the system's for root and in the user's otherwise."""
    if directory:
        return Files(Path(directory).absolute())
    return Files(
        SYSTEM_DIRECTORY if _is_root() else Path(platformdirs.user_config_dir("sems-exporter", appauthor=False))
    )


@dataclass(frozen=True, slots=True)
class Answers:
    """The account and its password, as flags, variables or a person gave them."""

    account: str
    password: Secret


def asked(values: Mapping[str, object], files: Files, *, force: bool) -> Answers:
    """Ask for what `values`, settings by key, lack, if there is a terminal; raise SettingError or StartError.

    Files that are there already are replaced only with `force`, or if the person says so.
    """
    asks = sys.stdin.isatty()
    _refuse_to_replace(files, asks=asks, force=force)
    return Answers(_account(values, asks=asks), _password(values, asks=asks))


def write(values: Mapping[str, object], answers: Answers, files: Files) -> None:
    """Write both files, with what of `values` differs from the defaults; raise StartError where that fails."""
    try:
        write_private(files.password, f"{answers.password.reveal()}\n")
        write_private(files.config, HEAD + _configuration(values, answers.account, files))
    except OSError as error:
        raise StartError(f"directory: {files.directory} cannot be written: {error.strerror}") from error
    click.echo(f"Written, for nobody but you to read: {files.config} and {files.password}")


def _refuse_to_replace(files: Files, *, asks: bool, force: bool) -> None:
    there = [str(path) for path in (files.config, files.password) if os.path.lexists(path)]
    if not there or force:
        return
    found = f"{' and '.join(there)} {'are' if len(there) > 1 else 'is'} there already"
    if not asks:
        raise SettingError("directory", f"{found}; --force replaces what is there, --directory takes another place")
    if not click.confirm(f"{found}. Replace"):
        raise StartError("nothing is changed")


def _account(values: Mapping[str, object], *, asks: bool) -> str:
    if given := str(values.get("account") or "").strip():
        return passwords.sendable("account", given)
    if not asks:
        raise SettingError("account", "missing; without a terminal, name it with --account or SEMS_ACCOUNT")
    click.echo("Best is an account of the exporter's own: a visitor, with whom the owner shares the station.")
    return str(click.prompt("E-mail address of the SEMS+ account", value_proc=lambda text: _typed("account", text)))


def _password(values: Mapping[str, object], *, asks: bool) -> Secret:
    given = values.get("password_file")
    if given == STANDARD_INPUT:
        return Secret(passwords.sendable("password", sys.stdin.readline(passwords.LARGEST).rstrip("\r\n")))
    if given:
        return passwords.from_file("password_file", Path(str(given)))
    if text := os.environ.get(PASSWORD_VARIABLE):
        return Secret(passwords.sendable("password", text))
    if not asks:
        raise SettingError(
            "password", "missing; without a terminal, --password-file names a file with it, or - for standard input"
        )
    return Secret(
        click.prompt("Its password (not shown)", hide_input=True, value_proc=lambda text: _typed("password", text))
    )


def _typed(key: str, text: str) -> str:
    """What was typed; raises UsageError, after which click asks again."""
    try:
        return passwords.sendable(key, text.strip() if key == "account" else text)
    except SettingError as error:
        raise click.UsageError(str(error)) from None


def _configuration(values: Mapping[str, object], account: str, files: Files) -> str:
    """The YAML text with what differs from the defaults."""
    found: dict[str, object] = {"account": account, "password_file": str(files.password)}
    for setting in ACCOUNT:
        value = values.get(setting.key)
        if setting.key not in found and value != setting.default:
            found[setting.key] = list(value) if isinstance(value, tuple) else value
    if files.directory == SYSTEM_DIRECTORY and SYSTEM_STATE.is_dir():
        # The service's, so that the session of the check is the one that it goes on with.
        found.setdefault("state_dir", str(SYSTEM_STATE))
    return yaml.safe_dump(found, sort_keys=False, allow_unicode=True)


def rejected(settings: ServerSettings) -> bool:
    """Tell whether the portal has rejected account or password, by what the state directory remembers."""
    app = build_app(settings, SystemClock())
    try:
        return app.portal.account_state().brake.rejections > 0
    finally:
        app.close()


def other_region(values: Mapping[str, object]) -> str:
    """The region that a person names after account or password were rejected; "" to leave it as it is."""
    if not sys.stdin.isatty():
        return ""
    click.echo("\nIf account and password are right, the account may belong to one region of the portal alone.")
    chosen = str(click.prompt("Region", type=click.Choice(REGIONS), default=str(values["region"])))
    return "" if chosen == values["region"] else chosen


def again(files: Files) -> str:
    """The command that tries the configuration once more."""
    return f"{_program()} check --config.file {_quoted(files.config)}"


def next_steps(files: Files) -> str:
    """What a person does now: start it, have it scraped, keep it running."""
    return "\n".join(
        [
            "\nStart it:",
            _indented(f"{_program()} --config.file {_quoted(files.config)}"),
            "Then http://localhost:10736/ shows the plant. In prometheus.yml, below scrape_configs:",
            _indented(SCRAPE),
            *_keep_running(files),
            "`sems-exporter doctor --prometheus http://localhost:9090` tells whether Prometheus does its part.",
        ]
    )


def _keep_running(files: Files) -> list[str]:
    """How it goes on after this terminal is closed: by systemd, by containers, or not told, as they are here."""
    if PACKAGED_UNIT.exists() and files.directory == SYSTEM_DIRECTORY:
        return ["To let the system keep it running, in place of the first line:", _indented(PACKAGED)]
    lines = []
    if SYSTEMD_RUNS.is_dir() and not _is_root():
        unit = UNIT.format(program=_program(), config=files.config)
        lines += [
            "To let systemd keep it running, as ~/.config/systemd/user/sems-exporter.service:",
            _indented(unit),
            _indented("systemctl --user enable --now sems-exporter && loginctl enable-linger"),
        ]
    if shutil.which("docker"):
        compose = COMPOSE.format(password=_quoted(files.password))
        lines += [
            "Or with Docker Compose, with Prometheus and Grafana, in the checkout (one of the two, never both):",
            _indented(compose),
        ]
    return lines


def _program() -> str:
    """How this program was called, as an absolute path where it is one."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{_quoted(Path(sys.executable))} -m sems_exporter"
    return _quoted(called.absolute())


def _quoted(path: Path) -> str:
    text = str(path)
    return f'"{text}"' if " " in text else text


def _indented(text: str) -> str:
    return "".join(f"\n    {line}" for line in text.split("\n"))[1:] + "\n"


def _is_root() -> bool:
    return getattr(os, "geteuid", lambda: 1)() == 0

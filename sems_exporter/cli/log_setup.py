"""The log of a command, and what is said first in it: what a person should know about the settings."""

import logging
import os
from dataclasses import replace

from sems_exporter.config.lint import exposed, misspelt, open_to_all, unfit_times
from sems_exporter.config.passwords import exposure
from sems_exporter.config.settings import ServerSettings
from sems_exporter.telemetry.logs import set_up
from sems_exporter.telemetry.redaction import MASKS

log = logging.getLogger(__name__)


def log_as(settings: ServerSettings) -> None:
    """Log as the settings say, with their secrets masked; the first lines are about what is wrong with the settings."""
    for one in settings.accounts:
        MASKS.learn(one.account.name)
    set_up(settings.log_level, settings.log_format, settings.secrets)
    for text in remarks(settings):
        log.warning(text)


def log_failures_as(settings: ServerSettings) -> None:
    """Log only what fails, for commands that say in plain words what a log line would; all of it at level debug."""
    log_as(replace(settings, log_level="debug" if settings.log_level == "debug" else "error"))


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

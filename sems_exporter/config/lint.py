"""What is allowed and yet hardly meant: misspelt variables, and times that do not go together."""

import os
import stat
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from sems_exporter.config.options import FILE_VARIABLE, PASSWORD_VARIABLE, SETTINGS
from sems_exporter.config.renamed import RENAMED
from sems_exporter.config.settings import ServerSettings

LEAST_LIKENESS = 0.8
"""Likeness from which a variable is taken for a misspelt one; what Kubernetes and others set is below."""
PORTAL_LAG_SECONDS = 300.0
"""Seconds by which the portal's newest data are often old already."""


def misspelt(variables: Iterable[str]) -> list[str]:
    """A sentence about each variable that is no setting and looks like one; never its value."""
    known = {setting.variable for setting in SETTINGS} | {PASSWORD_VARIABLE, FILE_VARIABLE}
    known |= {f"SEMS_{old.upper()}" for old in RENAMED}
    # Passwords of the list `accounts` go by names that people choose.
    strange = (name for name in variables if name not in known and not name.startswith(f"{PASSWORD_VARIABLE}_"))
    ours = (name for name in strange if name.upper().startswith("SEM"))
    nearest = {name: get_close_matches(name.upper(), known, n=1, cutoff=LEAST_LIKENESS) for name in ours}
    return [f"{name} is no setting; is {near[0]} meant?" for name, near in nearest.items() if near]


def exposed(state_dir: Path) -> list[str]:
    """A sentence about a state directory in which every user of the machine may put and remove files."""
    if not _everybody_writes(state_dir):
        return []
    return [f"state_dir: {state_dir} can be written by every user, who can take the brake away; chmod 700 {state_dir}"]


def open_to_all(portal_file: Path | None) -> list[str]:
    """A sentence about a portal file that every user of the machine may change: it says where the password goes."""
    if portal_file is None or not _everybody_writes(portal_file):
        return []
    return [f"portal_file: {portal_file} can be written by every user, and says where the password goes; chmod o-w it"]


def _everybody_writes(path: Path) -> bool:
    try:
        return os.name == "posix" and bool(path.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False


def unfit_times(settings: ServerSettings) -> list[str]:
    """A sentence about each limit that is reached between two refreshes although all is well."""
    sentences = []
    interval = max((one.interval for one in settings.accounts), default=0.0)
    if interval + PORTAL_LAG_SECONDS > settings.data_max_age:
        sentences.append(
            f"data_max_age: with an interval of {interval:g} s data are often older than "
            f"{settings.data_max_age:g} s before the next ones come, so live values will be missing at times; "
            f"set {interval + PORTAL_LAG_SECONDS:g} s or more"
        )
    if interval > settings.snapshot_max_age:
        sentences.append(
            f"snapshot_max_age: {settings.snapshot_max_age:g} s are less than the {interval:g} s between two "
            "refreshes, so stations will count as down at times; leave it unset, or set it longer"
        )
    return sentences

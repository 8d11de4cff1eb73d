"""What the factory needs to know of a dialect, so that a further one is a folder and a line in `factory.DIALECTS`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.portal.client import AccountClient
from sems_exporter.portal.interface import Source
from sems_exporter.portal.read_calls import ReadCall


@dataclass(frozen=True, slots=True)
class DialectSpec:
    """One dialect: `source` reads an account through a `client` of the dialect, which asks only `endpoints`.

    `outdated` are the failures that say the portal has left this dialect; `calls` are those that a person may make.
    """

    name: str
    client: type[AccountClient]
    source: Callable[[Any, Clock], Source]
    endpoints: tuple[str, ...]
    outdated: tuple[type[errors.PortalError], ...]
    calls: tuple[ReadCall, ...]

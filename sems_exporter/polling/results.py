"""What came of polling: plain data, which the poller fills and others read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sems_exporter import errors

MOST_NAMED = 5
CHANGED = "the portal has changed its protocol"
WHAT_TO_DO = "docs/portal-changes.md tells what to do"


@dataclass(frozen=True, slots=True)
class Health:
    """How the polling goes: `up` is None before the first refresh has ended; `problem` is a sentence for a person.

    `finds_way` tells whether the latest refresh found a way to the portal.
    """

    up: bool | None = None
    last_success: datetime | None = None
    next_refresh: datetime | None = None
    problem: str | None = None
    finds_way: bool = True


def together(healths: Mapping[str, Health]) -> Health:
    """Sum up the polling of all accounts, by name: as bad as that of the worst, as late as that of the latest.

    Where there is no account, nothing is amiss.
    """
    every = list(healths.values())
    if len(every) == 1:
        return every[0]
    if not every:
        return Health(up=True)
    problems = [f"account {name}: {health.problem}" for name, health in healths.items() if health.problem]
    successes = [health.last_success for health in every if health.last_success is not None]
    planned = [health.next_refresh for health in every if health.next_refresh is not None]
    return Health(
        up=_all_up(every),
        last_success=min(successes) if len(successes) == len(every) else None,
        next_refresh=min(planned, default=None),
        problem="; ".join(problems) or None,
    )


def _all_up(every: list[Health]) -> bool | None:
    if any(health.up is False for health in every):
        return False
    return None if any(health.up is None for health in every) else True


@dataclass(slots=True)
class RefreshResult:
    """What one refresh brought: failures by station, parts that are missing, and what ended it early, if anything.

    `tried` are the stations whose details were asked for, `new` is the number of those that were read and not only
    remembered, `overviews` that of the stations which the list, in rotation, has shown of late; `earlier` are failures
    of stations whose turn has not come again. `changes` are signs that the portal speaks another protocol than ours.
    """

    stations: int | None = None
    read: int = 0
    new: int = 0
    overviews: int = 0
    unreachable_in_a_row: int = 0
    tried: set[str] = field(default_factory=set)
    by_station: dict[str, errors.PortalError] = field(default_factory=dict)
    earlier: dict[str, errors.PortalError] = field(default_factory=dict)
    partial: list[str] = field(default_factory=list)
    changes: tuple[str, ...] = ()
    whole: errors.SemsError | None = None

    @property
    def up(self) -> bool:
        """Tell whether the account works and a station was read, or seen in the list, or all are read elsewhere."""
        idle = bool(self.stations) and not self.tried
        return self.whole is None and (self.read + self.overviews > 0 or idle)

    @property
    def finds_way(self) -> bool:
        """Tell whether the portal was reached, or nothing tells that it was not."""
        failures = [*self.by_station.values(), *([self.whole] if self.whole else [])]
        is_cut_off = bool(failures) and all(isinstance(error, errors.ON_THE_WAY) for error in failures)
        return self.new > 0 or not is_cut_off

    @property
    def failure(self) -> errors.SemsError | None:
        """Return what went wrong first, the account's failure before those of stations."""
        return self.whole or next(iter({**self.by_station, **self.earlier}.values()), None)

    @property
    def sentence(self) -> str | None:
        """Say what does not work, for a person."""
        if not self.changes:
            return self._failing
        told = "; ".join(self.changes[:MOST_NAMED])
        return "; ".join(filter(None, (f"{CHANGED}: {told}", self._failing, WHAT_TO_DO)))

    @property
    def _failing(self) -> str | None:
        if self.whole is not None:
            return _told(self.whole)
        if failing := {**self.earlier, **self.by_station}:
            sentences = {key: _told(error) for key, error in failing.items()}
            if all(isinstance(error, errors.Unreachable) for error in failing.values()):
                # Of one station it would read as if that was what has no connection.
                return "; ".join(dict.fromkeys(sentences.values()))
            return "; ".join(f"station {key}: {text}" for key, text in list(sentences.items())[:MOST_NAMED])
        return "the account shows no stations" if self.stations == 0 else None


def _told(error: errors.SemsError) -> str:
    return f"the portal could not be reached ({error})" if isinstance(error, errors.Unreachable) else str(error)

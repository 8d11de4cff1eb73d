"""What the account's list says of each station, as a station that can be shown by itself."""

from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import Station, StationState
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.process import process
from sems_exporter.pipeline.repeated_answers import RepeatedAnswers
from sems_exporter.portal import StationRef
from sems_exporter.portal.decoding import states


class ListOverviews:
    """Makes trusted stations of the rows of the list, and remembers them.

    The list has no time of its own, so a row is as old as the first that said the same. It rounds its energies
    otherwise than the details do, so its counters are watched by rules of their own.
    """

    def __init__(self, account: str) -> None:
        self._account = account
        self._guard = CounterGuard()
        self._repeats = RepeatedAnswers()
        self._seen: dict[str, Station] = {}

    def of(self, key: str) -> Station | None:
        """The latest look at a station."""
        return self._seen.get(key)

    def renewed(self, ref: StationRef, details: Station | None, findings: Diagnostics) -> Station | None:
        """The station as the list shows it, if this look is a new one; place and zone come from its details."""
        before = self._seen.get(ref.id)
        if ref.seen_at is None or (before is not None and before.fetched_at == ref.seen_at):
            return None
        since = self._repeats.said((ref.id,), (ref.state, ref.pv_power, ref.pv_energy_today), ref.seen_at).since
        station = Station(
            id=ref.id,
            fetched_at=ref.seen_at,
            data_timestamp=since,
            name=ref.name,
            state=ref.state,
            state_at=states.dated(ref.state, ref.seen_at, None, since),
            timezone=(details and details.timezone) or ref.timezone,
            timezone_name=(details and details.timezone_name) or ref.timezone_name,
            latitude=details.latitude if details else None,
            longitude=details.longitude if details else None,
            installed_power=ref.installed_power,
            pv_power=None if ref.state in (None, StationState.OFFLINE) else ref.pv_power,
            pv_energy_today=ref.pv_energy_today,
            alarms=ref.alarms,
        )
        seen = process(station, self._guard, ref.seen_at, findings, self._account)
        self._seen[ref.id] = seen
        return seen

    def keep_only(self, keys: set[str]) -> None:
        """Forget the other stations."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in keys}

"""What the account's list says of each station, as a station that can be shown by itself."""

from datetime import datetime

from sems_exporter.derive import derived
from sems_exporter.findings import Findings
from sems_exporter.model import Station, StationState
from sems_exporter.portal import StationRef
from sems_exporter.quality import Quality


class Overviews:
    """Makes trusted stations of the rows of the list, and remembers them.

    The list rounds its energies otherwise than the details do, so its counters are watched by rules of their own.
    """

    def __init__(self, account: str, data_max_age: float) -> None:
        self._account = account
        self._data_max_age = data_max_age
        self._quality = Quality()
        self._seen: dict[str, Station] = {}
        self._changed: dict[str, tuple[StationRef, datetime]] = {}

    def of(self, key: str) -> Station | None:
        """The latest look at a station."""
        return self._seen.get(key)

    def renewed(self, ref: StationRef, details: Station | None, findings: Findings) -> Station | None:
        """The station as the list shows it, if this look is a new one; place and zone come from its details."""
        before = self._seen.get(ref.id)
        if ref.seen_at is None or (before is not None and before.fetched_at == ref.seen_at):
            return None
        station = Station(
            id=ref.id,
            fetched_at=ref.seen_at,
            data_timestamp=ref.seen_at,
            name=ref.name,
            account=self._account or None,
            state=ref.state,
            timezone=(details and details.timezone) or ref.timezone,
            timezone_name=(details and details.timezone_name) or ref.timezone_name,
            latitude=details.latitude if details else None,
            longitude=details.longitude if details else None,
            installed_power=ref.installed_power,
            pv_power=self._vouched_for(ref, ref.seen_at),
            pv_energy_today=ref.pv_energy_today,
            alarms=ref.alarms,
        )
        seen = derived(self._quality.check(station, ref.seen_at, findings), ref.seen_at)
        self._seen[ref.id] = seen
        return seen

    def keep_only(self, keys: set[str]) -> None:
        """Forget the other stations."""
        self._seen = {key: seen for key, seen in self._seen.items() if key in keys}
        self._changed = {key: seen for key, seen in self._changed.items() if key in keys}

    def _vouched_for(self, ref: StationRef, seen_at: datetime) -> float | None:
        """The PV power, unless it is what a station said that says nothing any more.

        The list has no time of its own. A power that stands still to the last digit together with the energy it
        should add to, for as long as data may be old, is not from now.
        """
        if ref.state in (None, StationState.OFFLINE):
            return None
        last, since = self._changed.get(ref.id, (ref, seen_at))
        if (last.pv_power, last.pv_energy_today) != (ref.pv_power, ref.pv_energy_today):
            last, since = ref, seen_at
        self._changed[ref.id] = (last, since)
        stands_still = (seen_at - since).total_seconds() >= self._data_max_age
        return None if ref.pv_power and stands_still else ref.pv_power

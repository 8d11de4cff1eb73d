"""Whose details come next where the budget does not allow all stations' at every refresh.

Each station is due a while after it was read last: a round, which is the time that reading all of them takes, times its
need. The one that is due first is read first. A station that has become due is therefore passed over by each other one
at most once, so nobody waits longer than `NIGHT_ROUNDS` rounds and one more, whatever alarms there are.
"""

import random
from collections.abc import Iterable, Mapping

from sems_exporter.model.plant import Station, StationState

ALARM_ROUNDS = 0.25
DAY_ROUNDS = 1.0
NIGHT_ROUNDS = 2.0
"""Rounds after which a station is due again: with an alarm, by day, and by night."""
SUNRISE_ELEVATION_DEGREES = -0.833
"""Degrees of the sun's centre at sunrise and sunset."""
GUESSED_CALLS = 13
"""Requests for the details of a station before any has been read: a hybrid inverter with battery and meter."""
SMOOTHING = 0.1
LONGEST_READ_SECONDS = 600.0


def need(seen: Station | None) -> float:
    """Return how many rounds from the latest look at a station its details are wanted again."""
    if seen is None:
        return DAY_ROUNDS
    if seen.alarms or seen.state is StationState.FAULT:
        return ALARM_ROUNDS
    if seen.pv_power:
        return DAY_ROUNDS
    # Where nobody knows where the sun stands, a roof that makes nothing may as well have a fault.
    return (
        NIGHT_ROUNDS
        if seen.sun_elevation is not None and seen.sun_elevation < SUNRISE_ELEVATION_DEGREES
        else DAY_ROUNDS
    )


class Rotation:
    """Remembers when each station was read, and how long a read takes."""

    def __init__(self, per_minute: int, chance: random.Random) -> None:
        self._chance = chance
        self._seconds_each = GUESSED_CALLS * 60.0 / per_minute
        self._reads = 1
        self._read_at: dict[str, float] = {}

    def round_seconds(self, stations: int) -> float:
        """Time that reading the details of so many stations once takes."""
        return stations * self._seconds_each

    def order(self, needs: Mapping[str, float], now: float) -> list[str]:
        """The stations, the one whose details are wanted first at the head; `now` as Unix time."""
        whole = self.round_seconds(len(needs))
        self._put_new_first(needs, now, whole)
        return sorted(needs, key=lambda key: self._read_at[key] + whole * needs[key])

    def has_read(self, key: str, began: float, ended: float) -> None:
        """The details of a station were asked for, with success or without."""
        self._read_at[key] = ended
        took = min(LONGEST_READ_SECONDS, max(0.0, ended - began))
        self._reads += 1
        # The guess weighs as much as one read.
        self._seconds_each += max(SMOOTHING, 1 / self._reads) * (took - self._seconds_each)

    def pass_over(self, key: str, now: float) -> None:
        """End the turn of a station whose details could not be asked for, or no other would ever get one."""
        self._read_at[key] = now

    def _put_new_first(self, keys: Iterable[str], now: float, whole: float) -> None:
        """Let new stations come before all others, in an order of chance: after every restart they are all new."""
        known = {key: self._read_at[key] for key in keys if key in self._read_at}
        # A clock that was set back must not put a station off until it has caught up.
        self._read_at = {key: min(read_at, now) for key, read_at in known.items()}
        for key in keys:
            if key not in known:
                self._read_at[key] = now - whole * (NIGHT_ROUNDS + self._chance.uniform(1, 2))

"""The request budget: how fast the portal is asked, whatever the number of stations."""

import threading
from collections import deque

from sems_exporter.clock import Clock
from sems_exporter.errors import TimedOut

SPACING = 0.2
"""Seconds between two requests; bursts were answered with 429."""
WINDOW = 60.0


class Pace:
    """At most `per_minute` requests in any minute, none closer than `SPACING` to the one before."""

    def __init__(self, per_minute: int, clock: Clock, stop: threading.Event) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._stop = stop
        self._sent: deque[float] = deque(maxlen=per_minute)

    def take_turn(self) -> None:
        """Wait until a request may be sent, and count it; raises TimedOut when the program is ending."""
        while (due := self._due(self._clock.now().timestamp())) > 0:
            if self._clock.wait(self._stop, due):
                raise TimedOut("the exporter is stopping")
        self._sent.append(self._clock.now().timestamp())

    def _due(self, now: float) -> float:
        if not self._sent:
            return 0.0
        if (ahead := self._sent[-1] - now) > 0:
            # The clock was set back: the requests keep their distances, or nothing would be sent until it catches up.
            self._sent = deque((sent - ahead for sent in self._sent), maxlen=self._per_minute)
        waits = [self._sent[-1] + SPACING - now]
        if len(self._sent) == self._per_minute:
            waits.append(self._sent[0] + WINDOW - now)
        # A clock of microseconds cannot wait for less than one.
        return round(max(waits), 6)

"""When each station changes by age alone, so that nobody has to look at all of them to know that nothing is due."""

from datetime import UTC, datetime
from heapq import heapify, heappop, heappush

NEVER = datetime.max.replace(tzinfo=UTC)


class ExpiryQueue:
    """An instant for each station. Replaced ones stay in the heap until they come up or outnumber the others."""

    def __init__(self) -> None:
        self._until: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []

    @property
    def next(self) -> datetime:
        """The earliest instant of all, or NEVER."""
        while self._heap and self._until.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else NEVER

    def put(self, station: str, until: datetime | None) -> None:
        """Expect a change of `station` at `until`, or none at all."""
        self._until.pop(station, None)
        if until is not None:
            self._until[station] = until
            heappush(self._heap, (until, station))
        if len(self._heap) > 2 * len(self._until) + 64:
            self._heap = [(instant, key) for key, instant in self._until.items()]
            heapify(self._heap)

    def due(self, instant: datetime) -> dict[str, datetime]:
        """The stations that change at `instant` or before, and when; they stay due until they are put anew."""
        if instant < self.next:
            return {}
        return {station: until for station, until in self._until.items() if until <= instant}

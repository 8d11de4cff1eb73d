"""What was asked of the portal, and what became of it."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as the portal saw it.

    `instant` is the simulated time at which it came; `endpoint` "" for an unknown route; `path` includes the query;
    `outcome` is the result code of the answer, `scripted-STATUS` for a scripted one, `fault-NAME` for one that a fault
    made up, or `http-404`.
    """

    instant: datetime
    endpoint: str
    path: str
    outcome: str


class RequestLog:
    """The last 100,000 requests. Thread-safe."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._changed = threading.Condition()
        self._requests: deque[RecordedRequest] = deque(maxlen=_KEPT)
        self.answered = self.sign_ins = 0

    def add(self, request: RecordedRequest, *, sign_in: bool) -> None:
        """Note a request, once its answer is made."""
        with self._changed:
            self.sign_ins += sign_in
            self.answered += 1
            self._requests.append(request)
            self._changed.notify_all()

    def wait(self, after: int, seconds: float) -> bool:
        """Wait until more than `after` answers were made; False if that takes longer than `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self.answered > after, seconds)

    def requests(self) -> list[RecordedRequest]:
        """Those that are kept, oldest first."""
        with self._changed:
            return list(self._requests)

    def clear(self) -> None:
        """Forget them; the counts stay."""
        with self._changed:
            self._requests.clear()

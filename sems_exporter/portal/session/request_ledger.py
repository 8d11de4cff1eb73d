"""What all processes of an account share while they run: when requests were sent of late, and the portal's pause.

Every process asks here before it sends, `check` beside a server too: the budget and the pause are the account's.
One small file, written in place under a short lock of the operating system. A process that is killed leaves no lock,
and what it has written stays with the system. Nothing waits for the disk, but for a pause: a power cut may cost what
was sent in the half minute before.
"""

import errno
import json
import logging
import math
import os
import stat
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import portalocker

from sems_exporter.clock import Clock, count_of
from sems_exporter.files import UNREADABLE, open_shared
from sems_exporter.portal.session.login_throttle import LONGEST_PAUSE

log = logging.getLogger(__name__)

WINDOW = 60.0
"""Seconds for which a request counts."""
MOST_KEPT = 512
"""Requests in the file; no budget that can be set has as many in a minute."""
LARGEST = 64 * 1024
SAME = 0.05
"""Seconds within which two estimated instants are one request; two requests are farther apart."""
LOCK_TRIES, LOCK_WAIT = 200, 0.005
"""How often, and after how many seconds, a lock is tried for that others hold for far less than a millisecond."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the file holds. Instants are seconds on the steady count of `Clock.monotonic`.

    `closed_until` is set where nobody knows what was sent before. `is_estimate` is whether another count had to be
    converted by the clock, because the machine has booted since, say.
    """

    sent: tuple[float, ...] = ()
    closed_until: float = -math.inf
    paused_until: float = -math.inf
    paused_at: float = -math.inf
    pauses: int = 0
    is_estimate: bool = False


class RequestLedger:
    """The record of one account in `path`; without one, of this process alone.

    Where it cannot be written, `unshared` says why. Then this process keeps to what it knows, and sends nothing in its
    first minute, because it may be one of many.
    """

    def __init__(self, path: Path | None, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._count = count_of(clock)
        self._began = clock.monotonic()
        self._mutex = threading.Lock()
        self._known = Page()
        self._has_shared = False
        self.unshared = ""

    def turn(self, due: Callable[[Sequence[float], float], float]) -> float:
        """Seconds to wait before asking again; 0.0 if a request may be sent now, which is then written down.

        `due` says how long to wait after requests at these instants, the oldest first, at the instant that follows.
        """
        with self._mutex, self._held() as file:
            page, now = self._page(file), self._clock.monotonic()
            wait = max(page.closed_until - now, due(page.sent, now))
            if wait <= 0 and not self._written(file, replace(page, sent=(*page.sent, now))) and not self._has_shared:
                wait = self._began + WINDOW - now
            if wait <= 0:
                own = (at for at in self._known.sent if at > now - 2 * WINDOW)
                self._known = replace(self._known, sent=(*own, now))
            return max(0.0, round(wait, 6))

    def pause(self) -> tuple[float, float, int]:
        """Seconds that the pause still lasts, seconds since it began, and how many there were in a row."""
        with self._mutex, self._held() as file:
            page, now = self._page(file), self._clock.monotonic()
            return max(0.0, page.paused_until - now), max(0.0, now - page.paused_at), page.pauses

    def keep_pause(self, left: float, ago: float, pauses: int) -> None:
        """Write a pause down for all, unless a longer one is known."""
        with self._mutex, self._held() as file:
            page, now = self._page(file), self._clock.monotonic()
            if now + left > page.paused_until + SAME:
                page = replace(page, paused_until=now + left, paused_at=now - ago, pauses=pauses)
                self._known = replace(page, sent=self._known.sent)
                self._written(file, page, settle=True)

    def answered(self) -> None:
        """A request went well: the next pause is short again."""
        with self._mutex, self._held() as file:
            page = replace(self._page(file), pauses=0)
            self._known = replace(self._known, pauses=0)
            self._written(file, page)

    @contextmanager
    def _held(self) -> Iterator[int | None]:
        """The file while nobody else has it; None where there is none to be had."""
        file = None
        try:
            file = self._locked()
        except (OSError, portalocker.LockException) as error:
            self._missed(error)
        try:
            yield file
        finally:
            if file is not None:
                os.close(file)

    def _locked(self) -> int | None:
        if self._path is None:
            return None
        file = open_shared(self._path)
        try:
            _lock(file)
        except BaseException:
            os.close(file)
            raise
        return file

    def _page(self, file: int | None) -> Page:
        """Return what is written, and what this process knows besides; without what is over."""
        page, now = self._known, self._clock.monotonic()
        if file is not None:
            page = _together(self._read(file), page)
        page = replace(page, sent=tuple(at for at in page.sent if at > now - 2 * WINDOW))
        if page.is_estimate:
            # Written on our count at once, so that a clock that is set meanwhile changes nothing any more.
            self._written(file, replace(page, is_estimate=False))
        return page

    def _read(self, file: int) -> Page:
        now = self._clock.monotonic()
        try:
            text = os.pread(file, LARGEST, 0)
            return self._parsed(text) if text else Page()
        except (OSError, *UNREADABLE) as error:
            closed = replace(self._known, closed_until=now + WINDOW)
            if self._written(file, closed):
                log.warning(
                    "the record of requests cannot be read; nothing is sent for a minute",
                    extra={"path": str(self._path), "error": type(error).__name__},
                )
                self._known = closed
            return self._known

    def _parsed(self, text: bytes) -> Page:
        line = text.split(b"\n", 1)[0]
        checksum, _, body = line.partition(b" ")
        if int(checksum, 16) != zlib.crc32(body):
            raise ValueError("checksum")
        raw = json.loads(body)
        seconds = {name: _number(raw[name]) for name in ("clock", "count", "closed", "paused_until", "paused_at")}
        now = self._clock.monotonic()
        # To the clock only where the counts cannot be compared; it may have been set back since, so never before.
        passed = max(0.0, self._clock.now().timestamp() - seconds["clock"])
        is_estimate = not raw["counted_from"] == self._count != ""
        here = now - passed - seconds["count"] if is_estimate else 0.0
        return Page(
            tuple(min(now, _number(at) + here) for at in raw["sent"]),
            min(now + WINDOW, seconds["closed"] + here),
            min(now + LONGEST_PAUSE, seconds["paused_until"] + here),
            min(now, seconds["paused_at"] + here),
            int(_number(raw["pauses"])),
            is_estimate,
        )

    def _written(self, file: int | None, page: Page, *, settle: bool = False) -> bool:
        """Tell whether the others can read it."""
        if self._path is None:
            return True
        if file is None:
            return False
        now = self._clock.monotonic()
        document: dict[str, Any] = {
            "counted_from": self._count,
            "count": now,
            "clock": self._clock.now().timestamp(),
            "sent": page.sent[-MOST_KEPT:],
            "closed": max(page.closed_until, now - LONGEST_PAUSE),
            "paused_until": max(page.paused_until, now - LONGEST_PAUSE),
            "paused_at": max(page.paused_at, now - 2 * LONGEST_PAUSE),
            "pauses": page.pauses,
        }
        body = json.dumps(document).encode()
        text = b"%08x %s\n" % (zlib.crc32(body), body)
        try:
            # All of it or, on a disk that is full, a part, which the checksum tells from a whole.
            os.pwrite(file, text, 0)
            if settle:
                os.fsync(file)
        except OSError as error:
            self._missed(error)
            return False
        if self.unshared:
            log.info("requests are counted together with other programs again", extra={"path": str(self._path)})
        self._has_shared, self.unshared = True, ""
        return True

    def _missed(self, error: Exception) -> None:
        why = getattr(error, "strerror", None) or type(error).__name__
        if not self.unshared:
            log.warning(
                "requests cannot be counted together with those of other programs of this account; "
                "the first minute passes without one",
                extra={"path": str(self._path), "error": why},
            )
        self.unshared = f"{self._path.parent if self._path else ''}: {why}"


def _lock(file: int) -> None:
    if not stat.S_ISREG(os.fstat(file).st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
    for _ in range(LOCK_TRIES):
        try:
            portalocker.lock(file, portalocker.LOCK_EX | portalocker.LOCK_NB)
        except portalocker.AlreadyLocked:
            time.sleep(LOCK_WAIT)
        else:
            return
    raise OSError(errno.EAGAIN, "another program does not let go of it")


def _together(written: Page, known: Page) -> Page:
    """Both, and of the pauses the one that lasts longer."""
    pause = max(written, known, key=lambda page: page.paused_until)
    return replace(
        written,
        sent=_apart((*written.sent, *known.sent), SAME if written.is_estimate else 0.0),
        closed_until=max(written.closed_until, known.closed_until),
        paused_until=pause.paused_until,
        paused_at=pause.paused_at,
    )


def _apart(instants: Sequence[float], least: float) -> tuple[float, ...]:
    """The instants in order, each request once: without those no more than `least` seconds after the one before."""
    found: list[float] = []
    for at in sorted(instants):
        if not found or at - found[-1] > least:
            found.append(at)
    return tuple(found)


def _number(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not math.isfinite(raw):
        raise TypeError("number")
    return raw

"""The rules by which one counter is believed: how it may rise, when a fall is a restart, what a new day begins with.

Pure functions of what is remembered of a counter and of a new reading. A reading that is not believed is remembered
too: a doubt that stands long enough becomes the truth.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from sems_exporter.model.diagnostics import DropReason

GRACE_SECONDS = 900.0
"""Added to the time in which a counter may have grown: reports come late, and not all by the same delay."""
FIRST_SECONDS = 43_200.0
"""So long a device that is offline at the first look may have counted without telling."""
RESET_POLLS = 3
RESET_SECONDS = 1500.0
"""How long a counter that counts on has to stay low before it began anew: longer than the disorder of midnight."""
RESET_SHARE = 0.5
"""A restart begins far down. A smaller fall is a correction, and Prometheus would add the whole lifetime for it."""
CORRECTION_SECONDS = 86400.0
REPLAY_SHARE = 0.9
"""What repeats the day before may be corrected by a little; what began anew is lower."""
REPLAY_GROWTH = 3.0
"""Yesterday's energy does not grow to so many times itself after midnight: it began anew without being seen."""
UNSEEN_SECONDS = 7200.0
"""Without an answer for so long, a day may have begun anew and outgrown the day before."""
LATE_SECONDS = 5400.0
"""A portal that knows no summer time begins the day an hour late; what counts on after that counts another day."""
DAY_SECONDS = 86_400.0
REPORT_SECONDS = 1800.0
"""After a midnight, the first report of the new day has come by then."""
UNSHOWN = "unshown"
BEFORE = "before"
"""In place of the name of a period: nothing of a counter was shown yet; a period that is over, nobody knows which."""


@dataclass(slots=True)
class CounterState:
    """What is remembered of one counter: its last `good` value, and while others arrive, the `last` of them.

    `at` is the instant of the data that last told the good value, `seen` that of the latest answer, both in Unix time;
    `base` the good value before its last rise, None while it has not risen; `before` the last value of the period
    before the present one. `foreign`: what it counts now began in the midst of the period, so its days are not ours.
    """

    good: float
    period: str = ""
    at: float | None = None
    seen: float | None = None
    base: float | None = None
    before: float = 0.0
    last: float | None = None
    doubts: int = 0
    doubted_since: float = 0.0
    foreign: bool = False

    @property
    def newest(self) -> float:
        """The latest reading, believed or not."""
        return self.good if self.last is None else self.last


@dataclass(frozen=True, slots=True)
class Period:
    """The day, month or year of a reading: its name, the instant it began, and whether that was just now.

    `early`: the portal may still repeat the period before. `rate` is the most that a counter is likely to grow by in a
    second so soon after the beginning. `dark` tells whether no sun has shone since. `falls`: what is judged may fall
    honestly, no faster than it may rise. `runs`: so much flows now, long after the beginning, that 0 cannot be all.
    """

    name: str
    start: float
    early: bool
    rate: float | None
    dark: Callable[[], bool]
    falls: bool = False
    runs: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A value as the portal gave it at the instant `taken`, and the most that it can grow by in a second.

    `measured` is the instant that the data behind it are from; None of a device that is offline, which tells nothing
    new and may count on unseen.
    """

    value: float
    taken: float
    rate: float | None
    measured: float | None

    def reachable(self, start: float, since: float | None) -> bool:
        """Tell whether the value can have grown from `start`, which was true at `since`."""
        return self._grows(start, since, self.dated(since))

    def possible(self, start: float) -> bool:
        """Tell whether the value can have come together from nothing since `start`."""
        return self._grows(0.0, start, self.taken)

    def fallen(self, start: float, since: float | None) -> bool:
        """Tell whether the value can have come down from `start` since the last answer, which came at `since`."""
        return self.rate is None or since is None or start - self.value <= self.rate * max(0.0, self.taken - since)

    def dated(self, before: float | None) -> float | None:
        """Return the instant that the value is from, where the last one was from `before`."""
        return before if self.measured is None else self.measured

    @property
    def first(self) -> float:
        """The instant from which a counter that is read for the first time may grow."""
        return self.taken - FIRST_SECONDS if self.measured is None else self.measured

    def _grows(self, start: float, since: float | None, until: float | None) -> bool:
        if self.rate is None or since is None or until is None:
            return True
        return self.value - start <= self.rate * (max(0.0, until - since) + GRACE_SECONDS)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to remember of a counter, what to show of it, and why not what came in."""

    track: CounterState
    kept: float | None
    reason: DropReason | None = None


def unjudged(reading: Reading) -> Decision:
    """Take the portal's word."""
    return Decision(CounterState(reading.value, seen=reading.taken), reading.value)


def lifetime(track: CounterState | None, reading: Reading, beside: float) -> Decision:
    """Hold a lifetime counter at its last good value until another one proves true.

    `beside` is the most that the same answer says of the same energy in a day, month or year.
    """
    if track is None or track.period == UNSHOWN:
        return _first_of_lifetime(track, reading, beside)
    value = reading.value
    if value >= track.good:
        if reading.reachable(track.good, track.at):
            return Decision(_grown(track, reading), value)
        return _unless_it_stands(track, reading, CORRECTION_SECONDS, DropReason.ROSE, track.good)
    if value < track.good * RESET_SHARE:
        # What began anew counts on. What stands still, as the noughts of a portal in trouble, may yet come back.
        patience = RESET_SECONDS if value > track.newest else CORRECTION_SECONDS
        return _unless_it_stands(track, reading, patience, DropReason.FELL, track.good)
    if track.base is not None and value >= track.base:
        # The last rise came too early, by an amount that it will make up for.
        return Decision(_doubted(track, reading), track.good, DropReason.FELL)
    return _unless_it_stands(track, reading, CORRECTION_SECONDS, DropReason.FELL, track.good)


def _first_of_lifetime(track: CounterState | None, reading: Reading, beside: float) -> Decision:
    """Leave a first value out that is lower than what it includes, and a 0 until it has stood for a day.

    A portal in trouble says 0, too. Shown as a beginning, it would make a lifetime of what comes after it.
    """
    value = reading.value
    contradicted = value <= beside * REPLAY_SHARE and beside > 0
    if value > 0 and not contradicted:
        return Decision(_begun(reading), value)
    doubted = _doubted(track or CounterState(0.0, UNSHOWN), reading)
    if contradicted and value == 0:
        # Tonight, when its day begins anew, it is no truer.
        doubted = replace(doubted, doubts=1, doubted_since=reading.taken)
    if _stands(doubted, reading, CORRECTION_SECONDS):
        return Decision(_begun(reading), value)
    return Decision(doubted, None, DropReason.CONTRADICTED if contradicted else DropReason.UNPROVEN)


def of_period(track: CounterState | None, reading: Reading, period: Period) -> Decision:
    """Let a value of a day, month or year through unless it is of the period before, or cannot be of this one."""
    if reading.value == 0 and period.runs and (track is None or track.period != period.name):
        return replace(_of_either(reading, period), reason=DropReason.CONTRADICTED)
    if track is None or not track.period:
        if reading.value > 0 and (period.early or not _likely(reading, period)):
            return _of_either(reading, period)
        since = max(period.start, reading.first)
        return Decision(CounterState(reading.value, period.name, at=since, seen=reading.taken), reading.value)
    if track.period != period.name:
        return _of_new_period(track, reading, period)
    return _within_period(track, reading, period)


def ended_unseen(track: CounterState | None, start: float) -> bool:
    """Tell whether nobody knows what the counter stood at when the period before `start` ended."""
    return track is None or track.seen is None or track.seen < start - UNSEEN_SECONDS


def _of_either(reading: Reading, period: Period) -> Decision:
    """Leave out what nobody can tell the day of: the new one, or the old one once more."""
    track = CounterState(reading.value, BEFORE, at=period.start, seen=reading.taken)
    return Decision(track, None, DropReason.REPLAY)


def _possible(reading: Reading, period: Period) -> bool:
    """Tell whether so much can have come together since the period began."""
    return reading.possible(period.start) and not period.dark()


def _likely(reading: Reading, period: Period) -> bool:
    return _possible(replace(reading, rate=period.rate), period)


def _of_new_period(track: CounterState, reading: Reading, period: Period) -> Decision:
    if track.seen is None or track.seen < period.start:
        # What fell just before the end was a moment's disorder, and what it fell from is repeated.
        track = replace(track, doubts=0, last=track.last if track.foreign else None)
    value, last = reading.value, track.newest
    late = reading.taken >= period.start + LATE_SECONDS
    if value < last and late and (track.foreign or track.doubts >= RESET_POLLS):
        # It counted on until just now, so what it counts from here is half a day.
        adopted = replace(track, good=last, base=last, period=period.name, before=0.0, doubts=0, foreign=True)
        return Decision(_doubted(adopted, reading), None, DropReason.FELL)
    lower = value < last * REPLAY_SHARE
    if value > 0 and lower and ended_unseen(track, period.start) and (period.early or not _likely(reading, period)):
        return _of_either(reading, period)
    began = value == 0 or (lower and _possible(reading, period))
    if value > 0 and period.falls and reading.fallen(last, track.seen):
        # What may fall may fall while it is repeated.
        began = False
    if began or _began_unseen(track, reading, period):
        return Decision(_anew(track, reading, period.name, before=last), value)
    replayed = replace(track, last=value, seen=reading.taken, doubts=track.doubts + (late and value > last))
    return Decision(replayed, None, DropReason.REPLAY)


def _began_unseen(track: CounterState, reading: Reading, period: Period) -> bool:
    """Tell whether a value must be of the new period although it is not lower than the last one of the one before."""
    value = reading.value
    if period.early or value == track.newest or track.foreign or not _likely(reading, period):
        return False
    silent = track.seen is None or reading.taken - track.seen >= UNSEEN_SECONDS
    return silent or value >= track.good * REPLAY_GROWTH


def _within_period(track: CounterState, reading: Reading, period: Period) -> Decision:
    """Follow a value that rises as it can and is corrected by a little; leave a sudden 0 or leap out."""
    value = reading.value
    abroad = _restarted_abroad(track, period) and _goes_on_from_low(track, reading)
    if abroad or (track.foreign and (value < track.good * RESET_SHARE or value * REPLAY_SHARE <= track.newest)):
        return Decision(replace(_doubted(track, reading), foreign=True), None, DropReason.FELL)
    if value >= track.good:
        return _risen_in_period(track, reading, period)
    if value == track.before > 0:
        return Decision(_doubted(track, reading), None, DropReason.REPLAY)
    honest = period.falls and reading.fallen(track.good, track.seen)
    if honest or value >= track.good * RESET_SHARE or (track.base is not None and value >= track.base > 0):
        corrected = replace(
            track,
            good=value,
            at=reading.dated(track.at),
            base=value,
            seen=reading.taken,
            last=None,
            doubts=0,
            foreign=False,
        )
        return Decision(corrected, value)
    doubted = _doubted(track, reading)
    if value > 0 and _stands(doubted, reading, RESET_SECONDS):
        if track.base is None or period.falls:
            # What it fell from was only seen once, and that was the lie.
            return Decision(_anew(track, reading, track.period), value)
        doubted.foreign = True
    return Decision(doubted, None, DropReason.FELL)


def _restarted_abroad(track: CounterState, period: Period) -> bool:
    """Tell whether a counter fell at midnight in Greenwich, and the midnight of the station is another."""
    fell = track.doubts > 0 and track.base is not None and track.newest < track.good
    return fell and track.doubted_since % DAY_SECONDS < REPORT_SECONDS <= period.start % DAY_SECONDS


def _goes_on_from_low(track: CounterState, reading: Reading) -> bool:
    """Tell whether a value counts on from a low one that is not believed, and is no return from a moment's 0."""
    returns = track.newest == 0 and reading.value >= track.good
    return not returns and reading.value >= track.newest and reading.reachable(track.newest, track.seen)


def _risen_in_period(track: CounterState, reading: Reading, period: Period) -> Decision:
    # The new day had begun, and now the old one is repeated after all: what is likely to be today's is not.
    likely = replace(reading, rate=period.rate).reachable(track.good, track.at)
    repeats = track.before * (1.0 if period.early else REPLAY_SHARE)
    late = reading.value != track.before and _likely(reading, period)
    if 0 < repeats <= reading.value and (period.early or not (likely or late)):
        return Decision(track, None, DropReason.REPLAY)
    if reading.reachable(track.good, track.at):
        return Decision(_grown(track, reading), reading.value)
    return _unless_it_stands(track, reading, RESET_SECONDS, DropReason.ROSE, None)


def _begun(reading: Reading) -> CounterState:
    return CounterState(reading.value, at=reading.first, seen=reading.taken)


def _anew(track: CounterState, reading: Reading, period: str, before: float | None = None) -> CounterState:
    """Go on from a reading that is believed although it does not follow from what was known."""
    yesterday = track.before if before is None else before
    return CounterState(reading.value, period, at=reading.first, seen=reading.taken, before=yesterday)


def _grown(track: CounterState, reading: Reading) -> CounterState:
    at = reading.dated(track.at)
    if reading.value == track.good:
        return replace(track, at=at, seen=reading.taken, last=None, doubts=0, foreign=False)
    return CounterState(reading.value, track.period, at=at, seen=reading.taken, base=track.good, before=track.before)


def _doubted(track: CounterState, reading: Reading) -> CounterState:
    """Remember a reading that is not believed. What proves true only grows from there, and no faster than it can."""
    value = reading.value
    goes_on = (
        track.doubts > 0
        and value >= track.newest
        and (value < track.good) == (track.newest < track.good)
        and reading.reachable(track.newest, track.doubted_since)
    )
    since = track.doubted_since if goes_on else reading.taken
    doubts = track.doubts + 1 if goes_on else 1
    return replace(track, last=value, seen=reading.taken, doubts=doubts, doubted_since=since)


def _stands(track: CounterState, reading: Reading, patience: float) -> bool:
    return track.doubts >= RESET_POLLS and reading.taken - track.doubted_since >= patience


def _unless_it_stands(
    track: CounterState, reading: Reading, patience: float, reason: DropReason, shown_instead: float | None
) -> Decision:
    """Doubt a reading until it has stood for some answers, and for `patience` seconds."""
    doubted = _doubted(track, reading)
    if not _stands(doubted, reading, patience):
        return Decision(doubted, shown_instead, reason)
    return Decision(_anew(track, reading, track.period), reading.value)

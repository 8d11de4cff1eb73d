"""A plant that obeys physics: sun, clouds, house, batteries, and the grid as the remainder."""

import threading
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sems_exporter.simulator.plant.alarms import Alarm
from sems_exporter.simulator.plant.battery import capacity_joules
from sems_exporter.simulator.plant.disturbances import Disturbances, Span
from sems_exporter.simulator.plant.energy import NOTHING, Energies, Ledger, station_energies
from sems_exporter.simulator.plant.history import Past, period_starts
from sems_exporter.simulator.plant.minutes import Minute, day_bounds, estimated, of_step
from sems_exporter.simulator.plant.plant_snapshot import PlantSnapshot
from sems_exporter.simulator.plant.plant_state import PlantState
from sems_exporter.simulator.plant.solver import STEP_SECONDS, local_day, solve, stored_after_step
from sems_exporter.simulator.plant.specs import PlantSpec

_CHECKPOINTS = 128


class Plant:
    """One simulated station.

    Powers are constant within steps of 60 s aligned to the epoch, and counters are their exact integrals. The same
    spec and start give the same state at an instant, whatever was asked before. Failures, outages and the like may be
    ordered for any time. `alarms` may be added to. Thread-safe.
    """

    def __init__(self, spec: PlantSpec, start: datetime) -> None:
        """Begin at the station-local midnight before `start`; earlier days are estimated."""
        self.spec = spec
        self.zone = ZoneInfo(spec.zone)
        self._first_day = start.astimezone(self.zone).date()
        self._lock = threading.Lock()
        self._past = Past(spec)
        self._checkpoints = [self._origin()]
        self._disturbances = Disturbances()
        self.alarms: list[Alarm] = []
        self._days: dict[int, list[float]] = {}  # one entry for every whole day simulated

    @property
    def begin(self) -> datetime:
        """The earliest instant that can be asked for."""
        return datetime.fromtimestamp(self._checkpoints[0].step * STEP_SECONDS, UTC)

    def state(self, instant: datetime) -> PlantState:
        """The plant at `instant` (aware)."""
        step, seconds = divmod(instant.timestamp(), STEP_SECONDS)
        with self._lock:
            ledger = self._ledger_at(int(step))
            disturbed = self._disturbances.at(ledger.step)
        powers = solve(self.spec, self.zone, ledger.step, ledger.stored, disturbed)
        return PlantSnapshot(self.spec, self.zone, ledger, powers, seconds).state(instant)

    def minutes(self, day: date, instant: datetime) -> list[Minute]:
        """The minutes of a local date as kept until `instant`: none before the commissioning, today's so far."""
        if day < self.spec.commissioned:
            return []
        if day < self._first_day:
            known = estimated(self.spec, self.zone, day, self._past.paths(day.toordinal()))
        else:
            known = self._simulated(day, instant)
        with self._lock:
            return [m for m in known if self._disturbances.heard(m.timestamp // STEP_SECONDS)]

    def heard_on(self, day: date) -> bool:
        """Tell whether the portal has kept anything of a local date."""
        steps = range(*(timestamp // STEP_SECONDS for timestamp in day_bounds(self.zone, day)))
        with self._lock:
            return not self._disturbances.unheard or any(map(self._disturbances.heard, steps))

    def _simulated(self, day: date, instant: datetime) -> list[Minute]:
        begin, end = (timestamp // STEP_SECONDS for timestamp in day_bounds(self.zone, day))
        end = min(end, int(instant.timestamp()) // STEP_SECONDS + 1)
        if end <= begin:
            return []
        found = []
        with self._lock:
            # A copy, and not from checkpoint to checkpoint: those in use would be crowded out.
            ledger = self._ledger_at(begin).copy()
            while ledger.step < end:
                powers = solve(self.spec, self.zone, ledger.step, ledger.stored, self._disturbances.at(ledger.step))
                found.append(of_step(self.spec, ledger.step, powers, ledger.stored))
                self._advance(ledger)
        return found

    def fail_inverter(self, start: datetime, end: datetime, code: str, serial: str | None = None) -> Alarm:
        """Let an inverter (default: the first) stand still with an alarm from `start` until `end`."""
        inverters = [inverter.serial for inverter in self.spec.inverters]
        place = inverters.index(serial) if serial else 0
        alarm = Alarm(code, "Fault", inverters[place], start, end)
        with self._lock:
            self._disturbances.failures.append((place, self._span(start, end)))
            self.alarms.append(alarm)
        return alarm

    def grid_outage(self, start: datetime, end: datetime) -> None:
        """Switch the grid off from `start` until `end`; what PV and batteries cannot carry is off too."""
        with self._lock:
            self._disturbances.outages.append(self._span(start, end))

    def lose(self, start: datetime, end: datetime) -> None:
        """Let the portal have no powers from `start` until `end`, of the past too; the plant goes on counting."""
        steps = (int(instant.timestamp() // STEP_SECONDS) for instant in (start, end))
        with self._lock:
            self._disturbances.unheard.append(Span(*steps))

    def set_state_of_charge(self, instant: datetime, ratio: float) -> None:
        """Let every battery hold `ratio` (0 to 1) of its capacity in the minute of `instant`."""
        if not 0.0 <= ratio <= 1.0:
            raise ValueError("a state of charge is a ratio from 0 to 1")
        with self._lock:
            step = self._span(instant, instant).first
            self._disturbances.levels[step] = ratio
            origin = self._checkpoints[0]
            if origin.step == step:
                origin.stored = self._disturbances.stored(self.spec, step, origin.stored)

    def _span(self, start: datetime, end: datetime) -> Span:
        """The steps in between, of which everything worked out so far is forgotten."""
        span = Span(int(start.timestamp() // STEP_SECONDS), int(end.timestamp() // STEP_SECONDS))
        if span.first < self._checkpoints[0].step:
            raise ValueError(f"this plant's history begins at {self.begin.isoformat()}")
        del self._checkpoints[max(1, bisect_left(self._checkpoints, span.first, key=lambda kept: kept.step)) :]
        return span

    def alarms_until(self, instant: datetime) -> list[Alarm]:
        """The alarms that had begun by `instant`, the latest first."""
        begun = [alarm for alarm in self.alarms if alarm.start <= instant]
        return sorted(begun, key=lambda alarm: alarm.start, reverse=True)

    def alarms_at(self, instant: datetime) -> list[Alarm]:
        """The alarms that stand at `instant`, the latest first."""
        return [alarm for alarm in self.alarms_until(instant) if alarm.active(instant)]

    def energy_on(self, day: date, instant: datetime) -> Energies:
        """The energies of local date `day` as known at `instant`: today so far, nothing for the future."""
        today = instant.astimezone(self.zone).date()
        if day == today:
            return self.state(instant).energy.today
        if day > today:
            return NOTHING
        if day < self._first_day:
            return station_energies(self._past.day(day.toordinal()))
        self.state(instant)  # simulates the days in between
        return station_energies(self._days[day.toordinal()])

    def _origin(self) -> Ledger:
        midnight = datetime(*self._first_day.timetuple()[:3], tzinfo=self.zone)
        starts = period_starts(self._first_day)
        in_order = sorted({*starts.values(), self._first_day})
        known = dict(zip(in_order, self._past.totals(in_order), strict=True))
        totals, begins = known[self._first_day], {period: known[first] for period, first in starts.items()}
        stored = [b.initial_state_of_charge * capacity_joules(b) for b in self.spec.batteries]
        step = int(midnight.timestamp()) // STEP_SECONDS
        return Ledger(step, self._first_day.toordinal(), list(totals), stored, dict(begins))

    def _ledger_at(self, step: int) -> Ledger:
        """The ledger at the beginning of `step`, simulated from the nearest one that is kept."""
        place = bisect_right(self._checkpoints, step, key=lambda ledger: ledger.step)
        if place == 0:
            raise ValueError(f"this plant's history begins at {self.begin.isoformat()}")
        if self._checkpoints[place - 1].step == step:
            return self._checkpoints[place - 1]
        ledger = self._checkpoints[place - 1].copy()
        while ledger.step < step:
            self._advance(ledger)
        self._checkpoints.insert(place, ledger)
        if len(self._checkpoints) > _CHECKPOINTS:
            del self._checkpoints[1]  # the origin stays
        return ledger

    def _advance(self, ledger: Ledger) -> None:
        disturbed = self._disturbances.at(ledger.step)
        powers = solve(self.spec, self.zone, ledger.step, ledger.stored, disturbed)
        ledger.totals = [t + r * STEP_SECONDS for t, r in zip(ledger.totals, powers.rates, strict=True)]
        stored = stored_after_step(self.spec, ledger.stored, powers, STEP_SECONDS)
        ledger.step += 1
        ledger.stored = self._disturbances.stored(self.spec, ledger.step, stored)
        day = local_day(self.zone, ledger.step * STEP_SECONDS)[0]
        # Where clocks go back at midnight the old date returns for an hour; its counters do not.
        if day > ledger.day:
            begins = ledger.begins["today"]
            self._days[ledger.day] = [now - then for now, then in zip(ledger.totals, begins, strict=True)]
            ledger.begin_day(day)


def days_between(first: date, last: date) -> list[date]:
    """Every date from `first` to `last`, both included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]

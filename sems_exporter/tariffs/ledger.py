"""What a station's energy has come to so far, and the readings it was counted to: one value, and how it goes on.

Pure functions. Money is kept in whole millionths of a millionth of the currency, energy in whole millionths of a joule,
so that nothing is lost in a restart.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from sems_exporter.tariffs.accounting import MICROSECOND, Amount, amount, span
from sems_exporter.tariffs.calendar import Calendar
from sems_exporter.tariffs.schedule import midnight
from sems_exporter.tariffs.tariff import Direction, Standing, Tariff

PARTS = 10**12
"""Of one unit of the currency, in which money is kept."""
MICROJOULES = 10**6
"""Of one joule."""
RESET_SHARE = 0.5
"""A counter that fell by more began anew. After a smaller fall, a correction, it has been counted too far already."""
GRACE_SECONDS = 900.0
"""Added to the time in which a counter may have grown: the portal posts late."""
SELF = "self_consumption"
IMPORT, EXPORT = Direction.IMPORT.value, Direction.EXPORT.value
COUNTERS = {IMPORT: ("import_cost", "import_credit"), EXPORT: ("export_revenue", "export_charge")}
"""What money at prices of 0 and more, and at negative ones, is counted as."""
SAVINGS, STANDING = "savings", "standing_charge"
UNPRICED, ESTIMATED = "unpriced", "estimated"
MOST_CHARGED_DAYS = 3700
"""Days of standing charges that are made up for at once; more is a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class Total:
    """A lifetime energy in joules, what it is made of, and the most that it can change by in a second."""

    energy: float
    basis: str = ""
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The lifetime energies of a station, by what they are of, as they were at the instant `at`."""

    at: datetime
    totals: dict[str, Total]


@dataclass(frozen=True, slots=True)
class Mark:
    """How far an energy has been counted: its reading, and the Unix times when it was last seen and last changed."""

    energy: float
    at: float
    changed: float
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it. `debt` is what self-consumption has to earn before it saves again: the price of what was stored.

    `charged_to` is the first day whose standing charge was not counted, `today` what came since midnight of `day`.
    """

    currency: str
    marks: dict[str, Mark] = field(default_factory=dict)
    money: dict[str, int] = field(default_factory=dict)
    energy: dict[str, int] = field(default_factory=dict)
    debt: int = 0
    charged_to: str = ""
    day: str = ""
    today: dict[str, int] = field(default_factory=dict)
    zone: str = ""


def advanced(ledger: Ledger, reading: Reading, calendar: Calendar) -> Ledger:
    """`ledger` counted on to `reading`. The same reading once more changes nothing."""
    latest = max((mark.at for mark in ledger.marks.values()), default=0.0)
    at = max(reading.at, datetime.fromtimestamp(latest, UTC))
    ledger = _on_day(ledger, at, calendar)
    for use, total in reading.totals.items():
        ledger = _counted(ledger, use, total, at, calendar)
    return _charged(ledger, at.astimezone(calendar.zone).date(), calendar.tariff)


def _on_day(ledger: Ledger, at: datetime, calendar: Calendar) -> Ledger:
    day = at.astimezone(calendar.zone).date().isoformat()
    return ledger if ledger.day == day else replace(ledger, day=day, today=dict.fromkeys(ledger.money, 0))


def _counted(ledger: Ledger, use: str, total: Total, at: datetime, calendar: Calendar) -> Ledger:
    """`ledger` with one energy counted on to `total`, as seen at `at`."""
    mark, now = ledger.marks.get(use), at.timestamp()
    if mark is None or mark.basis != total.basis:
        return _marked(_opened(ledger, use), use, Mark(total.energy, now, now, total.basis))
    step = total.energy - mark.energy
    if step == 0:
        return _marked(ledger, use, replace(mark, at=now))
    if use != SELF and step < 0:
        began_anew = total.energy < mark.energy * RESET_SHARE
        energy = total.energy if began_anew else mark.energy
        return _marked(ledger, use, Mark(energy, now, now if began_anew else mark.changed, mark.basis))
    since = next((start for start in (mark.at, mark.changed) if _reachable(step, now - start, total.rate)), None)
    new = Mark(total.energy, now, now, mark.basis)
    if since is None:
        # No energy can have made this step: another counter, from which counting begins.
        return _marked(ledger, use, new)
    start, end = span(datetime.fromtimestamp(since, UTC), at)
    return _marked(_booked(ledger, use, _exact(total.energy) - _exact(mark.energy), (start, end), calendar), use, new)


def _exact(energy: float) -> Fraction:
    """Joules to the millionth: what a float holds beyond that is how it came about."""
    return Fraction(round(energy * MICROJOULES), MICROJOULES)


def _reachable(step: float, seconds: float, rate: float | None) -> bool:
    return rate is None or abs(step) <= rate * (max(0.0, seconds) + GRACE_SECONDS)


def _marked(ledger: Ledger, use: str, mark: Mark) -> Ledger:
    return replace(ledger, marks={**ledger.marks, use: mark})


def _opened(ledger: Ledger, use: str) -> Ledger:
    """`ledger` with the counters of `use`, from 0: their energy is known."""
    names = COUNTERS.get(use, (SAVINGS,))
    return replace(
        ledger,
        money={**dict.fromkeys(names, 0), **ledger.money},
        energy={f"{UNPRICED}/{use}": 0, f"{ESTIMATED}/{use}": 0, **ledger.energy},
    )


def _booked(ledger: Ledger, use: str, energy: Fraction, when: tuple[datetime, datetime], calendar: Calendar) -> Ledger:
    """`ledger` with the joules that flowed in that time."""
    direction = Direction.EXPORT if use == EXPORT else Direction.IMPORT
    start, end = when
    found = amount(energy, calendar.between(direction, start, end))
    share = _since_midnight(start, end, calendar)
    of_today = found if share == 1 else amount(energy * share, calendar.between(direction, _day(end, calendar), end))
    known = _with_energy(ledger, use, found)
    if use == SELF:
        return _saved(known, found.balance, share)
    paid, received = COUNTERS[use]
    money = {paid: found.paid, received: found.received}
    today = {paid: of_today.paid, received: of_today.received}
    return _with_money(known, money, today)


def _day(end: datetime, calendar: Calendar) -> datetime:
    return midnight(end.astimezone(calendar.zone).date(), calendar.zone)


def _since_midnight(start: datetime, end: datetime, calendar: Calendar) -> Fraction:
    """The share of a time that lies in its last day."""
    begin = max(start, _day(end, calendar))
    return Fraction((end - begin) // MICROSECOND, (end - start) // MICROSECOND)


def _with_energy(ledger: Ledger, use: str, found: Amount) -> Ledger:
    added = {f"{UNPRICED}/{use}": found.unpriced, f"{ESTIMATED}/{use}": found.estimated}
    energy = {key: ledger.energy.get(key, 0) + max(0, round(joules * MICROJOULES)) for key, joules in added.items()}
    return replace(ledger, energy={**ledger.energy, **energy})


def _with_money(ledger: Ledger, money: dict[str, Fraction], today: dict[str, Fraction]) -> Ledger:
    total = {name: ledger.money.get(name, 0) + round(value * PARTS) for name, value in money.items()}
    of_today = {name: ledger.today.get(name, 0) + round(value * PARTS) for name, value in today.items()}
    return replace(ledger, money={**ledger.money, **total}, today={**ledger.today, **of_today})


def _saved(ledger: Ledger, worth: Fraction, share: Fraction) -> Ledger:
    """`ledger` with what self-used energy would have cost.

    It is negative while a battery is charged from the grid. A counter cannot fall, so that is a debt, which what the
    battery gives back pays first: in the end the counter shows what was saved.
    """
    gain = round(worth * PARTS) - ledger.debt
    saved = max(0, gain)
    known = replace(ledger, debt=max(0, -gain))
    return _with_money(known, {SAVINGS: Fraction(saved, PARTS)}, {SAVINGS: Fraction(saved, PARTS) * share})


def _charged(ledger: Ledger, today: date, tariff: Tariff) -> Ledger:
    """`ledger` with the standing charge of every day that has begun; the first day counts as a whole."""
    known = any(valid.standing for direction in Direction for valid in tariff.of(direction))
    first = date.fromisoformat(ledger.charged_to) if ledger.charged_to else today
    if not known or first > today:
        return ledger
    first = max(first, today - timedelta(days=MOST_CHARGED_DAYS))
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    charges = [_standing(tariff, day) for day in days]
    charged = replace(ledger, charged_to=(today + timedelta(days=1)).isoformat())
    return _with_money(charged, {STANDING: sum(charges, Fraction())}, {STANDING: charges[-1]})


def _standing(tariff: Tariff, day: date) -> Fraction:
    """The standing charges of one day, tax included."""
    found = Fraction()
    for direction in Direction:
        valid = tariff.valid(direction, day)
        if valid is not None and valid.standing is not None:
            found += _of_day(valid.standing, day) * Fraction(1 + valid.tax)
    return found


def _of_day(standing: Standing, day: date) -> Fraction:
    first = {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[standing.span]
    after = {
        "day": first + timedelta(days=1),
        "month": (first + timedelta(days=31)).replace(day=1),
        "year": first.replace(year=first.year + 1),
    }[standing.span]
    return Fraction(standing.amount) / (after - first).days

"""Portal times, which are mostly station-local and carry no zone, turned into UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from sems_exporter.model.plant import TimeZone
from sems_exporter.pipeline.repeated_answers import Said

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+\-\u2212])(\d{1,2})(?::?(\d{2})(?::00)?|\.(0|25|5|75))?", re.IGNORECASE)
_DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[T\s]\s*(\d{1,2})(:.+))?")
_EPOCH = re.compile(r"(\d{10})(\d{3})?")
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this no inverter reported anywhere; unset clocks and empty fields do."""
AHEAD = timedelta(minutes=10)
"""How far the portal's clock may run before ours and a time still be believed."""


def zone(text: object) -> TimeZone | None:
    """The zone that `text` names ("Europe/Amsterdam", "UTC+10:00", "GMT-3", "UTC"), or None."""
    if not isinstance(text, str) or not text.strip():
        return None
    name = text.strip()
    if name.upper() in {"UTC", "GMT", "Z"}:
        return UTC
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=float(f"{match[2]}.{match[4] or 0}"), minutes=int(match[3] or 0))
        return timezone(offset if match[1] == "+" else -offset) if offset <= timedelta(hours=14) else None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # No such zone; a name that no file can have; one that is a folder, or too long.
        return None


def instant(text: object, local: TimeZone | None, now: datetime) -> datetime | None:
    """The UTC instant of a station-local time or of an epoch, or None where it cannot be told or be true.

    An epoch is in seconds or in milliseconds.

    An hour that occurs twice (end of DST), and a date that may begin with its day or with its month, is read as the
    later of its instants that is not ahead of `now`. A time that does not exist, lies before 2000 or more than ten
    minutes ahead of `now`, is not believed.
    """
    if not isinstance(text, str):
        return None
    if epoch := _EPOCH.fullmatch(text.strip()):
        found = epoch_milliseconds(epoch[1] + (epoch[2] or "000"))
        return None if found is None else _believed([found], now)
    return _believed([reading for parsed in written(text) for reading in _readings(parsed, local)], now)


def reported(text: object, local: TimeZone | None, said: Said) -> datetime | None:
    """The instant of a report whose time has been `said` as `text`: read as when it was first heard, never ahead of it.

    So an hour that occurs twice (end of DST) brings nothing back to life that stands still. The later of its instants
    is believed only where something else was heard after the earlier one.
    """
    found = instant(text, local, said.since)
    if found is None:
        return None
    earlier = found - _repetition(found, local)
    if earlier < found and (said.before is None or earlier >= said.before - AHEAD):
        found = earlier
    return min(found, said.since)


def _repetition(found: datetime, local: TimeZone | None) -> timedelta:
    """Return how much earlier local clocks showed the same time, at the end of DST; nothing for all other instants."""
    if local is None:
        return timedelta(0)
    shown = found.astimezone(local)
    first = shown.replace(fold=0).astimezone(UTC)
    return found - first if shown.fold else timedelta(0)


def written(text: str) -> list[datetime]:
    """List what a written time may mean: ISO, or a date with its year first or last, whose day may be its month."""
    if iso := _iso(text.strip()):
        return iso
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return []
    one, _, two, three, hour, rest = match.groups()
    orders = [(one, two, three)] if len(one) == 4 else [(three, two, one), (three, one, two)]
    clock = f"T{hour:0>2}{rest}" if hour else ""
    return [
        found for order in dict.fromkeys(orders) for found in _iso("-".join(part.zfill(2) for part in order) + clock)
    ]


def _iso(text: str) -> list[datetime]:
    try:
        return [datetime.fromisoformat(text)]
    except ValueError:
        return []


def _readings(parsed: datetime, local: TimeZone | None) -> list[datetime]:
    """The UTC instants that a written time may be."""
    if parsed.tzinfo is None and local is None:
        return []
    try:
        if parsed.tzinfo is not None:
            return [parsed.astimezone(UTC)]
        readings = [parsed.replace(tzinfo=local, fold=fold).astimezone(UTC) for fold in (0, 1)]
        return [reading for reading in readings if reading.astimezone(local).replace(tzinfo=None) == parsed]
    except OverflowError:
        # Year 1 and year 9999 have no neighbours in UTC.
        return []


def _believed(readings: list[datetime], now: datetime) -> datetime | None:
    return max((r for r in readings if FIRST <= r <= now + AHEAD), default=None)


def epoch_milliseconds(raw: object) -> datetime | None:
    """The UTC instant of a number of milliseconds, given as a number or as a string, or None where it is none."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        found = datetime.fromtimestamp(float(raw) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found >= FIRST else None

"""Portal times, which are station-local and carry no zone, turned into UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from sems_exporter.model import TimeZone

_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
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
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset) if offset <= timedelta(hours=14) else None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # No such zone; a name that no file can have; one that is a folder, or too long.
        return None


def instant(text: object, local: TimeZone | None, now: datetime) -> datetime | None:
    """The UTC instant of a station-local ISO time, or None where it cannot be told or cannot be true.

    An hour that occurs twice (end of DST) is read as the later of its instants that is not ahead of `now`. A time
    that does not exist, or lies more than ten minutes ahead of `now`, is not believed.
    """
    if not isinstance(text, str):
        return None
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if parsed.tzinfo is None and local is None:
        return None
    try:
        if parsed.tzinfo is not None:
            return _believed([parsed.astimezone(UTC)], now)
        readings = [parsed.replace(tzinfo=local, fold=fold).astimezone(UTC) for fold in (0, 1)]
        return _believed([r for r in readings if r.astimezone(local).replace(tzinfo=None) == parsed], now)
    except OverflowError:
        # Year 1 and year 9999 have no neighbours in UTC.
        return None


def _believed(readings: list[datetime], now: datetime) -> datetime | None:
    return max((r for r in readings if r <= now + AHEAD), default=None)


def epoch_milliseconds(raw: object) -> datetime | None:
    """The UTC instant of a number of milliseconds, given as a number or as a string, or None."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        return datetime.fromtimestamp(float(raw) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None

"""Times of the classic dialect: local ones without a zone, and the zone as hours that must be added to reach UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone

from sems_exporter.model import TimeZone
from sems_exporter.portal import times
from sems_exporter.portal.classic.shapes import number

_LOCAL = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})\s+(\d{1,2})\s*:\s*(\d{1,2})(?:\s*:\s*(\d{1,2}))?(?:\s*([ap])\.?m\.?)?",
    re.IGNORECASE,
)
QUARTERS = 4
FARTHEST = 14


def zone(time_span: object) -> timezone | None:
    """The zone of a plant. `time_span` is its offset with the sign turned round: -10.0 for UTC+10.

    It follows summer time (-1.0 in winter, -2.0 in summer in the Netherlands), so it holds for the present only.
    """
    hours = number(time_span)
    if hours is None or abs(hours) > FARTHEST or not (hours * QUARTERS).is_integer():
        return None
    return timezone(timedelta(hours=-hours)) if hours else UTC


def local(text: object, within: TimeZone | None, now: datetime) -> datetime | None:
    """The instant of a local time: month/day/year with slashes, whatever format the account asks for.

    A capture of 2025-06 has blanks in it: "06/22/2025 17: 06: 27". With dots or dashes, which no capture has, it is in
    the account's own format; day and month are then told apart by the present, which no report is ahead of.
    """
    match = _LOCAL.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    clock = f"{_hour(match[5], match[8]):02}:{match[6]:0>2}:{match[7] or '':0>2}"
    found = (times.instant(f"{day}T{clock}", within, now) for day in _days(match))
    return max((instant for instant in found if instant is not None), default=None)


def _days(match: re.Match[str]) -> list[str]:
    """The days, in ISO form, that a local time may mean."""
    first, separator, second, third = match.groups()[:4]
    if len(first) == len("2026"):
        return [f"{first}-{second:0>2}-{third:0>2}"]
    month_first, day_first = f"{third}-{first:0>2}-{second:0>2}", f"{third}-{second:0>2}-{first:0>2}"
    return [month_first] if separator == "/" else [month_first, day_first]


def _hour(shown: str, half: str | None) -> int:
    """The hour of the day; `half` is the "a" or "p" of a 12-hour clock."""
    hour = int(shown)
    return hour if half is None else hour % 12 + (12 if half.lower() == "p" else 0)


def reported(raw: object, now: datetime) -> datetime | None:
    """The instant of a number of milliseconds, or None where it cannot be true."""
    found = times.epoch_milliseconds(raw)
    return found if found is not None and found <= now + times.AHEAD else None

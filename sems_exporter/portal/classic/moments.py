"""Times of the classic dialect: local ones in one fixed form, and the zone as hours that must be added to reach UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone

from sems_exporter.model import TimeZone
from sems_exporter.portal import times
from sems_exporter.portal.classic.shapes import number

_LOCAL = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\s+(\d{1,2})\s*:\s*(\d{1,2})\s*:\s*(\d{1,2})")
FIRST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this no inverter reported anywhere; unset clocks and empty fields do."""
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
    """The instant of a local time, always month/day/year, whatever format the account asks for.

    A capture of 2025-06 has blanks in it: "06/22/2025 17: 06: 27".
    """
    match = _LOCAL.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    month, day, year, hour, minute, second = (group.zfill(2) for group in match.groups())
    return times.instant(f"{year}-{month}-{day}T{hour}:{minute}:{second}", within, now)


def reported(raw: object, now: datetime) -> datetime | None:
    """The instant of a number of milliseconds, or None where it cannot be true."""
    found = times.epoch_milliseconds(raw)
    return found if found is not None and FIRST <= found <= now + times.AHEAD else None

"""Times of the classic dialect: local ones without a zone, and the zone as hours that must be added to reach UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone

from sems_exporter.model.plant import TimeZone
from sems_exporter.portal.classic.display_texts import Document, document, number
from sems_exporter.portal.decoding import timestamps

_LOCAL = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{1,4})(?:\s+|T)(\d{1,2})\s*:\s*(\d{1,2})(?:\s*:\s*(\d{1,2}))?(?:\s*([ap])\.?m\.?)?",
    re.IGNORECASE,
)
QUARTERS = 4
FARTHEST = 14
CHINA = timezone(timedelta(hours=8))


def zone(time_span: object) -> timezone | None:
    """The zone of a plant. `time_span` is its offset with the sign turned round: -10.0 for UTC+10.

    It follows summer time (-1.0 in winter, -2.0 in summer in the Netherlands), so it holds for the present only.
    """
    hours = number(time_span)
    if hours is None or abs(hours) > FARTHEST or not (hours * QUARTERS).is_integer():
        return None
    return timezone(timedelta(hours=-hours)) if hours else UTC


def taken(raw: Document, within: TimeZone | None, date_format: str | None, now: datetime) -> datetime | None:
    """Tell when the inverter `raw` last reported, by the texts for it; None where none of them can be dated.

    `d.last_refresh_time` is in the account's `date_format`. The one beside it has slashes and its month first in
    captures of 2025 and 2026, the account's format in one of 2021. `d.creationDate` is the same instant in China.
    """
    page = document(raw.get("d"))
    shown, beside = page.get("last_refresh_time"), raw.get("last_refresh_time")
    in_own_format = local(shown, within, now, date_format)
    found = (
        in_own_format if date_format else None,
        local(beside, within, now, None if "/" in str(beside) else date_format),
        local(beside, within, now, date_format),
        local(page.get("creationDate"), CHINA, now),
        in_own_format,
    )
    return next((instant for instant in found if instant is not None), None)


def local(text: object, within: TimeZone | None, now: datetime, date_format: str | None = None) -> datetime | None:
    """The instant of a local time in `date_format` ("dd/MM/yyyy", "MM.dd.yyyy").

    Where that is not known, month/day/year with slashes; with dots or dashes, day and month are told apart by the
    present, which no report is ahead of. A capture of 2025-06 has blanks in it: "06/22/2025 17: 06: 27".
    """
    match = _LOCAL.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    clock = f"{_hour(match[5], match[8]):02}:{match[6]:0>2}:{match[7] or '':0>2}"
    found = (timestamps.instant(f"{day}T{clock}", within, now) for day in _days(match, date_format))
    return max((instant for instant in found if instant is not None), default=None)


def _days(match: re.Match[str], date_format: str | None) -> list[str]:
    """The days, in ISO form, that a local time may mean."""
    first, separator, second, third = match.groups()[:4]
    if len(first) == len("2026"):
        return [f"{first}-{second:0>2}-{third:0>2}"]
    month_first, day_first = f"{third}-{first:0>2}-{second:0>2}", f"{third}-{second:0>2}-{first:0>2}"
    order = (date_format or "").strip()[:1]
    if order in ("d", "M"):
        return [day_first if order == "d" else month_first]
    return [month_first] if separator == "/" else [month_first, day_first]


def _hour(shown: str, half: str | None) -> int:
    """The hour of the day; `half` is the "a" or "p" of a 12-hour clock."""
    hour = int(shown)
    return hour if half is None else hour % 12 + (12 if half.lower() == "p" else 0)


def reported(raw: object, now: datetime) -> datetime | None:
    """The instant of a number of milliseconds, or None where it cannot be true."""
    found = timestamps.epoch_milliseconds(raw)
    return found if found is not None and found <= now + timestamps.AHEAD else None

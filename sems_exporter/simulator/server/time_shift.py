"""Recorded answers at a later time: the times in them that were recent when they were recorded are recent again."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_FORMATS = (
    ("%Y-%m-%dT%H:%M:%S", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")),
    ("%Y-%m-%d %H:%M:%S", re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")),
    ("%m/%d/%Y %H:%M:%S", re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d")),
    ("%d/%m/%Y %H:%M:%S", re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d")),
)
_DATES = ("%Y-%m-%d", "%Y-%m", "%Y")
_MILLISECONDS = re.compile(r"\d{13}")
_RECENT = timedelta(days=2)


class TimeShift:
    """Moves the times in answers from `taken_at` to another instant; what was long past or far off then stays.

    It does so by whole minutes, the finest that most of the times have.

    Times without a zone are in the first zone that any of the answers names, so that summer and winter time are told
    apart; without any, in UTC. Rows by date that were about the day, month or year of the recording are about that of
    the other instant.
    """

    def __init__(self, taken_at: datetime, answers: object) -> None:
        """Look for the zone in `answers`."""
        self._taken_at = taken_at
        self._zone = _zone_in(answers) or UTC

    def by(self, instant: datetime) -> timedelta:
        """By how much times are moved."""
        return timedelta(minutes=int((instant - self._taken_at) / timedelta(minutes=1)))

    def to(self, instant: datetime, value: Any, name: str = "") -> Any:
        """The same value with its times moved."""
        if isinstance(value, Mapping):
            return {key: self.to(instant, entry, key) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.to(instant, entry, name) for entry in value]
        if isinstance(value, str):
            return self._text(instant, value, name)
        if isinstance(value, int) and not isinstance(value, bool) and _MILLISECONDS.fullmatch(str(value)):
            return int(self._milliseconds(instant, str(value)))
        return value

    def _text(self, instant: datetime, text: str, name: str) -> str:
        if _MILLISECONDS.fullmatch(text):
            return self._milliseconds(instant, text)
        if name == "date":
            return self._date(instant, text)
        for form, pattern in _FORMATS:
            if pattern.fullmatch(text):
                moved = self._time(instant, text, form)
                if moved:
                    return moved
        return text

    def _milliseconds(self, instant: datetime, text: str) -> str:
        then = datetime.fromtimestamp(int(text) / 1000.0, UTC)
        if abs(then - self._taken_at) > _RECENT:
            return text
        return str(int(text) + int(self.by(instant).total_seconds()) * 1000)

    def _time(self, instant: datetime, text: str, form: str) -> str | None:
        """The time moved; None where it is none in this form, or was not recent."""
        try:
            then = datetime.strptime(text, form).replace(tzinfo=self._zone)
        except ValueError:
            return None
        if abs(then - self._taken_at) > _RECENT:
            return None
        moved = then.astimezone(UTC) + self.by(instant)
        return moved.astimezone(self._zone).strftime(form)

    def _date(self, instant: datetime, text: str) -> str:
        then, now = (moment.astimezone(self._zone) for moment in (self._taken_at, self._taken_at + self.by(instant)))
        return next((now.strftime(form) for form in _DATES if then.strftime(form) == text), text)


def _zone_in(value: object) -> ZoneInfo | None:
    """The first zone that a value or anything in it names."""
    if isinstance(value, Mapping):
        for key in ("zoneId", "timeZone"):
            try:
                return ZoneInfo(str(value[key]))
            except (KeyError, ValueError, ZoneInfoNotFoundError):
                continue
        return _zone_in(list(value.values()))
    if isinstance(value, list):
        return next((zone for zone in map(_zone_in, value) if zone), None)
    return None

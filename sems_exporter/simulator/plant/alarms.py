"""Alarms of a plant's devices."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

AlarmLevel = Literal["Prompt", "alarm", "Fault"]
_LEVELS = ("alarm", "Prompt", "Fault")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a device (a serial number) complained of from `start` until `end` (None: until further notice)."""

    code: str
    level: AlarmLevel
    device: str
    start: datetime
    end: datetime | None = None

    def active(self, instant: datetime) -> bool:
        """Tell whether the alarm stands at `instant`."""
        return self.start <= instant and (self.end is None or instant < self.end)

    @property
    def identifier(self) -> str:
        """The alarm's id, the same whenever it is asked for."""
        return uuid5(NAMESPACE_URL, f"{self.device}/{self.code}/{self.start.timestamp()}").hex

    @property
    def level_number(self) -> int:
        """The level as a number; the one capture there is has 0 for `alarm`."""
        return _LEVELS.index(self.level)

"""Colours, thresholds and words. The colours are those of the status page."""

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum

from prometheus.values import VARIABLE, loaded
from sems_exporter.model.plant import DeviceState, StationState
from sems_exporter.web.status import palette

from .texts import Text, read

Json = dict[str, object]

SUN, HOUSE, BATTERY, IMPORT, EXPORT = palette.PV, palette.LOAD, palette.BATTERY, palette.IMPORT, palette.EXPORT
GOOD, ODD, BAD, IDLE = palette.GOOD, palette.ODD, palette.BAD, palette.IDLE

NOT_NOW = "no current data"
"""True whatever the reason: the portal is away, the plant is silent, or it has no such device."""
NOT_IN_RANGE = "no data in this range"

STATE_OF_CHARGE = Text("Charge", "how full")
"""Not what goes into the battery."""

KWH = "suffix:kWh"
"""Grafana's own unit turns 0.8 kWh into "800 Wh", which beside "74.5 kWh" is taken for a thousand times as much."""

STATES: Mapping[str, tuple[str, str]] = {
    "offline": ("✕ offline", IDLE),
    "online": ("● online", GOOD),
    "running": ("● running", GOOD),
    "charging": ("▲ charging", BATTERY),
    "discharging": ("▼ discharging", HOUSE),
    "waiting": ("… waiting", ODD),
    "available": ("○ available", GOOD),
    "constructing": ("… under construction", ODD),
    "maintenance": ("… maintenance", ODD),
    "shutdown": ("■ shut down", IDLE),
    "fault": ("! fault", BAD),
    "unknown": ("? unknown", IDLE),
}


def steps(base: str, *above: tuple[float, str]) -> Json:
    """Absolute thresholds: `base` from below, then a colour from each value on."""
    first: list[Json] = [{"color": base, "value": None}]
    return {"mode": "absolute", "steps": first + [{"color": colour, "value": value} for value, colour in above]}


VALUES = loaded(os.environ.get(VARIABLE))
"""The thresholds of the alerts, so that a board is red where an alert fires."""
_at = VALUES.number

LOW, VERY_LOW = (VALUES.text(f"battery_charge_{name}", "percent") for name in ("shown_low", "warning"))
CHARGE = steps(BAD, (_at("battery_charge_warning"), ODD), (_at("battery_charge_shown_low"), BATTERY))
HEALTH = steps(BAD, (_at("battery_health_warranty"), ODD), (_at("battery_health_low"), GOOD))
AGE = steps(GOOD, (1200, ODD), (_at("data_old_seconds"), BAD))
AGE_IN_MINUTES = steps(GOOD, (20, ODD), (_at("data_old_seconds") / 60, BAD))
MINUTES = "suffix: min"
"""For axes: Grafana's own units have marks such as 3.3 mins, and call 100 minutes 2 hours."""
DETAILS_AGE = steps(GOOD, (1200, IDLE), (43200, ODD), (86400, BAD))
"""Grey where they wait for their turn and are not shown meanwhile; after a day they are forgotten."""
DELIVERY_FAILING = _at("delivery_failing_seconds")
ROOM = steps(GOOD, (_at("remote_write_full_ratio"), BAD))
ANY_IS_BAD = steps(GOOD, (1, BAD))
ANY_IS_ODD = steps(GOOD, (1, ODD))
NONE_IS_BAD = steps(BAD, (1, GOOD))
BATTERY_TEMPERATURE = steps(
    EXPORT,
    (_at("battery_cold_celsius"), BATTERY),
    (_at("battery_hot_celsius"), ODD),
    (_at("battery_too_hot_celsius"), BAD),
)
INVERTER_TEMPERATURE = steps(GOOD, (_at("inverter_hot_celsius"), ODD), (_at("inverter_too_hot_celsius"), BAD))
VOLTAGE = steps(BAD, (_at("grid_low_volts"), GOOD), (_at("grid_high_volts"), BAD))
HERTZ_OFF = _at("grid_frequency_off_hertz")
FREQUENCY = steps(BAD, (50 - HERTZ_OFF, GOOD), (50 + HERTZ_OFF, BAD))


def words(texts: Mapping[int, tuple[str, str]]) -> list[Json]:
    """Value mappings from numbers to a text and its colour."""
    options = {
        str(number): {"index": index, "text": read(text), "color": colour}
        for index, (number, (text, colour)) in enumerate(texts.items())
    }
    return [{"type": "value", "options": options}]


def state_words(states: Iterable[StrEnum]) -> list[Json]:
    """Value mappings for states that are numbered in their order, as `queries.state` numbers them."""
    return words({number: STATES.get(state.value, (state.value, IDLE)) for number, state in enumerate(states)})


def states_without_a_word() -> list[str]:
    """States of the model that STATES lacks."""
    return [state.value for kind in (StationState, DeviceState) for state in kind if state.value not in STATES]


STATION_STATES = state_words(StationState)
DEVICE_STATES = state_words(DeviceState)
UNKNOWN: list[Json] = [
    {"type": "special", "options": {"match": "null+nan", "result": {"index": 0, "text": "–", "color": IDLE}}}
]
"""Without it a value that is not known has the colour of the lowest one."""
YES_NO = words({1: ("● yes", GOOD), 0: ("✕ no", BAD)})
PROTOCOL = words({0: ("● known", GOOD), 1: ("! changed", BAD)})
BRAKE = words({0: ("● released", GOOD), 1: ("! closed", BAD)})

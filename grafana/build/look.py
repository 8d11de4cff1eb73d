"""Colours, thresholds and words.

The colours differ in hue and in lightness, so that people who see red and green alike can tell them apart, and stand
out from a white as well as from a black background. No colour says anything that a word does not say too.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sems_exporter.model.plant import DeviceState, StationState

Json = dict[str, object]

SUN = "#CF8200"
HOUSE = "#B0579F"
BATTERY = "#009E73"
IMPORT = "#C2410C"
EXPORT = "#3D71D9"
IDLE = "#7D8590"

GOOD = EXPORT
ODD = SUN
BAD = IMPORT

NOT_NOW = "no current data"
"""True whatever the reason: the portal is away, the plant is silent, or it has no such device."""
NOT_IN_RANGE = "no data in this range"

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


CHARGE = steps(BAD, (0.1, ODD), (0.2, GOOD))
HEALTH = steps(BAD, (0.7, ODD), (0.8, GOOD))
SHARE = steps(IDLE, (0.25, ODD), (0.5, GOOD))
AGE = steps(GOOD, (1200, ODD), (3600, BAD))
DETAILS_AGE = steps(GOOD, (1200, IDLE), (43200, ODD), (86400, BAD))
"""Grey where they wait for their turn and are not shown meanwhile; after a day they are forgotten."""
ANY_IS_BAD = steps(GOOD, (1, BAD))
ANY_IS_ODD = steps(GOOD, (1, ODD))
NONE_IS_BAD = steps(BAD, (1, GOOD))
BATTERY_TEMPERATURE = steps(EXPORT, (5, BATTERY), (40, ODD), (50, BAD))
INVERTER_TEMPERATURE = steps(GOOD, (60, ODD), (75, BAD))
VOLTAGE = steps(BAD, (207, GOOD), (253, BAD))
FREQUENCY = steps(BAD, (49.8, GOOD), (50.2, BAD))


def words(texts: Mapping[int, tuple[str, str]]) -> list[Json]:
    """Value mappings from numbers to a text and its colour."""
    options = {
        str(number): {"index": index, "text": text, "color": colour}
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
BRAKE = words({0: ("● released", GOOD), 1: ("! closed", BAD)})

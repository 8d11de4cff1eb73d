"""Which metric families there are, beyond what is declared: texts, instants, registers and alarms."""

from collections.abc import Iterable

from sems_exporter.model.plant import CHILDREN, Device, Station
from sems_exporter.model.schema import PREFIX, Entity, Family, Kind, enumerations, family, measures, registers

ALARMS_ACTIVE = Family(
    f"{PREFIX}_alarms_active", Kind.GAUGE, "", "Alarms of the station that are active now, by level.", "alarms", Station
)
ALARM = Family(
    f"{PREFIX}_alarm",
    Kind.INFO,
    "",
    "One series for each alarm that is active now; the twenty latest of a station.",
    "alarms",
    Station,
)
ALARM_START = Family(
    f"{PREFIX}_alarm_start_timestamp_seconds",
    Kind.GAUGE,
    "seconds",
    "Instant at which the active alarm began, as the portal reports it.",
    "alarms",
    Station,
)


def up() -> Family:
    """Tell whether a station is read at all."""
    text = "1 if the station was read recently enough; 0 when its latest snapshot has become too old."
    return Family(f"{PREFIX}_station_up", Kind.GAUGE, "", text, "up", Station)


def texts(scope: type[Entity]) -> Family:
    """The `_info` family of a device or station."""
    return Family(
        f"{PREFIX}_{scope.scope}", Kind.INFO, "", f"Texts that describe the {scope.noun}; always 1.", "", scope
    )


def data_timestamp(scope: type[Entity]) -> Family:
    """The instant that the data of a device or station are from."""
    text = f"Instant the {scope.noun}'s data are from, as the portal reports it or as old as its answer."
    name = f"{PREFIX}_{scope.scope}_data_timestamp_seconds"
    return Family(name, Kind.GAUGE, "seconds", text, "data_timestamp", scope)


def register(scope: type[Entity], attribute: str) -> Family:
    """A bit register as the raw number."""
    text = f"Raw {registers(scope)[attribute]}; the meaning of its bits is not documented."
    return Family(f"{PREFIX}_{scope.scope}_{attribute}", Kind.GAUGE, "", text, attribute, scope)


def set_bits(scope: type[Entity], attribute: str) -> Family:
    """The set bits of a register, a series each."""
    text = f"1 for each bit that is set in the {registers(scope)[attribute]}, counting from 0."
    return Family(f"{PREFIX}_{scope.scope}_{attribute.removesuffix('s')}", Kind.GAUGE, "", text, attribute, scope)


def families_of(scope: type[Entity]) -> list[Family]:
    """All families of `scope` in the order they are exposed."""
    own = [family(scope, attribute) for attribute in measures(scope)]
    words = [family(scope, attribute) for attribute in enumerations(scope)]
    if not issubclass(scope, Device | Station):
        return [*words, *own]
    bits = [found for name in registers(scope) for found in (register(scope, name), set_bits(scope, name))]
    special = [texts(scope), *words, data_timestamp(scope), *bits]
    alarms = [ALARMS_ACTIVE, ALARM, ALARM_START]
    return [up(), *special, *own, *alarms] if scope is Station else [*special, *own]


def all_families() -> Iterable[Family]:
    """Every family of the model."""
    return [found for scope in CHILDREN for found in families_of(scope)]

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


def _money(name: str, kind: Kind, text: str, unit: str = "") -> Family:
    return Family(f"{PREFIX}_station_{name}", kind, unit, text, "money", Station)


TARIFF = _money(
    "tariff", Kind.INFO, "Tariff and currency of the station's money; always 1. What follows exists with a tariff only."
)
PRICES = {
    "import_price": _money(
        "grid_import_price_per_joule",
        Kind.GAUGE,
        "Price of energy from the grid now (times 3.6e6 for a kilowatt hour); absent while it is not known.",
    ),
    "export_price": _money(
        "grid_export_price_per_joule",
        Kind.GAUGE,
        "Price paid for energy fed in now (times 3.6e6 for a kilowatt hour); absent while it is not known.",
    ),
}
MONEY = {
    "import_cost": _money("grid_import_cost", Kind.COUNTER, "Money paid for energy from the grid."),
    "import_credit": _money(
        "grid_import_credit", Kind.COUNTER, "Money received for energy from the grid, at negative prices."
    ),
    "export_revenue": _money("grid_export_revenue", Kind.COUNTER, "Money received for energy fed in."),
    "export_charge": _money("grid_export_charge", Kind.COUNTER, "Money paid for energy fed in, at negative prices."),
    "savings": _money(
        "self_consumption_savings",
        Kind.COUNTER,
        "What the energy from sun and battery would have cost from the grid, less what was stored from there.",
    ),
    "standing_charge": _money(
        "standing_charge", Kind.COUNTER, "Standing charges; of a day at its midnight at the station."
    ),
}
UNPRICED_ENERGY = _money(
    "unpriced_energy_joules", Kind.COUNTER, "Energy for which no price was known; it is in no amount.", "joules"
)
ESTIMATED_ENERGY = _money(
    "estimated_energy_joules",
    Kind.COUNTER,
    "Energy of more than an hour without a reading in which the price changed; spread evenly over it.",
    "joules",
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
    money = [TARIFF, *PRICES.values(), *MONEY.values(), UNPRICED_ENERGY, ESTIMATED_ENERGY]
    return [up(), *special, *own, *alarms, *money] if scope is Station else [*special, *own]


def all_families() -> Iterable[Family]:
    """Every family of the model."""
    return [found for scope in CHILDREN for found in families_of(scope)]

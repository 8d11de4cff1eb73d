"""Every field of the portal that is known, and the metric that carries it, or why none does; for the reference page."""

from sems_exporter import protocol
from sems_exporter.model.plant import Battery, EvCharger, Inverter, Meter, Station
from sems_exporter.model.schema import PREFIX, Entity, Role, enumerations, family, info_labels, measures
from sems_exporter.portal.classic.keys import key_table
from sems_exporter.protocol.rows import FieldMapping, Sign
from tools.unfinished import Unfinished

Entry = tuple[str, str, str]
"""Where a field stands, its name, and what becomes of it."""


TEXTS: tuple[Entry, ...] = (
    *(
        ("basic/info", key, "timezone of sems_station_info; no local time is read without one")
        for key in protocol.semsplus().written.station_texts.zones
    ),
    ("basic/info", "name", "name of sems_station_info"),
    ("basic/info", "powerStationType", "2 tells of a battery"),
    ("basic/info", "chartMap", "its energy_flow tells of a battery"),
    ("basic/info", "latitude", "sems_station_sun_elevation_degrees"),
    ("basic/info", "longitude", "sems_station_sun_elevation_degrees"),
    ("flow", "refreshTime", "sems_station_data_timestamp_seconds"),
    ("stations/page", "name", "name of sems_station_info"),
    ("stations/page", "timeZone", "timezone of sems_station_info, where basic/info has none"),
    ("production, day", "currency", "currency of sems_station_info"),
    ("information", "deviceName", "name of the device's info series"),
    ("information", "modelType", "model of the device's info series"),
    ("information", "safetyVersion", "firmware of the device's info series"),
    ("device/all-status", "name", "name of the device's info series"),
    ("device/all-status", "subtype", "grid tells that an inverter has no battery"),
    ("relatedDevices", "isConnected", "sems_battery_state: false is offline"),
)
"""What SEMS+ says in words, beside the tables of numbers and states."""


def classic() -> list[Entry]:
    """All keys of the classic portal's monitor detail."""
    try:
        return key_table()
    except KeyError as error:
        raise Unfinished(
            f"A table of the classic dialect names {error}, which no class in model/plant.py declares."
        ) from error


def semsplus() -> list[Entry]:
    """All codes and keys of SEMS+ that are read."""
    known = protocol.semsplus()
    inverter, meter = known.tables[Inverter], known.tables[Meter]
    found = [
        *TEXTS,
        *_entries("flow", Station, known.flow),
        *_entries("stations/page", Station, known.station_list),
        *_entries("basic/info", Station, known.station_info),
        *_entries("basic/info", Station, known.station_size),
        *_entries("statistics, day", Station, known.statistics[Role.DAY]),
        *_entries("statistics, month", Station, known.statistics[Role.MONTH]),
        *_entries("statistics, year", Station, known.statistics[Role.YEAR]),
        *_entries("production, day", Station, known.production),
        *_shared("device/all-status", (Inverter, Battery, Meter, EvCharger), known.listed_device),
        *_entries("relatedDevices", Battery, known.listed_battery),
        *_entries("ev-charger/detail", EvCharger, known.charger_detail),
    ]
    for scope, table in known.tables.items():
        found += _entries(f"factors of {scope.noun}", scope, table.rows)
    for part, scope, rows in (
        ("MPPT-n:", *inverter.parts["MPPT"]),
        ("PHASE-x:", *inverter.parts["PHASE"]),
        ("PHASE-x: of a meter", *meter.parts["PHASE"]),
    ):
        found += _entries(f"factors {part}", scope, rows)
    return found


def _entries(where: str, scope: type[Entity], rows: dict[str, FieldMapping]) -> list[Entry]:
    return [(where, code, _carriers(scope, row, code)) for code, row in rows.items()]


def _shared(where: str, scopes: tuple[type[Entity], ...], rows: dict[str, FieldMapping]) -> list[Entry]:
    """Rows that devices of several kinds have in common."""
    return [(where, code, ", ".join(_carriers(scope, row, code) for scope in scopes)) for code, row in rows.items()]


def _carriers(scope: type[Entity], row: FieldMapping, code: str) -> str:
    if row.attribute in info_labels(scope):
        return f"{row.attribute} of {PREFIX}_{scope.scope}_info"
    name = _sample_name(scope, row.attribute, code)
    if row.sign is not Sign.SPLIT:
        return name
    return f"{name} where positive, {_sample_name(scope, row.opposite, code)} where negative"


def _sample_name(scope: type[Entity], attribute: str, code: str) -> str:
    if attribute not in {*measures(scope), *enumerations(scope)}:
        raise Unfinished(
            f'protocol/semsplus.toml says that "{code}" is {attribute!r}, '
            f"which {scope.__name__} in model/plant.py does not declare."
        )
    return family(scope, attribute).sample_name

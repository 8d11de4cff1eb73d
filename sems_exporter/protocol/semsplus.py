"""SEMS+ as data: what semsplus.toml may say, and what the dialect goes by."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from sems_exporter.model.plant import (
    Battery,
    Device,
    DeviceState,
    EvCharger,
    Inverter,
    Meter,
    MeterPhase,
    Phase,
    PvInput,
    Station,
    StationState,
)
from sems_exporter.model.schema import Entity, Role
from sems_exporter.protocol import templates
from sems_exporter.protocol.calls import CallShape, refuse_headers, refuse_names, refuse_unfit_calls
from sems_exporter.protocol.extras import ExtraRow, Extras, extras
from sems_exporter.protocol.recipes import Recipe, refuse_recipe
from sems_exporter.protocol.rows import Row, Rows, States, mapped, words
from sems_exporter.protocol.shapes import ProtocolError
from sems_exporter.protocol.units import Units

CLIENT = frozenset({"client", "version", "language"})
SIGNED = CLIENT | {"timestamp", "seconds", "uid", "token"}
IN_HEADERS = SIGNED | {"identity", "signature"}
IN_SIGN_IN = CLIENT | {"account", "password", "chinese", "timestamp", "seconds"}


class Kind(Enum):
    """What is read of a device; nothing of OTHER, and of UNKNOWN what its telemetry shows it to be."""

    INVERTER = "inverter"
    METER = "meter"
    SYSTEM = "battery system"
    RACK = "battery rack"
    EV_CHARGER = "EV charger"
    DONGLE = "dongle"
    OTHER = "other"
    UNKNOWN = "unknown"


class Client(NamedTuple):
    """What the exporter says it is."""

    name: str
    version: str
    language: str
    chinese_language: str


class Identity(NamedTuple):
    """What goes along with a sign-in, and what is put into the identity of a session."""

    first: dict[str, object]
    always: dict[str, str]


class SignIn(NamedTuple):
    """Addresses and body of a sign-in."""

    address: str
    regional: str
    body: dict[str, object]

    def of(self, region: str) -> str:
        """The address for accounts of a region, or of any where it is "global"."""
        return self.address if region == "global" else self.regional.replace("{region}", region)


class Curve(NamedTuple):
    """The powers of a day that are asked for, by their keys in the flow."""

    items: tuple[str, ...]


class StateCodes(NamedTuple):
    """Words by code."""

    station: dict[str, str]
    device: dict[str, str]
    charger: dict[str, str]


class PassedOver(NamedTuple):
    """What is left out on purpose."""

    flow: tuple[str, ...]
    factors: str
    inverters: str


class Statistics(NamedTuple):
    """Energies by period."""

    day: dict[str, Row]
    month: dict[str, Row]
    year: dict[str, Row]


class Texts(NamedTuple):
    """Codes of the texts among a device's static facts."""

    name: str
    model: str
    firmware: str
    communication_mode: str
    communication_firmware: str


class StationTexts(NamedTuple):
    """Keys of texts of the station's own page."""

    zones: tuple[str, ...]


class Factors(NamedTuple):
    """Factor codes by what they are measured of."""

    inverter: dict[str, Row]
    inverter_input: dict[str, Row]
    inverter_phase: dict[str, Row]
    battery: dict[str, Row]
    meter: dict[str, Row]
    meter_phase: dict[str, Row]
    ev_charger: dict[str, Row]


class BarePhases(NamedTuple):
    """Codes that a device of one phase writes without its name."""

    inverter: tuple[str, ...]
    meter: tuple[str, ...]


class Phases(NamedTuple):
    """Names of phases in codes, and codes without one."""

    names: dict[str, str]
    bare: BarePhases


class Written(NamedTuple):
    """All of semsplus.toml."""

    client: Client
    identity: Identity
    headers: dict[str, str]
    signature: Recipe
    password: Recipe
    sign_in: SignIn
    calls: dict[str, CallShape]
    states: StateCodes
    device_types: dict[str, str]
    device_patterns: dict[str, str]
    flow: dict[str, Row]
    curve: Curve
    passed_over: PassedOver
    statistics: Statistics
    production: dict[str, Row]
    station_list: dict[str, Row]
    station_info: dict[str, Row]
    station_size: dict[str, Row]
    station_texts: StationTexts
    information: Texts
    factors: Factors
    phases: Phases
    listed_device: dict[str, Row]
    charger_detail: dict[str, Row]
    charger_model: dict[str, Row]
    last_charge: dict[str, Row]
    extra: dict[str, dict[str, ExtraRow]]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """All rows for one kind of device.

    `bare_phase` names rows, in lower case, that a single-phase device writes without a phase.
    """

    scope: type[Entity]
    rows: Rows
    parts: dict[str, tuple[type[Entity], Rows]]
    bare_phase: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class SemsPlus:
    """What the dialect goes by. `written` is the part that is used as it stands in the file."""

    written: Written
    states: States
    kinds: dict[str, Kind]
    kind_patterns: tuple[tuple[Kind, re.Pattern[str]], ...]
    inverter_codes: re.Pattern[str]
    passed_over: re.Pattern[str]
    flow: Rows
    flow_keys: frozenset[str]
    statistics: dict[Role, Rows]
    production: Rows
    station_list: Rows
    station_info: Rows
    station_size: Rows
    listed_device: Rows
    listed_battery: Rows
    charger_detail: Rows
    charger_model: Rows
    last_charge: Rows
    tables: dict[type[Entity], Table]
    charger: Table
    phases: dict[str, str]
    extras: Extras = field(default_factory=dict)


RowsOf = Callable[[str, Mapping[str, Row], type[Entity]], Rows]
"""Makes the rows of a table, at a path below `semsplus`, for a scope."""


def semsplus(written: Written, packaged: Written | None, units: Units) -> SemsPlus:
    """Check what shapes cannot tell, and make tables of it; `packaged` is the package's own. Raises ProtocolError."""
    _refuse_requests(written, packaged)
    states = _states(written.states)

    def rows(key: str, table: Mapping[str, Row], scope: type[Entity]) -> Rows:
        return mapped(f"semsplus.{key}", table, scope, units, states)

    battery = rows("factors.battery", written.factors.battery, Battery)
    listed_device = rows("listed_device", written.listed_device, Device)
    flow = rows("flow", written.flow, Station)
    tables = _tables(written, battery, rows)
    detail = rows("charger_detail", written.charger_detail, EvCharger)
    further = extras("semsplus.extra", written.extra, units, _known(tables, flow, detail))
    return SemsPlus(
        written=written,
        states=states,
        kinds=_kinds(written.device_types),
        kind_patterns=_kind_patterns(written.device_patterns),
        inverter_codes=_pattern("semsplus.passed_over.inverters", written.passed_over.inverters, re.IGNORECASE),
        passed_over=_pattern("semsplus.passed_over.factors", written.passed_over.factors, re.IGNORECASE),
        flow=flow,
        flow_keys=frozenset(key.lower() for key in (*flow, *written.passed_over.flow, *further.get(Station, {}))),
        statistics={
            Role.DAY: rows("statistics.day", written.statistics.day, Station),
            Role.MONTH: rows("statistics.month", written.statistics.month, Station),
            Role.YEAR: rows("statistics.year", written.statistics.year, Station),
        },
        production=rows("production", written.production, Station),
        station_list=rows("station_list", written.station_list, Station),
        station_info=rows("station_info", written.station_info, Station),
        station_size=rows("station_size", written.station_size, Station),
        listed_device=listed_device,
        listed_battery={**battery, **listed_device},
        charger_detail=detail,
        charger_model=rows("charger_model", written.charger_model, EvCharger),
        last_charge=rows("last_charge", written.last_charge, EvCharger),
        tables=tables,
        charger=Table(EvCharger, rows("factors.ev_charger", written.factors.ev_charger, EvCharger), {}),
        phases=_phases(written.phases.names),
        extras=further,
    )


def _refuse_requests(written: Written, packaged: Written | None) -> None:
    """Raise ProtocolError where something cannot be sent, or must not."""
    refuse_names("semsplus.identity.first", written.identity.first, CLIENT)
    refuse_names("semsplus.identity.always", written.identity.always, CLIENT)
    refuse_headers("semsplus.headers", written.headers, IN_HEADERS)
    refuse_recipe("semsplus.signature", written.signature, SIGNED)
    refuse_recipe("semsplus.password", written.password, frozenset({"password"}))
    refuse_names("semsplus.sign_in.body", written.sign_in.body, IN_SIGN_IN)
    if not {"account", "password"} <= set(templates.names(written.sign_in.body)):
        raise ProtocolError("semsplus.sign_in.body", "has to hold {account} and {password}")
    for name, text in zip(Client._fields, written.client, strict=True):
        if not text.isascii() or not text.isprintable():
            raise ProtocolError(f"semsplus.client.{name}", "has to be one line of ASCII")
    refuse_unfit_calls("semsplus.calls", written.calls, None if packaged is None else packaged.calls, CLIENT)
    for item in written.curve.items:
        if item not in written.flow:
            raise ProtocolError("semsplus.curve.items", f"{item!r} is no key of semsplus.flow")


def _states(written: StateCodes) -> States:
    devices = words("semsplus.states.device", written.device, DeviceState)
    return {
        "station": words("semsplus.states.station", written.station, StationState),
        "device": devices,
        "charger": {**devices, **words("semsplus.states.charger", written.charger, DeviceState)},
    }


def _kinds(written: Mapping[str, str]) -> dict[str, Kind]:
    return {name: _kind(f"semsplus.device_types.{name}", kind) for name, kind in written.items()}


def _kind_patterns(written: Mapping[str, str]) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    here = "semsplus.device_patterns"
    return tuple((_kind(f"{here}.{kind}", kind), _pattern(f"{here}.{kind}", text)) for kind, text in written.items())


def _kind(path: str, word: str) -> Kind:
    try:
        return Kind(word)
    except ValueError:
        raise ProtocolError(path, f"{word!r} is no kind; there are {', '.join(kind.value for kind in Kind)}") from None


def _pattern(path: str, text: str, options: int = 0) -> re.Pattern[str]:
    try:
        return re.compile(text, options)
    except re.error as error:
        raise ProtocolError(path, f"is no regular expression: {error}") from None


def _tables(written: Written, battery: Rows, rows: RowsOf) -> dict[type[Entity], Table]:
    factors, bare = written.factors, written.phases.bare
    inputs = rows("factors.inverter_input", factors.inverter_input, PvInput)
    phases = rows("factors.inverter_phase", factors.inverter_phase, Phase)
    metered = rows("factors.meter_phase", factors.meter_phase, MeterPhase)
    return {
        Inverter: Table(
            Inverter,
            rows("factors.inverter", factors.inverter, Inverter),
            {"MPPT": (PvInput, inputs), "PHASE": (Phase, phases)},
            frozenset(bare.inverter),
        ),
        Meter: Table(
            Meter, rows("factors.meter", factors.meter, Meter), {"PHASE": (MeterPhase, metered)}, frozenset(bare.meter)
        ),
        Battery: Table(Battery, battery, {}),
    }


def _known(tables: Mapping[type[Entity], Table], flow: Rows, detail: Rows) -> dict[type[Entity], Rows]:
    """The codes that have a metric, by scope."""
    found = {Station: flow, EvCharger: detail}
    for table in tables.values():
        found |= {table.scope: table.rows, **dict(table.parts.values())}
    return found


def _phases(names: Mapping[str, str]) -> dict[str, str]:
    for name, line in names.items():
        if line not in ("L1", "L2", "L3"):
            raise ProtocolError(f"semsplus.phases.names.{name}", "has to be L1, L2 or L3")
    return {**names, **{line: line for line in names.values()}}

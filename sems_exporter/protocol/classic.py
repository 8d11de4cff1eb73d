"""The classic dialect as data: what classic.toml may say, and what the dialect goes by."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sems_exporter.model.plant import DeviceState, StationState
from sems_exporter.protocol.calls import CallShape, is_roundabout, refuse_unfit_calls, write_word
from sems_exporter.protocol.entries import Block, WrittenEntry, block
from sems_exporter.protocol.rows import words
from sems_exporter.protocol.shapes import ProtocolError
from sems_exporter.protocol.units import Units

Entries = dict[str, WrittenEntry]


class Client(NamedTuple):
    """The identity of a sign-in."""

    identity: dict[str, str]


class SignIn(NamedTuple):
    """Ways to sign in; the form of the web page comes last."""

    paths: tuple[str, ...]
    form: str
    account: str
    password: str
    form_beside: dict[str, str]


class Versions(NamedTuple):
    """Versions of the interface, the newest first."""

    monitor: tuple[str, ...]


class StateCodes(NamedTuple):
    """Words by code."""

    station: dict[str, str]
    device: dict[str, str]


class Registers(NamedTuple):
    """The raw registers of an inverter, by what they are about."""

    identities: Entries
    states: Entries
    ac: Entries
    pv: Entries
    backup: Entries
    battery: Entries
    meter: Entries
    energies: Entries
    other_plants: Entries


class Blocks(NamedTuple):
    """The objects of a monitor detail."""

    monitor: Entries
    info: Entries
    kpi: Entries
    powerflow: Entries
    soc: Entries
    homKit: Entries  # noqa: N815 - the portal's name
    energeStatisticsCharts: Entries  # noqa: N815
    energeStatisticsTotals: Entries  # noqa: N815
    inverter: Entries
    d: Entries
    dict: Entries
    invert_full: Registers
    more_batterys: Entries
    errors: Entries


class Written(NamedTuple):
    """All of classic.toml."""

    hosts: dict[str, str]
    client: Client
    sign_in: SignIn
    calls: dict[str, CallShape]
    versions: Versions
    states: StateCodes
    blocks: Blocks


@dataclass(frozen=True, slots=True, eq=False)
class Classic:
    """What the dialect goes by: `blocks` by the portal's names; `registers` are the groups of invert_full."""

    written: Written
    station_states: Mapping[str, StrEnum]
    device_states: Mapping[str, StrEnum]
    blocks: dict[str, Block]
    registers: dict[str, Block]


def classic(written: Written, packaged: Written | None, units: Units) -> Classic:
    """Check what shapes cannot tell, and make tables of it; `packaged` is the package's own. Raises ProtocolError."""
    refuse_unfit_calls("classic.calls", written.calls, None if packaged is None else packaged.calls, frozenset())
    if not written.versions.monitor or any(map(_is_no_version, written.versions.monitor)):
        raise ProtocolError("classic.versions.monitor", 'has to name versions such as "v3", at least one')
    for key, path in (*(("paths", path) for path in written.sign_in.paths), ("form", written.sign_in.form)):
        if not re.fullmatch(r"/[!-~]+", path) or is_roundabout(path):
            raise ProtocolError(f"classic.sign_in.{key}", "has to be paths such as /api/v3/Common/CrossLogin")
    blocks, registers = {}, {}
    for name in Blocks._fields:
        here, entries = f"classic.blocks.{name}", getattr(written.blocks, name)
        if name == "invert_full":
            groups = Registers._fields
            registers = {group: block(f"{here}.{group}", getattr(entries, group), units) for group in groups}
            blocks[name] = {key: entry for group in registers.values() for key, entry in group.items()}
        else:
            blocks[name] = block(here, entries, units)
    return Classic(
        written,
        words("classic.states.station", written.states.station, StationState),
        words("classic.states.device", written.states.device, DeviceState),
        blocks,
        registers,
    )


def _is_no_version(text: str) -> bool:
    return re.fullmatch(r"[\w.]{1,16}", text, re.ASCII) is None or is_roundabout(text) or bool(write_word(f"/{text}"))

"""States: how they are declared, how they age, and where they show."""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import pytest

from sems_exporter import protocol
from sems_exporter.exposition import families, json_form, samples
from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.model.plant import CHILDREN, Device, DeviceState, Inverter, Station, StationState
from sems_exporter.model.schema import PERIODS, Entity, Role, enumerated, enumerations, measures
from sems_exporter.pipeline.staleness import Limits, StationView, apply_staleness
from sems_exporter.portal.decoding.field_mapping import Values, assign
from sems_exporter.protocol.rows import FieldMapping
from tests.homes import NOON, home, scopes
from tools import portal_fields, references

LIMITS = Limits(data_max_age=1200.0, snapshot_max_age=900.0)
PATIENT = Limits(data_max_age=1200.0, snapshot_max_age=86_400.0)


class Mode(StrEnum):
    ECO = "eco"
    BACKUP = "backup"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModalInverter(Inverter):
    """An inverter with one more line in its declaration."""

    scope: ClassVar[str] = "modal_inverter"

    mode: Mode | None = enumerated(Mode, "working mode")


MODE = FieldMapping("mode", "", codes={"1": Mode.ECO, "2": Mode.BACKUP})


@pytest.fixture
def modal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    """A home with such an inverter, in a model that knows it, and its row in the table of the dialect."""
    [inverter] = home().inverters
    own = {field.name: getattr(inverter, field.name) for field in dataclasses.fields(inverter)}
    before = dict(CHILDREN)
    CHILDREN[ModalInverter] = CHILDREN.pop(Inverter)
    CHILDREN[Station] = tuple((name, ModalInverter if kind is Inverter else kind) for name, kind in CHILDREN[Station])
    tables = protocol.semsplus().tables
    table = replace(tables[Inverter], scope=ModalInverter, rows={"workModeStu": MODE})
    monkeypatch.setitem(tables, ModalInverter, table)
    monkeypatch.setattr(references, "labels", references.labels.__wrapped__)
    yield replace(home(), inverters=(ModalInverter(**own, mode=Mode.BACKUP),))
    # The order matters to the pages, too.
    CHILDREN.clear()
    CHILDREN.update(before)


class TestOneLineAndOneRow:
    """What a declaration and a row of a table are enough for."""

    def test_it_has_a_family_and_a_series_for_each_word(self, modal: Station) -> None:
        name = "sems_modal_inverter_mode"
        [found] = [family for family in families.families_of(ModalInverter) if family.name == name]

        lines = samples.collect([StationView(modal, up=True, until=None)]).by_family[name]

        assert (found.help, found.role) == ("1 for the working mode of the inverter, 0 for all others.", Role.LIVE)
        assert [(line.labels.rpartition(",")[2], line.value) for line in lines] == [
            ('mode="eco"', 0.0),
            ('mode="backup"', 1.0),
            ('mode="unknown"', 0.0),
        ]

    def test_it_stands_in_the_snapshot(self, modal: Station) -> None:
        document = json.loads(json.dumps(json_form.as_json([StationView(modal, up=True, until=None)], NOON)))

        assert document["stations"][0]["inverters"][0]["mode"] == "backup"

    @pytest.mark.parametrize("minutes, shown", [(18, Mode.BACKUP), (20, None)])
    def test_it_ages_with_the_values_beside_it(self, modal: Station, minutes: float, shown: Mode | None) -> None:
        [inverter] = apply_staleness(modal, NOON + timedelta(minutes=minutes), PATIENT).station.inverters

        assert isinstance(inverter, ModalInverter)
        assert inverter.mode is shown
        assert (inverter.ac_power is None) == (shown is None)

    def test_it_goes_with_a_device_that_is_offline(self, modal: Station) -> None:
        off = replace(modal.inverters[0], state=DeviceState.OFFLINE)

        [inverter] = apply_staleness(replace(modal, inverters=(off,)), NOON, LIMITS).station.inverters

        assert isinstance(inverter, ModalInverter)
        assert (inverter.mode, inverter.state) == (None, DeviceState.OFFLINE)

    @pytest.mark.parametrize("raw, word, news", [(1, Mode.ECO, 0), ("2", Mode.BACKUP, 0), (3.0, Mode.UNKNOWN, 1)])
    def test_its_row_reads_it(self, raw: object, word: Mode, news: int) -> None:
        values: Values = {}
        findings = Diagnostics()

        assign(values, ModalInverter, MODE, raw, findings=findings)

        assert values == {"mode": word}
        assert findings.unknown.get(Unknown.STATUS, 0) == news

    @pytest.mark.usefixtures("modal")
    def test_the_reference_pages_follow(self) -> None:
        metrics, fields = references.metrics_page(), references.fields_page()

        assert "| `sems_modal_inverter_mode` | gauge | `station`, `inverter`, `mode` | – | – | live |" in metrics
        assert "`mode` of `sems_modal_inverter_mode`: `eco`, `backup`, `unknown`." in metrics
        assert "| factors of inverter | workModeStu | sems_modal_inverter_mode |" in fields


def test_the_page_of_fields_lists_states_and_texts_of_semsplus_beside_its_numbers() -> None:
    told = {(where, field): use for where, field, use in portal_fields.semsplus()}

    assert told["flow", "status"] == told["stations/page", "status"] == "sems_station_state"
    assert "sems_inverter_state" in told["device/all-status", "status"]
    assert told["relatedDevices", "status"] == "sems_battery_state"
    assert told["ev-charger/detail", "status"] == "sems_ev_charger_state"
    assert "timezone" in told["basic/info", "zoneId"]
    assert told["flow", "pConsum"] == "sems_station_load_power_watts"


@pytest.mark.parametrize(
    "scope", [scope for scope in CHILDREN if enumerations(scope)], ids=lambda scope: scope.__name__
)
def test_every_enumeration_has_a_word_for_what_nobody_knows(scope: type[Entity]) -> None:
    assert all(declared.unknown in declared.words for declared in enumerations(scope).values())


LATE = datetime(2026, 6, 10, 21, 55, tzinfo=NOON.tzinfo)
"""Five minutes before midnight in Amsterdam."""
ALL = frozenset(Role)
CASES = {
    # When it was read, when it is shown, by which limits, of which state: what still has a value, and whether a state.
    "fresh": (NOON, NOON, LIMITS, DeviceState.RUNNING, ALL, DeviceState.RUNNING),
    "old data": (NOON, NOON + timedelta(minutes=20), PATIENT, DeviceState.RUNNING, ALL - {Role.LIVE}, None),
    "down": (NOON, NOON + timedelta(minutes=15), LIMITS, DeviceState.RUNNING, ALL - {Role.LIVE, *PERIODS}, None),
    "offline": (NOON, NOON, LIMITS, DeviceState.OFFLINE, ALL - {Role.LIVE}, DeviceState.OFFLINE),
    "offline, old data": (
        NOON,
        NOON + timedelta(minutes=19, seconds=30),
        PATIENT,
        DeviceState.OFFLINE,
        ALL - {Role.LIVE},
        DeviceState.OFFLINE,
    ),
    "offline, told long ago": (
        NOON,
        NOON + timedelta(minutes=20),
        PATIENT,
        DeviceState.OFFLINE,
        ALL - {Role.LIVE},
        None,
    ),
    "offline, down": (
        NOON,
        NOON + timedelta(minutes=15),
        LIMITS,
        DeviceState.OFFLINE,
        ALL - {Role.LIVE, *PERIODS},
        None,
    ),
    "midnight": (LATE, LATE + timedelta(minutes=5), LIMITS, DeviceState.RUNNING, ALL - {Role.DAY}, DeviceState.RUNNING),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("role", Role)
def test_what_is_shown_by_role(case: str, role: Role) -> None:
    read, now, limits, state, kept, _ = CASES[case]

    shown = apply_staleness(_in_state(home(read), state), now, limits).station.inverters[0]

    present = {
        name
        for name, measure in measures(Inverter).items()
        if measure.role is role and getattr(shown, name) is not None
    }
    assert bool(present) == (role in kept)


@pytest.mark.parametrize("case", CASES)
def test_which_state_is_shown(case: str) -> None:
    read, now, limits, state, _, kept = CASES[case]

    station = apply_staleness(_in_state(home(read), state), now, limits).station

    devices = [scope for scope in scopes(station) if isinstance(scope, Device)]
    assert {device.state for device in devices} == {kept}
    assert station.state == (kept and StationState(kept.value))


def _in_state(station: Station, state: DeviceState) -> Station:
    """`station` in this state with all its devices."""
    parts = {
        attribute: tuple(replace(device, state=state) for device in getattr(station, attribute))
        for attribute, _ in CHILDREN[Station]
    }
    return replace(station, state=StationState(state.value), **parts)  # type: ignore[arg-type]

"""Every key that the classic portal has ever sent is either read, or left out for a reason."""

from collections.abc import Iterator
from typing import Any

import pytest

from sems_exporter import protocol
from sems_exporter.model.diagnostics import Diagnostics, Unknown
from sems_exporter.model.plant import Battery, Inverter, Meter, Phase, PvInput
from sems_exporter.model.schema import measures
from sems_exporter.portal.classic.keys import key_table
from sems_exporter.protocol.entries import Mapped, Reason, Skipped, StandIn
from tests.portal.classic.captures import METERED, OFFLINE, STORAGE, TRIMMED, detail, needs_captures
from tests.portal.classic.plants import NOW, decoded, house


def blocks(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "monitor", data
    for name in ("info", "kpi", "powerflow", "soc", "homKit", "energeStatisticsCharts", "energeStatisticsTotals"):
        yield name, data.get(name) or {}
    for raw in data["inverter"]:
        yield "inverter", raw
        registers = raw.get("invert_full") or {}
        yield "invert_full", registers
        yield "d", raw.get("d") or {}
        for error in registers.get("errors") or []:
            yield "errors", error
        for pack in registers.get("more_batterys") or []:
            yield "more_batterys", pack


@needs_captures
@pytest.mark.parametrize("name", [METERED, OFFLINE, TRIMMED, STORAGE])
def test_no_captured_key_is_without_an_entry(name: str) -> None:
    unlisted = {(block, key) for block, found in blocks(detail(name)) for key in found.keys() - BLOCKS[block].keys()}

    assert unlisted == set()


@needs_captures
@pytest.mark.parametrize("name", [METERED, OFFLINE, TRIMMED, STORAGE])
def test_a_capture_holds_nothing_new(name: str) -> None:
    findings = Diagnostics()

    decoded(detail(name), findings)

    assert findings.details == {}


@needs_captures
def test_the_newest_capture_has_all_registers_of_the_oldest() -> None:
    """193 registers in 2026, 128 in 2022: so far they have only been added to."""
    [newest], [oldest] = (
        [raw["invert_full"].keys() for raw in detail(name)["inverter"]] for name in (OFFLINE, STORAGE)
    )

    assert (len(newest), len(oldest)) == (193, 128)
    assert oldest <= newest


def test_a_new_key_is_counted_by_block_and_name() -> None:
    findings = Diagnostics()
    data = house(
        {"newkey": 1, "errors": [{"error_code": "E-1", "cure": "wait"}], "more_batterys": [{"soc": 5, "bay": 1}]}
    )
    data["info"]["mayor"] = "somebody"

    decoded(data, findings)

    assert set(findings.details) == {
        (Unknown.FIELD, "invert_full newkey"),
        (Unknown.FIELD, "errors cure"),
        (Unknown.FIELD, "more_batterys bay"),
        (Unknown.FIELD, "info mayor"),
    }


def test_every_mapped_key_names_an_attribute_of_the_model() -> None:
    for block in BLOCKS.values():
        for key, entry in block.items():
            if isinstance(entry, Mapped):
                named = {entry.row.attribute, entry.row.opposite} - {""}
                assert named <= measures(entry.scope).keys(), key
                assert bool(entry.part) == (entry.scope.__name__ in ("PvInput", "Phase", "MeterPhase")), key


def test_every_stand_in_names_keys_of_invert_full() -> None:
    for block in ("inverter", "d", "dict"):
        for entry in BLOCKS[block].values():
            if isinstance(entry, StandIn):
                assert set(entry.keys) <= BLOCKS["invert_full"].keys()


def test_a_duplicate_or_a_derived_key_says_of_what() -> None:
    for block in BLOCKS.values():
        for key, entry in block.items():
            if isinstance(entry, Skipped) and entry.reason in (Reason.DUPLICATE, Reason.DERIVED, Reason.UNRELIABLE):
                assert entry.word, key


@pytest.mark.parametrize("scope", [Inverter, PvInput, Phase, Battery, Meter])
def test_most_of_the_model_is_fed(scope: type) -> None:
    """What is live in the model of a device and can be had here, is had."""
    fed = {
        name
        for entry in BLOCKS["invert_full"].values()
        if isinstance(entry, Mapped) and entry.scope is scope
        for name in (entry.row.attribute, entry.row.opposite)
    }

    assert len(fed - {""}) >= {Inverter: 19, PvInput: 2, Phase: 6, Battery: 7, Meter: 6}[scope]


def test_the_table_for_the_reference_pages_has_a_line_for_each_key() -> None:
    table = key_table()

    assert len(table) == sum(map(len, BLOCKS.values()))
    assert ("invert_full", "pmeter", "sems_meter_grid_export_power_watts, sems_meter_grid_import_power_watts") in table
    assert ("inverter", "pv_input_1", "stands in for vpv1, ipv1 of invert_full") in table
    assert ("invert_full", "all_eday", "not read: the same as eday") in table
    assert ("info", "owner_email", "not read: personal or secret") in table
    assert all(fate.strip() for _, _, fate in table)


BLOCKS = protocol.classic().blocks


def test_the_time_of_the_invented_house_is_that_of_its_answer() -> None:
    assert decoded(house()).fetched_at == NOW

"""Whatever the portal answers: no crash, no value outside its range, and no zero that it did not send."""

import math
from contextlib import suppress
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sems_exporter import errors, protocol
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import CHILDREN, Station, label_value
from sems_exporter.model.schema import measures
from sems_exporter.portal.classic.station_decoder import monitor, station_ids, station_list
from tests.homes import scopes
from tests.portal.classic.plants import HOUSE, NOW

numbers = st.one_of(
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.sampled_from([0, 0.0, -0.1, -0.001, 655.35, 6553.5, 65535, 4294967.295, 4294967295, 1e308, -1, 10**400]),
)
texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "--", "0(W)", "2337(W)", "-5", "45%", "121.3V/0A", "0V/0A/0W", "nan", "1e400", "null", "12 MW"]
    ),
)
json = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)
known = {block: st.sampled_from(sorted(keys)) for block, keys in protocol.classic().blocks.items()}


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """HOUSE with keys removed, set to anything, or added, in every block."""
    data: dict[str, Any] = deepcopy(HOUSE)
    unit = data["inverter"][0]
    blocks = {"monitor": data, "inverter": unit, "invert_full": unit["invert_full"]}
    blocks |= {name: data[name] for name in ("info", "kpi", "powerflow", "soc", "homKit", "energeStatisticsCharts")}
    if draw(st.booleans()):
        pack = draw(st.dictionaries(known["more_batterys"], json, max_size=5))
        unit["invert_full"]["more_batterys"] = [pack, {"vbattery": 50.0, "ibattery": 1.0}]
    if draw(st.booleans()):
        unit["invert_full"]["errors"] = [draw(st.dictionaries(known["errors"], json, max_size=5))]
    for _ in range(draw(st.integers(1, 12))):
        name = draw(st.sampled_from(sorted(blocks)))
        key = draw(known[name])
        if draw(st.booleans()):
            blocks[name].pop(key, None)
        else:
            blocks[name][key] = draw(json)
    return data


def decoded(data: object) -> Station | None:
    try:
        return monitor(data, NOW, Diagnostics())
    except (errors.AnswerEmpty, errors.AnswerUnreadable):
        return None


@settings(max_examples=400, deadline=None)
@given(damaged())
def test_damage_does_no_harm(data: dict[str, Any]) -> None:
    station = decoded(data)

    for scope in scopes(station) if station else ():
        assert label_value(scope)
        for name, measure in measures(type(scope)).items():
            value = getattr(scope, name)
            assert value is None or (math.isfinite(value) and measure.low <= value <= measure.high), name
    for container in (station,) if station else ():
        for attribute, _ in CHILDREN[Station]:
            ids = [label_value(part) for part in getattr(container, attribute)]
            assert len(ids) == len(set(ids))


@settings(max_examples=200, deadline=None)
@given(json)
def test_any_json_is_decoded_or_refused(data: Any) -> None:
    decoded(data)
    decoded({"info": data, "inverter": data, "powerflow": data, "kpi": data})
    decoded({"info": {"powerstation_id": "a"}, "inverter": [{"sn": "b", "invert_full": data, "points": data}]})
    for function in (station_ids, lambda found: station_list(found, Diagnostics())):
        with suppress(errors.AnswerEmpty, errors.AnswerUnreadable):
            function(data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_zero_comes_from_silence(data: st.DataObject) -> None:
    """Of an answer without a single 0 nothing is 0 but the other half of a direction."""
    made: dict[str, Any] = deepcopy(HOUSE)
    blocks = [made["info"], made["kpi"], made["powerflow"], made["soc"], made["energeStatisticsCharts"]]
    blocks += [made["inverter"][0], made["inverter"][0]["invert_full"]]
    for block in blocks:
        keys = sorted(block.keys() - {"powerstation_id", "sn"})
        for key in data.draw(st.lists(st.sampled_from(keys), unique=True, max_size=len(keys))):
            block[key] = data.draw(st.sampled_from([None, "", "--"]))

    station = decoded(made)

    assert station is not None
    for scope in scopes(station):
        zeros = {name for name in measures(type(scope)) if getattr(scope, name) == 0}
        assert all(getattr(scope, _other(name)) for name in zeros), zeros


def _other(name: str) -> str:
    for one, two in (("import", "export"), ("discharge", "charge")):
        if one in name:
            return name.replace(one, two)
        if two in name:
            return name.replace(two, one)
    return name

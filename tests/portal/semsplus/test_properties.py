"""Whatever SEMS+ answers: no crash, no value outside its range, and no zero that it did not send."""

import json
import math
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sems_exporter import errors
from sems_exporter.config.settings import Account, AccountSettings
from sems_exporter.exposition import Format
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.plant import CHILDREN, Station, label_value
from sems_exporter.model.schema import Entity, measures
from sems_exporter.pipeline.counter_guard import CounterGuard
from sems_exporter.pipeline.derived_values import derived
from sems_exporter.pipeline.staleness import Limits, apply_staleness
from sems_exporter.pipeline.totals import totals
from sems_exporter.portal import connect
from sems_exporter.portal.client import Call
from sems_exporter.portal.dump_file import Recorder
from sems_exporter.portal.protocol_signs import ProtocolSigns
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.source import SemsPlus
from sems_exporter.portal.session.file_stores import file_stores
from sems_exporter.simulator import SimulatedPortal, demo_plants
from sems_exporter.telemetry.metrics import SelfMetrics
from sems_exporter.telemetry.redaction import Secret
from tests.homes import scopes
from tests.plain_exposition import rendered
from tests.portal.semsplus.homes import JUNE_NOON, SharedClock

Answers = dict[str, Any]
"""The data of an answer by the path of its request."""
Container = dict[str, Any] | list[Any]
Slot = tuple[Container, Any]
"""A place in a document: what holds it, and the key or index."""

DIRECTIONS = (
    ("grid_import_power", "grid_export_power"),
    ("battery_charge_power", "battery_discharge_power"),
    ("charge_power", "discharge_power"),
)
LIMITS = Limits(1200.0, 900.0)
UNITS = ["kW", "W", "MW", "kWh", "Wh", "V", "mV", "A", "Hz", "℃", "°F", "%", "kΩ", "H", "", None, 7, "parsec"]
SENTINELS = [65535, "65535", 6553.5, "655.35", 4294967295, "4294967.295", -2147483.648]

numbers = st.one_of(
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.sampled_from([*SENTINELS, 0, 0.0, -0.1, -0.001, 1e308, -1, 10**400]),
)
texts = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["", "--", "NaN", "inf", "1e400", "-5", "45%", "12 MW", "2337(W)", "null", "0" * 90, "9" * 5000]),
)
names = st.text('abcNS:0-\\"\n é', max_size=4)
junk = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(names, inner, max_size=2)),
    max_leaves=4,
)
units = st.sampled_from(UNITS)


@dataclass
class Told:
    """A client that has all answers already; paths that nobody recorded are refused."""

    answers: Answers
    signs: ProtocolSigns = field(default_factory=ProtocolSigns)

    @property
    def session(self) -> SimpleNamespace:
        """A session that never ends."""
        return SimpleNamespace(is_open=True)

    @contextmanager
    def request(self, call: Call) -> Iterator[Any]:
        """The recorded data."""
        key = _key(call)
        if key not in self.answers:
            raise errors.PermissionDenied("not recorded")
        yield self.answers[key]


def _key(call: Call) -> str:
    return call.endpoint + call.path


@cache
def recorded() -> Answers:
    """The answers of one refresh of the demo's hybrid home."""
    clock = SharedClock()
    with tempfile.TemporaryDirectory() as state, SimulatedPortal(demo_plants(1, clock=clock), clock=clock) as portal:
        account = Account("demo@example.com", Secret("demo"), portal.login_url, ("127.0.0.1",))
        recorder = Recorder()
        made = AccountSettings(account, portal="semsplus", state_dir=Path(state), requests_per_minute=10_000)
        home = connect(made, file_stores(made, clock), clock, SelfMetrics(), threading.Event(), transport=recorder)
        home.read(home.stations(Diagnostics())[0], Diagnostics())
        home.close()
    return {
        exchange.endpoint + re.sub(r".*?(?=/sems-)", "", exchange.url, count=1): json.loads(answer.body)["data"]
        for exchange, answer in recorder.exchanges
    }


def read(answers: Answers) -> Station | None:
    """The first station of an account with these answers, or None where they are refused."""
    told = cast("Client", Told(answers))
    portal = SemsPlus(told, SharedClock())
    try:
        refs = portal.stations(Diagnostics())
        return totals(portal.read(refs[0], Diagnostics())) if refs else None
    except errors.PortalError:
        return None


def slots(document: Any) -> Iterator[Slot]:
    """Every place in `document`, the outer ones first."""
    if isinstance(document, dict | list):
        items: list[tuple[Any, Any]] = list(document.items() if isinstance(document, dict) else enumerate(document))
        for key, inner in items:
            yield document, key
            yield from slots(inner)


@st.composite
def damaged(draw: st.DrawFn) -> Answers:
    """The recorded answers with places removed, exchanged, or set to anything."""
    answers = deepcopy(recorded())
    for _ in range(draw(st.integers(1, 10))):
        endpoint = draw(st.sampled_from(sorted(answers)))
        if isinstance(answers[endpoint], dict | list) and draw(st.integers(0, 9)):
            # Only what is still there: an earlier damage may have taken the rest.
            places = list(slots(answers[endpoint]))
            container, key = draw(st.sampled_from(places)) if places else (answers, endpoint)
        else:
            container, key = answers, endpoint
        _damage(draw, container, key)
    return answers


def _damage(draw: st.DrawFn, container: Container, key: Any) -> None:
    kind = draw(st.sampled_from(["junk", "number", "gone", "unit", "twice"]))
    if kind == "gone":
        container.pop(key)
    elif kind == "unit" and isinstance(container, dict) and "unit" in container:
        container["unit"] = draw(units)
    elif kind == "twice" and isinstance(container, list):
        container.append(deepcopy(container[key]))
    else:
        container[key] = draw(numbers if kind == "number" else junk)


def faults(station: Station) -> list[str]:
    """What must not be in a station: impossible numbers, two directions at once, equal names of siblings."""
    found = []
    for scope in scopes(station):
        kind = type(scope)
        found += [
            f"{kind.scope}.{name} = {value}"
            for name, measure in measures(kind).items()
            if (value := getattr(scope, name)) is not None
            and not (math.isfinite(value) and measure.low <= value <= measure.high)
        ]
        found += [
            f"{kind.scope}: {one} and {other}"
            for one, other in DIRECTIONS
            if getattr(scope, one, None) and getattr(scope, other, None)
        ]
        for attribute, _ in CHILDREN[kind]:
            ids = [label_value(part) for part in getattr(scope, attribute)]
            if len(ids) != len(set(ids)) or not all(ids):
                found.append(f"{kind.scope}.{attribute}: {ids}")
    return found


def values(station: Station) -> dict[tuple[str, ...], float]:
    """All numbers of a station by scope, identity and name."""
    return {
        (type(scope).scope, *path, name): value
        for path, scope in _paths(station)
        for name in measures(type(scope))
        if (value := getattr(scope, name)) is not None
    }


def _paths(scope: Entity, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Entity]]:
    here = (*path, label_value(scope))
    yield here, scope
    for attribute, _ in CHILDREN[type(scope)]:
        for part in getattr(scope, attribute):
            yield from _paths(part, here)


def is_leaf(slot: Slot) -> bool:
    """Whether something that is measured stands there."""
    container, key = slot
    return key in ("data", "val") or (isinstance(container[key], float) and isinstance(key, str))


def test_the_undamaged_answers_are_a_whole_home() -> None:
    """Or the properties below would hold for nothing."""
    station = read(recorded())

    assert station is not None
    assert len(values(station)) > 60
    assert not faults(station)


@settings(max_examples=150, deadline=None)
@given(damaged())
def test_damage_does_no_harm(answers: Answers) -> None:
    """Decoded, every number lies within its measure's range, and power flows one way."""
    station = read(answers)

    assert station is None or not faults(station)


@settings(max_examples=80, deadline=None)
@given(damaged())
def test_damage_does_no_harm_to_what_is_published(answers: Answers) -> None:
    """Checked and derived, the same holds, and Prometheus can read every line of it, once."""
    station = read(answers)
    if station is None:
        return

    shown = derived(CounterGuard().check(station, JUNE_NOON, Diagnostics()), JUNE_NOON)
    text = rendered([apply_staleness(shown, JUNE_NOON, LIMITS)], Format.TEXT)

    assert not faults(shown)
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert len(samples) == len([line for line in text.split("\n") if line and not line.startswith("#")])
    assert len(samples) == len({(sample.name, *sorted(sample.labels.items())) for sample in samples})
    assert all(math.isfinite(sample.value) for sample in samples)


@settings(max_examples=60, deadline=None)
@given(junk, st.data())
def test_any_json_in_place_of_an_answer_is_decoded_or_refused(found: Any, data: st.DataObject) -> None:
    answers = deepcopy(recorded())
    for endpoint in data.draw(st.lists(st.sampled_from(sorted(answers)), min_size=1, max_size=4)):
        answers[endpoint] = found

    station = read(answers)

    assert station is None or not faults(station)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_silence_is_no_number(data: st.DataObject) -> None:
    """Taking numbers away only takes values away: none appears and none turns into a zero.

    Where two codes carry one value the other may take over, so a value may change, but not to nothing.
    """
    answers = deepcopy(recorded())
    before = read(recorded())
    leaves = [slot for endpoint in sorted(answers) for slot in slots(answers[endpoint]) if is_leaf(slot)]
    for index in data.draw(st.sets(st.integers(0, len(leaves) - 1), min_size=1, max_size=len(leaves))):
        container, key = leaves[index]
        container[key] = data.draw(st.sampled_from([None, "", "--"]))

    after = read(answers)

    assert before is not None
    whole, left = values(before), values(after) if after else {}
    assert left.keys() <= whole.keys()
    assert not [path for path, value in left.items() if value == 0 and whole[path] != 0]


def test_complete_silence_is_no_number_at_all() -> None:
    """Without a single power, energy or factor nothing is left but the share of charge, which comes as an integer."""
    answers = deepcopy(recorded())
    for endpoint in sorted(answers):
        for container, key in [slot for slot in slots(answers[endpoint]) if is_leaf(slot)]:
            cast("dict[str, Any]", container)[key] = None

    station = read(answers)

    assert station is not None
    assert {path[-1] for path in values(station)} <= {"battery_state_of_charge", "state_of_charge"}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_unit_decides_the_scale_or_the_value_is_left_out(data: st.DataObject) -> None:
    """With other units a power is a thousandth or a thousandfold, or absent, but never the same number by accident."""
    answers = deepcopy(recorded())
    before = read(recorded())
    [path] = [path for path in answers if "BAT_SYS" in path and path.startswith("telemetry")]
    [factor] = [factor for group in answers[path] for factor in group["factors"] if factor["code"] == "pBat"]
    unit = data.draw(units)
    factor["unit"] = unit

    after = read(answers)

    assert before is not None
    assert after is not None
    was, now = before.batteries[0].charge_power, after.batteries[0].charge_power
    # Without a unit beside it the code's usual one, kW, is assumed.
    scale = {"kW": 1.0, "": 1.0, None: 1.0, 7: 1.0, "W": 1e-3, "MW": 1e3}.get(unit)
    assert was is not None
    assert now is None if scale is None else (now is not None and math.isclose(now, was * scale))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SENTINELS), st.data())
def test_a_register_with_all_bits_set_is_no_reading(sentinel: object, data: st.DataObject) -> None:
    """It takes away the value that it stands for, and never becomes one."""
    answers = deepcopy(recorded())
    paths = [path for path in sorted(answers) if path.startswith("telemetry")]
    factors = [factor for path in paths for group in answers[path] for factor in group["factors"]]
    data.draw(st.sampled_from(factors))["data"] = sentinel

    before, after = read(recorded()), read(answers)

    assert before is not None
    assert after is not None
    assert values(after).items() <= values(before).items()

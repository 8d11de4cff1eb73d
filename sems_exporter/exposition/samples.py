"""Stations into samples: which value each family has, and for which labels."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sems_exporter.exposition import families
from sems_exporter.model.money import Money
from sems_exporter.model.plant import CHILDREN, KWH, Alarm, AlarmLevel, Device, Station, label_value
from sems_exporter.model.schema import Entity, Family, enumerations, family, info_labels, measures, registers
from sems_exporter.pipeline.staleness import StationView

LABEL_NAMES = {"timezone_name": "timezone"}
MOST_ALARMS = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """One line to be: its labels, ready rendered, and its value."""

    labels: str
    value: float


@dataclass(slots=True)
class Samples:
    """Samples by the name of their family."""

    by_family: dict[str, list[Sample]] = field(default_factory=dict)
    extra: dict[str, Family] = field(default_factory=dict)
    """Families among them that a user's file declares."""

    def add(self, found: Family, labels: str, value: float) -> None:
        """Add one sample."""
        self.by_family.setdefault(found.name, []).append(Sample(labels, value))


def collect(stations: Iterable[StationView]) -> Samples:
    """The samples of all stations, with the families that only a user's file declares."""
    samples = Samples()
    for shown in stations:
        labels = label("station", shown.station.id)
        samples.add(families.up(), labels, float(shown.up))
        _scope(shown.station, labels, samples)
        if shown.up and shown.station.alarms is not None:
            _alarms(shown.station, shown.station.alarms, labels, samples)
        if shown.station.money is not None:
            _money(shown.station.money, labels, samples)
    return samples


def label(name: str, value: str) -> str:
    """One label, escaped as both formats want it."""
    escaped = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f'{LABEL_NAMES.get(name, name)}="{escaped}"'


def _scope(scope: Entity, labels: str, samples: Samples) -> None:
    kind = type(scope)
    for name in measures(kind):
        if (value := getattr(scope, name)) is not None:
            samples.add(family(kind, name), labels, value)
    for extra in scope.extras:
        samples.extra[extra.family.name] = extra.family
        samples.add(extra.family, labels, extra.value)
    for name, enumeration in enumerations(kind).items():
        if (held := getattr(scope, name)) is not None:
            for word in enumeration.words:
                samples.add(family(kind, name), f"{labels},{label(name, word)}", float(word is held))
    if isinstance(scope, Device | Station):
        _description(scope, labels, samples)
    for attribute, part_kind in CHILDREN[kind]:
        for part in getattr(scope, attribute):
            _scope(part, f"{labels},{label(part_kind.label, label_value(part))}", samples)


def _description(scope: Device | Station, labels: str, samples: Samples) -> None:
    kind = type(scope)
    texts = [label(name, text) for name in info_labels(kind) if (text := getattr(scope, name)) is not None]
    samples.add(families.texts(kind), ",".join([labels, *texts]), 1.0)
    if scope.data_timestamp is not None:
        samples.add(families.data_timestamp(kind), labels, scope.data_timestamp.timestamp())
    for name in registers(kind):
        if (bits := getattr(scope, name)) is not None:
            _register(kind, name, bits, labels, samples)


def _register(kind: type[Entity], name: str, bits: int, labels: str, samples: Samples) -> None:
    samples.add(families.register(kind, name), labels, float(bits))
    for number in range(bits.bit_length()):
        if bits >> number & 1:
            samples.add(families.set_bits(kind, name), f"{labels},{label('bit', str(number))}", 1.0)


def _alarms(station: Station, alarms: tuple[Alarm, ...], labels: str, samples: Samples) -> None:
    count = Counter(alarm.level for alarm in alarms)
    count[AlarmLevel.UNKNOWN] += station.alarms_unlisted
    for level in AlarmLevel:
        samples.add(families.ALARMS_ACTIVE, f"{labels},{label('level', level)}", float(count[level]))
    one_each = {(alarm.device, alarm.code, alarm.level): alarm for alarm in alarms}
    for alarm in sorted(one_each.values(), key=_began, reverse=True)[:MOST_ALARMS]:
        own = {"device": alarm.device, "code": alarm.code, "level": alarm.level.value}
        named = ",".join([labels, *(label(name, value) for name, value in own.items())])
        samples.add(families.ALARM, f"{named},{label('name', alarm.name)}" if alarm.name else named, 1.0)
        if alarm.started_at is not None:
            samples.add(families.ALARM_START, named, alarm.started_at.timestamp())


def _began(alarm: Alarm) -> float:
    return -math.inf if alarm.started_at is None else alarm.started_at.timestamp()


def _money(money: Money, labels: str, samples: Samples) -> None:
    texts = [labels, label("tariff", money.tariff), label("currency", money.currency)]
    samples.add(families.TARIFF, ",".join(texts), 1.0)
    for name, found in families.PRICES.items():
        if (price := getattr(money, name)) is not None:
            samples.add(found, labels, price / KWH)
    for name, found in families.MONEY.items():
        if (amount := getattr(money, name)) is not None:
            samples.add(found, labels, amount)
    for found, energies in ((families.UNPRICED_ENERGY, money.unpriced), (families.ESTIMATED_ENERGY, money.estimated)):
        for direction, joules in energies.items():
            samples.add(found, f"{labels},{label('direction', direction)}", joules)

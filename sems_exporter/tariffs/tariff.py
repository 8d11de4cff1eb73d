"""What a tariff is: a currency, and for each direction prices that hold from a date on."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from sems_exporter.tariffs.schedule import Schedule

NOTHING = Decimal(0)
FREE = Schedule(NOTHING)


class Direction(StrEnum):
    """Which way energy goes through the grid connection."""

    IMPORT = "import"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class Source:
    """Where prices that change by the hour come from: the name of an adapter, and what it wants to know.

    Two sources that are equal are one, which is asked once. `scale` is what each of its values is multiplied by to be
    money for a kilowatt hour.
    """

    kind: str
    options: tuple[tuple[str, str], ...] = ()
    scale: Decimal = Decimal(1)

    def option(self, name: str) -> str:
        """What the settings say of `name`."""
        return dict(self.options)[name]


@dataclass(frozen=True, slots=True)
class Standing:
    """A charge for being connected, spread evenly over the days of its span: day, month or year."""

    amount: Decimal
    span: str


@dataclass(frozen=True, slots=True)
class Validity:
    """What holds from the local midnight of `start`, until another follows: money for a kilowatt hour.

    (price x `factor` + charges) x (1 + `tax`), and no less than `floor`. `schedule` is None where a `source` tells the
    price.
    """

    start: date
    schedule: Schedule | None
    source: Source | None = None
    charges: Schedule = FREE
    factor: Decimal = Decimal(1)
    tax: Decimal = NOTHING
    floor: Decimal | None = None
    standing: Standing | None = None

    def total(self, price: Decimal, charge: Decimal) -> Decimal:
        """What a kilowatt hour comes to."""
        whole = (price * self.factor + charge) * (1 + self.tax)
        return whole if self.floor is None else max(whole, self.floor)


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices of both directions, in order of their dates. `zone` is None where they go by the station's own time.

    `holidays` names the country, and with a hyphen the region, whose public holidays count as Sundays; "" for none.
    """

    name: str
    currency: str
    imported: tuple[Validity, ...] = ()
    exported: tuple[Validity, ...] = ()
    zone: ZoneInfo | None = None
    holidays: str = ""

    def of(self, direction: Direction) -> tuple[Validity, ...]:
        """The prices of one direction."""
        return self.imported if direction is Direction.IMPORT else self.exported

    def valid(self, direction: Direction, day: date) -> Validity | None:
        """What holds on `day`; None before the first date."""
        return next((one for one in reversed(self.of(direction)) if one.start <= day), None)


@dataclass(frozen=True, slots=True)
class TariffSettings:
    """The tariffs by name, and which station has which: pairs of an id or pattern and the name of a tariff.

    `remarks` are sentences about what is allowed and hardly meant, `notes` about what is meant and may surprise.
    """

    tariffs: tuple[Tariff, ...] = ()
    stations: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


NO_TARIFFS = TariffSettings()

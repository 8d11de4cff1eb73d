"""What energy cost and earned at a station that has a tariff."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """Money in `currency` by the tariff called `tariff`; counters since the exporter first saw station and tariff.

    Prices are those of a kilowatt hour now. A counter is None where the energy that it counts has no lifetime counter,
    or where the tariff has no such prices. Energies, in joules, by what they are of: "import", "export" or
    "self_consumption". `today` holds what of the counters came together since midnight at the station, on the `day` of
    the latest reading; nothing once that is over.
    """

    tariff: str
    currency: str
    import_price: float | None = None
    export_price: float | None = None
    import_cost: float | None = None
    import_credit: float | None = None
    export_revenue: float | None = None
    export_charge: float | None = None
    savings: float | None = None
    standing_charge: float | None = None
    unpriced: dict[str, float] = field(default_factory=dict)
    estimated: dict[str, float] = field(default_factory=dict)
    day: str = ""
    today: dict[str, float] = field(default_factory=dict)

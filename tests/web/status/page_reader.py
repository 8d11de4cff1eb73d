"""A home to render, and a strict reader of the page that came out."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from sems_exporter.model.plant import KWH, Battery, DeviceState, Inverter, Meter, PvInput, Station, StationState
from sems_exporter.web.status.page import PageStatus, render_page

NOW = datetime(2026, 6, 21, 10, 5, 20, tzinfo=UTC)
VOID = {"meta", "link", "br", "img", "input", "hr"}

STATUS = PageStatus(
    now=NOW,
    version="1.2.3",
    up=True,
    last_success=NOW - timedelta(seconds=120),
    next_refresh=NOW + timedelta(seconds=180),
    problem=None,
    simulated=False,
    metrics_path="/metrics",
    snapshot_max_age=900.0,
)
HOME = Station(
    id="plant-1",
    fetched_at=NOW - timedelta(seconds=80),
    name="Lake House",
    state=StationState.RUNNING,
    data_timestamp=NOW - timedelta(seconds=140),
    timezone=ZoneInfo("Europe/Berlin"),
    has_battery=True,
    pv_power=6630.0,
    load_power=742.4,
    grid_import_power=0.0,
    grid_export_power=1351.0,
    battery_charge_power=2468.0,
    battery_discharge_power=0.0,
    battery_state_of_charge=0.76,
    installed_power=9800.0,
    pv_energy_today=18.42 * KWH,
    grid_export_energy_today=7.9 * KWH,
    inverters=(
        Inverter(
            id="INV1",
            name="Garage",
            state=DeviceState.RUNNING,
            ac_power=4870.0,
            temperature=46.3,
            inputs=(PvInput(number="1", power=3720.0), PvInput(number="2")),
        ),
    ),
    batteries=(Battery(id="BAT1", state=DeviceState.CHARGING, state_of_charge=0.76, state_of_health=0.98),),
    meters=(Meter(id="MTR1", state=DeviceState.ONLINE, grid_import_power=0.0, grid_export_power=1351.0),),
)
EMPTY = Station(id="plant-1", fetched_at=NOW)


@dataclass
class Element:
    """A parsed element, `text` with that of all its descendants."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    parents: "list[Element]" = field(default_factory=list)


class Reader(HTMLParser):
    """A strict reader: every element that opens must close, in order."""

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.texts: list[str] = []
        self._open: list[Element] = []
        self.feed(document.decode("utf-8"))
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({key for key, _ in attrs}) == len(attrs), f"an attribute twice in <{tag}>"
        element = Element(tag, {key: value or "" for key, value in attrs}, parents=list(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & {element.tag for element in self._open}:
            self.texts.append(data)
        for element in self._open:
            element.text += data

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """Elements by tag and by attribute values, underscores standing for hyphens."""
        wanted = {key.strip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [
            e
            for e in self.elements
            if (not tag or e.tag == tag) and all(e.attributes.get(k) == v for k, v in wanted.items())
        ]

    def classed(self, word: str) -> list[Element]:
        """Elements of a class."""
        return [e for e in self.elements if word in e.attributes.get("class", "").split()]

    @property
    def main(self) -> str:
        """The text of the page's main part."""
        return self.all("main")[0].text


def page(*stations: Station, status: PageStatus = STATUS) -> Reader:
    """The rendered page, read back."""
    return Reader(render_page(stations, status))


def fleet(size: int) -> list[Station]:
    """As many homes as asked for."""
    return [replace(HOME, id=f"plant-{n}", name=f"Home {n}") for n in range(size)]


def shown(reader: Reader) -> Iterator[tuple[str, float, dict[str, str]]]:
    """Every marked value as metric, value and the labels of the enclosing elements."""
    for e in reader.elements:
        if "data-metric" in e.attributes:
            around = {k: v for p in [*e.parents, e] for k, v in p.attributes.items() if k.startswith("data-")}
            yield e.attributes["data-metric"], float(e.attributes["data-value"]), around

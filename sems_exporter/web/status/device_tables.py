"""The devices of a station: one compact table per kind, narrow enough for a phone and to stand side by side."""

from collections.abc import Sequence

from sems_exporter.model.plant import Battery, Device, EvCharger, Inverter, Meter, PvInput, Station
from sems_exporter.web.status.badges import state_badge
from sems_exporter.web.status.figures import figure, identity, name
from sems_exporter.web.status.language import marked, tr

Columns = tuple[tuple[str, str], ...]

_INVERTER: Columns = ((marked("AC power"), "ac_power"), (marked("Temp."), "temperature"))
_BATTERY: Columns = (
    (marked("State of charge"), "state_of_charge"),
    (marked("Health"), "state_of_health"),
    (marked("Temp."), "temperature"),
)
_METER: Columns = ((marked("Import"), "grid_import_power"), (marked("Export"), "grid_export_power"))
_EV_CHARGER: Columns = ((marked("Limit"), "charging_power_limit"),)
_DETAILS: dict[type[Device], Columns] = {
    Battery: ((marked("Coldest cell"), "cell_temperature_min"), (marked("Warmest cell"), "cell_temperature_max")),
    EvCharger: ((marked("Charging"), "charging_power"), (marked("Session"), "session_energy")),
}

WithColumns = Inverter | Battery | Meter | EvCharger


def device_tables(station: Station) -> str:
    """Tables of the kinds of device that the station has."""
    tables = (
        _table(marked("Inverters"), _INVERTER, station.inverters),
        _table(marked("Batteries"), _BATTERY, station.batteries),
        _table(marked("Meters"), _METER, station.meters),
        _table(marked("EV chargers"), _EV_CHARGER, station.ev_chargers),
    )
    shown = "".join(table for table in tables if table)
    return f'<div class="devices">{shown}</div>' if shown else ""


def _table(title: str, columns: Columns, devices: Sequence[WithColumns]) -> str:
    if not devices:
        return ""
    heads = "".join(f'<th scope="col">{tr(head)}</th>' for head, _ in columns)
    rows = "".join(_rows(device, columns) for device in devices)
    first = f'<th scope="col">{tr("Device")}</th>'
    return f"<table><caption>{tr(title)}</caption><thead><tr>{first}{heads}</tr></thead>{rows}</table>"


def _rows(device: WithColumns, columns: Columns) -> str:
    cells = "".join(f"<td>{_cell(device, attribute)}</td>" for _, attribute in columns)
    details = _details(device)
    more = f'<tr class="details"><td colspan="{len(columns) + 1}">{details}</td></tr>' if details else ""
    return (
        f'<tbody {identity(device)}><tr><th scope="row">{_title(device)}{state_badge(device)}</th>{cells}</tr>'
        f"{more}</tbody>"
    )


def _cell(device: WithColumns, attribute: str) -> str:
    if isinstance(device, Battery) and attribute == "temperature" and device.temperature is None:
        # A rack has no temperature but those of its cells, which the line below tells.
        return "" if device.cell_temperature_max is not None else figure(device, attribute)
    return figure(device, attribute)


def _title(device: Device) -> str:
    title = device.name or device.model or device.id
    others = (text for text in (device.model, device.id) if text and text != title)
    about = [name(text) for text in others]
    if isinstance(device, Battery) and device.system:
        about.append(tr("rack of {system}", system=name(device.system)))
    return name(title) + "".join(f'<small class="about">{text}</small>' for text in about)


def _details(device: WithColumns) -> str:
    """Write what only some devices of a kind tell, in a line of its own, without what is not known."""
    if isinstance(device, Inverter):
        return _inputs(device.inputs)
    known = (
        f"<span>{tr(title)} {figure(device, attribute)}</span>"
        for title, attribute in _DETAILS.get(type(device), ())
        if getattr(device, attribute) is not None
    )
    return "".join(known)


def _inputs(inputs: Sequence[PvInput]) -> str:
    return "".join(f"<span {identity(i)}>MPPT {name(i.number)} {figure(i, 'power')}</span>" for i in inputs)

"""One snapshot in plain words, for `check`."""

import textwrap

from sems_exporter.model.plant import CHILDREN, Station
from sems_exporter.model.schema import Entity, measures
from sems_exporter.polling.results import RefreshResult


def described(station: Station) -> list[str]:
    """Describe what was found of a station, a line each."""
    lines = [f"Station {station.name or 'without a name'} ({station.id})"]
    lines.append(f"  time zone: {station.timezone_name or 'not given, so no times and no energies of today'}")
    state = station.state.value if station.state else "not given"
    when = (
        f"data from {station.data_timestamp:%Y-%m-%d %H:%M} UTC" if station.data_timestamp else "time of data not given"
    )
    lines.append(f"  state: {state}, {when}")
    lines.append(f"  alarms: {_alarms(station)}")
    lines.extend(_readings(station, "  "))
    for attribute, _ in CHILDREN[Station]:
        for device in getattr(station, attribute):
            name = " ".join(text for text in (device.model, device.name) if text)
            state = device.state.value if device.state else "state not given"
            lines.append(f"  {device.noun} {device.id}{f' ({name})' if name else ''}: {state}")
            lines.extend(_readings(device, "    "))
    return lines


def _alarms(station: Station) -> str:
    if station.alarms is None:
        return "the portal does not tell"
    return f"{len(station.alarms) + station.alarms_unlisted} active"


def _readings(scope: Entity, indent: str) -> list[str]:
    """List what is known, and what the portal does not say, which is what a person asks about."""
    names = measures(type(scope))
    known = [name for name in names if getattr(scope, name) is not None]
    missing = [name.replace("_", " ") for name in names if name not in known]
    said = f"{len(known)} readings"
    return textwrap.wrap(
        f"{said}; not given: {', '.join(missing)}" if missing else said,
        width=110,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        drop_whitespace=True,
    )


def unread(outcome: RefreshResult) -> list[str]:
    """That the details of most stations were not asked for, if that is so."""
    if outcome.stations is None or outcome.overviews == 0:
        return []
    read = f"Details of {len(outcome.tried)} of {outcome.stations} stations were read, to see that it works"
    return [f"{read}; the others are as the list shows them. The exporter reads them in rotation."]


def complaints(outcome: RefreshResult) -> list[str]:
    """List what did not work in a refresh, a line each."""
    failures = [failure for failure in (outcome.whole, *outcome.by_station.values()) if failure is not None]
    lines = [f"Problem ({failure.reason}): {failure}" for failure in failures]
    lines.extend(f"Problem: {text}" for text in dict.fromkeys(outcome.partial))
    if outcome.stations == 0 and not failures:
        lines.append("Problem: the account shows no stations; ask their owner to share them with it")
    return lines

"""The instants of a classic answer: what holds where the portal gives no time, or repeats one."""

from dataclasses import replace
from datetime import UTC, datetime

from sems_exporter.model.plant import Battery, Device, Path, Station, transform
from sems_exporter.model.schema import Entity
from sems_exporter.pipeline.repeated_answers import RepeatedAnswers
from sems_exporter.portal.decoding import states

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def dated(station: Station, repeats: RepeatedAnswers) -> Station:
    """`station` with the instants since when it and its devices say the same; no report is later than that of its time.

    Local times come with an offset that changes with summer time, so that the same time may be read an hour later. An
    inverter and what hangs on it report as one, and anything that moves among them moves the plant.
    """
    bare = transform(station, _without_instants)

    def with_instants(scope: Entity, path: Path) -> Entity:
        if not isinstance(scope, Device | Station):
            return scope
        heard = station.fetched_at
        report = bare if isinstance(scope, Station) else _report(bare, scope)
        since = repeats.said((*path, "report"), report, heard).since
        taken = scope.data_timestamp
        if taken is not None:
            shown = taken.astimezone(station.timezone).replace(tzinfo=None) if station.timezone else taken
            taken = min(taken, repeats.said((*path, "time"), shown, heard).since)
        state_at = states.dated(scope.state, heard, taken, since) if scope.state is not None else None
        return replace(scope, unchanged_since=since, data_timestamp=taken, state_at=state_at)

    return transform(station, with_instants)


def _without_instants(scope: Entity, _: Path) -> Entity:
    """`scope` without what moves by itself: instants, and the offset, which summer time changes."""
    if isinstance(scope, Station):
        return replace(scope, fetched_at=NEVER, data_timestamp=None, timezone=None, timezone_name=None)
    return replace(scope, fetched_at=NEVER, data_timestamp=None) if isinstance(scope, Device) else scope


def _report(bare: Station, device: Device) -> list[Device]:
    """All that the inverter of `device` reports; all there is where nobody knows which it is."""
    devices: list[Device] = [*bare.inverters, *bare.batteries, *bare.meters]
    owner = _owner(device)
    return [each for each in devices if _owner(each) == owner or len(bare.inverters) == 1]


def _owner(device: Device) -> str:
    return (device.inverter if isinstance(device, Battery) else None) or device.id.removesuffix("-meter")

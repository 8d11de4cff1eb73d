"""The SEMS+ dialect behind the Portal protocol: which calls make up a station, and what happens when one fails."""

from dataclasses import replace

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.findings import Dropped, Findings
from sems_exporter.measure import filled
from sems_exporter.model import Station
from sems_exporter.portal import times
from sems_exporter.portal.base import StationRef
from sems_exporter.portal.semsplus import decode, endpoints
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.devices import DeviceReader
from sems_exporter.portal.semsplus.memory import Kept, Memory
from sems_exporter.portal.semsplus.questions import Questions
from sems_exporter.portal.state import AccountState


class SemsPlus:
    """One SEMS+ account."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._memory = Memory(clock)

    def stations(self, findings: Findings) -> tuple[StationRef, ...]:
        """All stations of the account, page by page; kept for an hour, and longer while the list cannot be read."""
        refs: tuple[StationRef, ...] = self._memory.get(("stations",), lambda: self._all_pages(findings)).value
        return refs

    def _all_pages(self, findings: Findings) -> tuple[StationRef, ...]:
        found: dict[str, StationRef] = {}
        for number in range(1, endpoints.MOST_PAGES + 1):
            page = decode.page(self._client.call(endpoints.stations(number)), findings)
            before = len(found)
            found.update({ref.id: ref for ref in page.stations})
            if len(found) >= page.total or len(found) == before:
                break
        return tuple(found.values())

    def read(self, ref: StationRef, findings: Findings) -> Station:
        """The station with its devices. Fails only where neither the flow nor a single device could be read."""
        questions = Questions(self._client, self._memory, ref.id, findings)
        info = questions.ask(endpoints.info(ref.id), (), lambda data: decode.info(data, findings))
        flow = questions.ask(endpoints.flow(ref.id), (), lambda data: decode.flow(data, findings))
        station = self._with_flow(self._base(ref, info.value if info else None), flow, findings)
        listed = questions.ask(endpoints.devices(ref.id), (), lambda data: decode.devices(data, findings))
        reader = DeviceReader(questions, station, findings)
        station = reader.read(listed.value if listed else ())
        if flow is None and not reader.answered:
            raise questions.failures[0] if questions.failures else errors.AnswerEmpty("nothing to read")
        return self._with_statistics(station, questions, findings)

    def account_state(self) -> AccountState:
        """The session and the brake of the account."""
        return self._client.session.state

    def release_brake(self) -> None:
        """Allow a sign-in again after rejected credentials."""
        self._client.session.release()

    def close(self) -> None:
        """Drop kept connections."""
        self._client.close()

    def _base(self, ref: StationRef, info: decode.Info | None) -> Station:
        zone_name = (info.zone_name if info else None) or ref.timezone_name
        values = {"installed_power": ref.installed_power, **(info.values if info else {})}
        station = Station(
            id=ref.id,
            fetched_at=self._clock.now(),
            name=(info.name if info else None) or ref.name,
            timezone=times.zone(zone_name) or ref.timezone,
            timezone_name=zone_name,
            state=ref.state,
            has_battery=True if info and info.storage else None,
        )
        return filled(station, values)

    def _with_flow(self, station: Station, kept: Kept | None, findings: Findings) -> Station:
        if kept is None:
            return station
        flow: decode.Flow = kept.value
        taken = times.instant(flow.refresh_time, station.timezone, kept.fetched_at)
        if taken is None and flow.refresh_time is not None and station.timezone is not None:
            findings.drop("sems_station_data_timestamp_seconds", Dropped.BAD_TIME)
        station = replace(
            station,
            fetched_at=kept.fetched_at,
            state=flow.state or station.state,
            data_timestamp=taken,
            has_battery=True if flow.battery else station.has_battery,
        )
        return filled(station, flow.values)

    def _with_statistics(self, station: Station, questions: Questions, findings: Findings) -> Station:
        if station.timezone is None:
            return station
        day = self._clock.now().astimezone(station.timezone).date()
        kept = questions.ask(
            endpoints.statistics(station.id, day),
            (day.isoformat(),),
            lambda data: decode.statistics(data, day, findings),
        )
        return filled(station, kept.value) if kept else station

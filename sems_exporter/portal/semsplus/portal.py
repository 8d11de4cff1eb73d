"""The SEMS+ dialect behind the Portal protocol: which calls make up a station, and what happens when one fails."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.findings import Dropped, Findings, Unknown
from sems_exporter.measure import Role
from sems_exporter.model import Alarm, Station
from sems_exporter.portal import times
from sems_exporter.portal.base import StationRef
from sems_exporter.portal.semsplus import decode, devicelists, endpoints
from sems_exporter.portal.semsplus.alarms import StationAlarms, active_alarms, believed, page_of_many
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.devicelists import DeviceRef
from sems_exporter.portal.semsplus.devices import DeviceReader, Facts
from sems_exporter.portal.semsplus.gridyears import GridYears
from sems_exporter.portal.semsplus.memory import Kept, Memory
from sems_exporter.portal.semsplus.questions import Questions

log = logging.getLogger(__name__)

MOST_ALARM_PAGES = 5
"""Pages of a hundred active alarms among a hundred stations; with more, something is wrong with more than a station."""


class SemsPlus:
    """One SEMS+ account."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._memory = Memory(clock)
        self._alarms: dict[str, tuple[Alarm, ...]] = {}
        self._grid_years = GridYears()

    def stations(self, findings: Findings) -> tuple[StationRef, ...]:
        """All stations of the account, page by page; kept for an hour, and longer while the list cannot be read."""
        key = ("stations",)
        try:
            kept = self._memory.get(key, lambda: self._all_pages(findings))
        except errors.WHOLE_ACCOUNT:
            raise
        except errors.PortalError as error:
            if isinstance(error, errors.UnknownCode):
                findings.meet(Unknown.RESULT_CODE, f"stations {error}")
            earlier = self._memory.last(key)
            if earlier is None or not self._client.session.is_open:
                raise
            log.warning("the station list could not be read; the last one is used", extra={"reason": error.reason})
            kept = earlier
        refs: tuple[StationRef, ...] = kept.value
        if not refs:
            # An account without stations is rare; one that shows none for a moment is not.
            self._memory.forget(key)
        return refs

    def _all_pages(self, findings: Findings) -> tuple[StationRef, ...]:
        found: dict[str, StationRef] = {}
        for number in range(1, endpoints.MOST_PAGES + 1):
            page = self._client.call(endpoints.stations(number), lambda data: decode.page(data, findings))
            now, before = self._clock.now(), len(found)
            found.update({ref.id: replace(ref, seen_at=now) for ref in page.stations})
            if len(found) == before or (page.total is not None and len(found) >= page.total):
                break
        return tuple(found.values())

    def overview(self, findings: Findings, *, anew: bool) -> tuple[StationRef, ...]:
        """All stations as the list shows them now, with the alarms that one call tells of a hundred of them."""
        if anew:
            self._memory.forget(("stations",))
        refs = self.stations(findings)
        if anew:
            self._alarms = self._all_alarms(refs, findings)
        return tuple(replace(ref, alarms=self._alarms[ref.id]) if ref.id in self._alarms else ref for ref in refs)

    def _all_alarms(self, refs: tuple[StationRef, ...], findings: Findings) -> dict[str, tuple[Alarm, ...]]:
        """Active alarms by station, as far as they can be read; that others have none is not said by this."""
        found: dict[str, tuple[Alarm, ...]] = {}
        try:
            for start in range(0, len(refs), endpoints.PAGE_SIZE):
                ids = tuple(ref.id for ref in refs[start : start + endpoints.PAGE_SIZE])
                for page in self._alarm_pages(ids, findings):
                    found |= {
                        key: believed((*found.get(key, ()), *alarms), self._clock.now(), findings)
                        for key, alarms in page.by_station.items()
                    }
        except errors.WHOLE_ACCOUNT:
            raise
        except errors.PortalError as error:
            # The details of each station still tell its own.
            log.debug("alarms of many stations could not be read", extra={"reason": error.reason})
        return found

    def _alarm_pages(self, ids: tuple[str, ...], findings: Findings) -> Iterator[StationAlarms]:
        for number in range(1, MOST_ALARM_PAGES + 1):
            # A refusal is remembered, so that the call is not repeated for each hundred.
            kept = self._memory.get(("alarms_of", str(number)), partial(self._alarm_page, ids, number, findings))
            yield kept.value
            if not kept.value.more:
                return

    def _alarm_page(self, ids: tuple[str, ...], number: int, findings: Findings) -> StationAlarms:
        call = endpoints.alarms_of(ids, number)
        return self._client.call(call, lambda data: page_of_many(data, number, findings))

    def read(self, ref: StationRef, findings: Findings) -> Station:
        """The station with its devices. Fails where neither the flow nor a single device could be read anew.

        The flow can be empty for a whole night while meters and batteries go on.
        """
        questions = Questions(self._client, self._memory, ref.id, findings)
        info = questions.ask(endpoints.info(ref.id), (), lambda data: decode.info(data, findings))
        flow = questions.ask(endpoints.flow(ref.id), (), lambda data: decode.flow(data, findings))
        facts = self._described(ref, info.value if info else None, findings)
        facts.update(self._flowing(facts, flow, findings))
        listed = questions.ask(endpoints.devices(ref.id), (), lambda data: devicelists.listed(data, findings))
        refs: tuple[DeviceRef, ...] = listed.value if listed else ()
        reader = DeviceReader(questions, facts, findings)
        facts.update(reader.read(refs))
        if "flow" not in questions.heard:
            if not reader.answered:
                # Whatever is remembered of it: a portal that has said nothing now was not read.
                raise questions.failures[0] if questions.failures else errors.AnswerEmpty("nothing to read")
            # What is remembered of the flow goes by its own instant, or goes now.
            undated = flow.value.values if flow and facts["data_timestamp"] is None else {}
            facts = {name: fact for name, fact in facts.items() if name not in undated}
            facts["fetched_at"] = self._clock.now()
        facts.update(self._energies(facts, questions, findings))
        facts.update(active_alarms(questions, findings))
        return Station(**facts)

    def close(self) -> None:
        """Drop kept connections."""
        self._client.close()

    def _described(self, ref: StationRef, info: decode.Info | None, findings: Findings) -> Facts:
        """What the station is, from its own page where there is one, else from the list."""
        own: Facts = {"name": ref.name, "state": ref.state, "installed_power": ref.installed_power}
        zone_name = (info.zone_name if info else None) or ref.timezone_name
        if info is not None:
            own |= {"latitude": info.latitude, "longitude": info.longitude, **info.values}
            own |= {"name": info.name or ref.name, "has_battery": True if info.storage else None}
            own["installed_power"] = own["installed_power"] or info.rated_power
        zone = times.zone(zone_name) or ref.timezone
        if zone is None and zone_name is not None:
            findings.meet(Unknown.FIELD, f"time zone {zone_name}")
        return {"id": ref.id, "fetched_at": self._clock.now(), "timezone": zone, "timezone_name": zone_name, **own}

    def _flowing(self, facts: Facts, kept: Kept | None, findings: Findings) -> Facts:
        """The powers, and the instant they are from."""
        if kept is None:
            return {}
        flow: decode.Flow = kept.value
        taken = times.instant(flow.refresh_time, facts["timezone"], kept.fetched_at)
        if taken is None and flow.refresh_time is not None and facts["timezone"] is not None:
            findings.drop("sems_station_data_timestamp_seconds", Dropped.BAD_TIME)
        found: Facts = {"fetched_at": kept.fetched_at, "data_timestamp": taken, **flow.values}
        if flow.state is not None:
            found["state"] = flow.state
        if flow.battery:
            found["has_battery"] = True
        return found

    def _energies(self, facts: Facts, questions: Questions, findings: Findings) -> Facts:
        """Energies and income of today, which need a zone to know what day it is."""
        zone, station = facts["timezone"], facts["id"]
        if zone is None:
            return {}
        day = self._clock.now().astimezone(zone).date()
        key = (day.isoformat(),)
        found: Facts = {}
        priced = False
        for role in (Role.DAY, Role.MONTH):
            call = endpoints.statistics(station, role, day)
            energies = questions.ask(call, key, partial(decode.statistics, role=role, day=day, findings=findings))
            if energies is not None:
                found |= energies.value.values
                priced = priced or energies.value.priced
        income = questions.ask(endpoints.production(station, day), key, lambda data: decode.income(data, findings))
        if income is not None:
            found |= {"currency": income.value.currency, **decode.earned(income.value, priced=priced)}
        return found | self._grid_years.lifetime(facts, questions, day)

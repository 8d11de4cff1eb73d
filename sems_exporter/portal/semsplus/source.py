"""The SEMS+ dialect behind the Portal protocol: which calls make up a station, and what happens when one fails."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from sems_exporter import errors, protocol
from sems_exporter.clock import Clock
from sems_exporter.model.diagnostics import Diagnostics, DropReason, Limited, Unknown
from sems_exporter.model.limits import DEVICES_PER_STATION, STATIONS_PER_ACCOUNT
from sems_exporter.model.plant import Alarm, Station
from sems_exporter.model.schema import Role
from sems_exporter.pipeline.repeated_answers import RepeatedAnswers
from sems_exporter.portal.decoding import states, timestamps
from sems_exporter.portal.decoding.alarms import believed
from sems_exporter.portal.interface import StationRef
from sems_exporter.portal.past import Answer, CurveQuestion, Question
from sems_exporter.portal.roster import Roster
from sems_exporter.portal.semsplus import device_lists, endpoints, past_decoder, station_decoder
from sems_exporter.portal.semsplus.alarms import StationAlarms, active_alarms, page_of_many
from sems_exporter.portal.semsplus.answer_cache import AnswerCache, CachedAnswer
from sems_exporter.portal.semsplus.client import Client
from sems_exporter.portal.semsplus.device_lists import DeviceRef
from sems_exporter.portal.semsplus.device_reader import DeviceReader, Facts, shared_out
from sems_exporter.portal.semsplus.grid_years import GridYears
from sems_exporter.portal.semsplus.station_queries import StationQueries

log = logging.getLogger(__name__)

STATE_FROM_LIST = timedelta(minutes=10)
"""So old may the list be before it is read again, where the flow tells no state of the station."""
MOST_ALARM_PAGES = 5
"""Pages of a hundred active alarms among a hundred stations; with more, something is wrong with more than a station."""


STATIONS = ("stations",)


@dataclass(frozen=True, slots=True)
class _Listed:
    """The stations of the account; `whole` tells whether all were in the list, and all pages of it could be read."""

    refs: tuple[StationRef, ...]
    whole: bool = True


class SemsPlus:
    """One SEMS+ account."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._memory = AnswerCache(clock)
        self._repeats = RepeatedAnswers()
        self._alarms: dict[str, tuple[Alarm, ...]] = {}
        self._grid_years = GridYears()
        self._stations: Roster[StationRef] = Roster(clock, lambda ref: ref.id, STATIONS_PER_ACCOUNT)
        self._devices: dict[str, Roster[DeviceRef]] = {}

    def stations(self, findings: Diagnostics) -> tuple[StationRef, ...]:
        """All stations of the account, page by page; kept for an hour, and longer while the list cannot be read."""
        try:
            kept = self._memory.get(STATIONS)
            if kept is None:
                with self._memory.keeping_refusal(STATIONS):
                    listed_now = self._all_pages(findings)
                kept = self._memory.put(STATIONS, listed_now)
        except errors.WHOLE_ACCOUNT:
            raise
        except errors.PortalError as error:
            if isinstance(error, errors.UnknownCode):
                findings.meet(Unknown.RESULT_CODE, f"stations {error}")
            earlier = self._memory.last(STATIONS)
            if earlier is None or not self._client.session.is_open:
                raise
            log.warning("the station list could not be read; the last one is used", extra={"reason": error.reason})
            kept = earlier
        listed: _Listed = kept.value
        if not listed.refs or not listed.whole:
            # An account with fewer stations than before is rare; one that shows fewer for a moment is not.
            self._memory.forget(STATIONS)
        self._devices = {ref.id: self._devices[ref.id] for ref in listed.refs if ref.id in self._devices}
        return listed.refs

    def _all_pages(self, findings: Diagnostics) -> _Listed:
        """The stations, page by page; where a later page fails, those of before and what was known of the rest.

        What the failure means for the account, the next call meets by itself.
        """
        found: dict[str, StationRef] = {}
        for number in range(1, endpoints.MOST_PAGES + 1):
            try:
                call = endpoints.stations(number)
                with self._client.request(call) as data:
                    if findings.traces:
                        findings.asked(call.endpoint, call.path)
                    page = station_decoder.page(data, findings)
            except errors.PortalError as error:
                if not found:
                    raise
                log.warning("a part of the station list could not be read", extra={"reason": error.reason})
                earlier = self._memory.last(STATIONS)
                known = {ref.id: ref for ref in earlier.value.refs} if earlier else {}
                return _Listed(tuple((known | found).values())[:STATIONS_PER_ACCOUNT], whole=False)
            now, before = self._clock.now(), len(found)
            found.update({ref.id: replace(ref, seen_at=now) for ref in page.stations})
            if len(found) == before or (page.total is not None and len(found) >= min(page.total, STATIONS_PER_ACCOUNT)):
                break
        findings.limit(Limited.STATIONS, len(found) - STATIONS_PER_ACCOUNT)
        refs = self._stations.seen(tuple(found.values())[:STATIONS_PER_ACCOUNT])
        return _Listed(refs, whole=not self._stations.doubted)

    def overview(self, findings: Diagnostics, *, anew: bool) -> tuple[StationRef, ...]:
        """All stations as the list shows them now, with the alarms that one call tells of a hundred of them."""
        if anew:
            self._memory.forget(STATIONS)
        refs = self.stations(findings)
        if anew:
            self._alarms = self._all_alarms(refs, findings)
        return tuple(replace(ref, alarms=self._alarms[ref.id]) if ref.id in self._alarms else ref for ref in refs)

    def _all_alarms(self, refs: tuple[StationRef, ...], findings: Diagnostics) -> dict[str, tuple[Alarm, ...]]:
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
        except errors.PortalError as error:
            # The details of each station still tell its own, and a pause is met by the next call.
            log.debug("alarms of many stations could not be read", extra={"reason": error.reason})
        return found

    def _alarm_pages(self, ids: tuple[str, ...], findings: Diagnostics) -> Iterator[StationAlarms]:
        for number in range(1, MOST_ALARM_PAGES + 1):
            # A refusal is remembered, so that the call is not repeated for each hundred.
            key = ("alarms_of", str(number))
            if (kept := self._memory.get(key)) is None:
                with (
                    self._memory.keeping_refusal(key),
                    self._client.request(endpoints.alarms_of(ids, number)) as data,
                ):
                    found = page_of_many(data, number, findings)
                kept = self._memory.put(key, found)
            yield kept.value
            if not kept.value.more:
                return

    def read(self, ref: StationRef, findings: Diagnostics) -> Station:
        """The station with its devices. Fails where neither the flow nor a single device could be read anew.

        The flow can be empty for a whole night while meters and batteries go on.
        """
        questions, began = StationQueries(self._client, self._memory, ref.id, findings), self._clock.now()
        info = questions.ask(endpoints.info(ref.id), (), lambda data: station_decoder.info(data, findings))
        flow = questions.ask(endpoints.flow(ref.id), (), lambda data: self._flow(ref.id, data, findings))
        facts = self._described(ref, info.value if info else None, findings)
        facts.update(self._flowing(facts, flow, findings))
        reader = DeviceReader(questions, facts, findings, began=began, repeats=self._repeats)
        facts.update(reader.read(self._device_refs(questions, findings)))
        if "flow" not in questions.answered_now:
            if not reader.answered:
                # Whatever is remembered of it: a portal that has said nothing now was not read.
                raise questions.failure or errors.AnswerEmpty("nothing to read")
            # What is remembered of the flow goes by its own instant, or goes now.
            undated = {"unchanged_since", *flow.value.values} if flow and facts["data_timestamp"] is None else set()
            facts = {name: fact for name, fact in facts.items() if name not in undated}
            facts["fetched_at"] = self._clock.now()
        facts.update(self._energies(facts, questions, findings))
        facts.update(active_alarms(questions, findings))
        findings.cut_short = questions.ended
        return Station(**facts)

    def _flow(self, station: str, data: Answer, findings: Diagnostics) -> station_decoder.Flow:
        found = station_decoder.flow(data, findings)
        codes = frozenset(data)
        known = protocol.semsplus().flow_keys
        unknown = frozenset(key for key in codes if key.lower() not in known)
        self._client.signs.spoken("flow", (station, "flow"), codes, unknown)
        return found

    def past(self, question: Question) -> Answer:
        """The answer to a question about days that are over, once it is seen that it can be read."""
        if isinstance(question, CurveQuestion):
            items = protocol.semsplus().written.curve.items
            asked = endpoints.curve(question.station, question.first, question.last, question.zone, items)
            decoded: Callable[[Answer, Diagnostics], object] = past_decoder.curves
        else:
            asked = endpoints.day_energies(question.station, question.month)
            decoded = past_decoder.day_energies
        with self._client.request(asked) as data:
            decoded(data, Diagnostics())
        return data

    def close(self) -> None:
        """Drop kept connections."""
        self._client.close()

    def _device_refs(self, questions: StationQueries, findings: Diagnostics) -> tuple[DeviceRef, ...]:
        """The devices as they are listed now, and those that were known before, without the state they had then."""
        call = endpoints.devices(questions.station)
        kept = questions.ask(call, (), lambda data: shared_out(device_lists.listed(data, findings), findings))
        known: Roster[DeviceRef] = self._devices.setdefault(
            questions.station, Roster(self._clock, lambda ref: ref.id, DEVICES_PER_STATION)
        )
        listed: tuple[DeviceRef, ...] = ()
        if kept is not None:
            listed = tuple(replace(ref, told_at=kept.fetched_at) for ref in kept.value)
        if "devices" in questions.answered_now:
            present = {ref.id for ref in listed}
            return tuple(ref if ref.id in present else replace(ref, state=None) for ref in known.seen(listed))
        return tuple(replace(ref, state=None) for ref in listed) if kept and self._memory.is_old(kept) else listed

    def _described(self, ref: StationRef, info: station_decoder.Info | None, findings: Diagnostics) -> Facts:
        """Describe what the station is, from its own page where there is one, else from the list."""
        own: Facts = {"name": ref.name, "installed_power": ref.installed_power}
        own |= {"state": ref.state, "state_at": ref.state and ref.seen_at}
        zone_name = (info.zone_name if info else None) or ref.timezone_name
        if info is not None:
            own |= {"latitude": info.latitude, "longitude": info.longitude, **info.values}
            own |= {"name": info.name or ref.name, "has_battery": True if info.storage else None}
            own["installed_power"] = own["installed_power"] or info.rated_power
        zone = timestamps.zone(zone_name) or ref.timezone
        if zone is None and zone_name is not None:
            findings.meet(Unknown.FIELD, f"time zone {zone_name}")
        return {"id": ref.id, "fetched_at": self._clock.now(), "timezone": zone, "timezone_name": zone_name, **own}

    def _flowing(self, facts: Facts, kept: CachedAnswer | None, findings: Diagnostics) -> Facts:
        """The powers, and the instant they are from."""
        if kept is None:
            return {}
        flow: station_decoder.Flow = kept.value
        station, at = facts["id"], kept.fetched_at
        since = self._repeats.said((station, "flow"), flow, at).since
        taken = timestamps.reported(
            flow.refresh_time, facts["timezone"], self._repeats.said((station, "refreshTime"), flow.refresh_time, at)
        )
        if taken is None and flow.refresh_time is not None and facts["timezone"] is not None:
            findings.drop("sems_station_data_timestamp_seconds", DropReason.BAD_TIME)
        found: Facts = {
            "fetched_at": at,
            "data_timestamp": taken,
            "unchanged_since": since,
            "extras": flow.extras,
            **flow.values,
        }
        state, told_at = facts["state"], facts["state_at"]
        if flow.state is not None and (told_at is None or told_at <= at):
            state, told_at = flow.state, at
        elif flow.state is None and told_at is not None and told_at + STATE_FROM_LIST <= at:
            # Without it the list is all that tells the state, which must not be an hour old.
            self._memory.forget(STATIONS)
        found |= {"state": state, "state_at": states.dated(state, told_at, taken, since)}
        if flow.battery:
            found["has_battery"] = True
        return found

    def _energies(self, facts: Facts, questions: StationQueries, findings: Diagnostics) -> Facts:
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
            energies = questions.ask(
                call, key, partial(station_decoder.statistics, role=role, day=day, findings=findings)
            )
            if energies is not None:
                found |= energies.value.values
                priced = priced or energies.value.priced
        income = questions.ask(
            endpoints.production(station, day), key, lambda data: station_decoder.income(data, findings)
        )
        if income is not None:
            found |= {"currency": income.value.currency, **station_decoder.earned(income.value, priced=priced)}
        return found | self._grid_years.lifetime({**facts, **found}, questions, day)

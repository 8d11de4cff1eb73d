"""The classic dialect behind the Portal protocol: two calls, the list of stations and the detail of each."""

import logging
from dataclasses import replace

from cachetools import TTLCache

from sems_exporter import errors
from sems_exporter.clock import Clock
from sems_exporter.model.diagnostics import Diagnostics
from sems_exporter.model.limits import STATIONS_PER_ACCOUNT
from sems_exporter.model.plant import Station
from sems_exporter.pipeline.repeated_answers import RepeatedAnswers
from sems_exporter.portal.classic import station_decoder
from sems_exporter.portal.classic.client import ClassicClient, detail, owned_ids, versions
from sems_exporter.portal.classic.report_dates import dated
from sems_exporter.portal.interface import StationRef
from sems_exporter.portal.past import Answer, Question
from sems_exporter.portal.roster import Roster

log = logging.getLogger(__name__)

ENDPOINTS = ("login", "classic_ids", "classic_stations", "monitor")
LIST_KEPT_FOR = 3600.0


class Classic:
    """One account of the classic portal."""

    def __init__(self, client: ClassicClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._version = 0
        self._known: Roster[StationRef] = Roster(clock, lambda ref: ref.id, STATIONS_PER_ACCOUNT)
        self._repeats = RepeatedAnswers()
        self._listed: TTLCache[str, tuple[StationRef, ...]] = TTLCache(1, LIST_KEPT_FOR, clock.monotonic)

    def stations(self, findings: Diagnostics) -> tuple[StationRef, ...]:
        """The stations of the account; kept for an hour."""
        if "all" not in self._listed:
            now = self._clock.now()
            refs = self._known.seen(replace(ref, seen_at=now) for ref in self._list(findings))
            if self._known.doubted:
                # Fewer than before may be so for a moment only.
                return refs
            self._listed["all"] = refs
        return self._listed["all"]

    def overview(self, findings: Diagnostics, *, anew: bool) -> tuple[StationRef, ...]:
        """The stations with their states; the classic list tells no more."""
        if anew:
            self._listed.clear()
        return self.stations(findings)

    def read(self, ref: StationRef, findings: Diagnostics) -> Station:
        """The station as its monitor detail shows it."""
        # In the newest version of the interface that this account has.
        while True:
            known = versions()
            try:
                call = detail(ref.id, known[self._version % len(known)])
                with self._client.request(call) as data:
                    if findings.traces:
                        findings.asked(call.endpoint, call.path)
                    station = station_decoder.monitor(data, self._clock.now(), findings, station_id=ref.id)
            except errors.RouteUnknown:
                if self._version + 1 >= len(known):
                    self._version = 0
                    raise errors.ProtocolChanged("no version of the classic monitor detail answers") from None
                self._version += 1
            else:
                return dated(replace(station, name=station.name or ref.name), self._repeats)

    def past(self, question: Question) -> Answer:
        """Nothing: what the classic portal says of past days is PV power alone, and for migrated accounts nothing."""
        raise errors.StartError(
            f"the history of {question.station} is read from SEMS+ only, and this account is read in the classic "
            "dialect; try it with --portal semsplus"
        )

    def close(self) -> None:
        """Drop kept connections."""
        self._client.close()

    def _list(self, findings: Diagnostics) -> tuple[StationRef, ...]:
        try:
            with self._client.request(self._client.probe) as data:
                listed = station_decoder.station_list(data, findings)
        except (errors.RouteUnknown, errors.PermissionDenied, errors.ServerFault, errors.AnswerEmpty) as error:
            # Owners may lack the right to the list and still ask for the ids of their own stations.
            log.info("the list of stations is closed; asking for the owner's own", extra={"reason": error.reason})
            return self._owned()
        if listed:
            return listed
        try:
            return self._owned()
        except errors.AnswerEmpty:
            return ()

    def _owned(self) -> tuple[StationRef, ...]:
        with self._client.request(owned_ids()) as data:
            ids = station_decoder.station_ids(data)
        return tuple(StationRef(key) for key in ids)

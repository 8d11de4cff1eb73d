"""The calls of the classic portal by name, for a person who wants to see what they tell."""

from sems_exporter.portal.classic.client import ClassicClient
from sems_exporter.portal.classic.source import detail, owned_ids
from sems_exporter.portal.read_calls import ReadCall

READ_CALLS = (
    ReadCall("classic_stations", "the stations of the account", lambda _: ClassicClient.probe),
    ReadCall("classic_ids", "the id of the owner's own station", lambda _: owned_ids()),
    ReadCall("monitor", "everything that is known of a station", lambda t: detail(t.station), ("station",)),
)

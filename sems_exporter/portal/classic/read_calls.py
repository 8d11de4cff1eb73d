"""The calls of the classic portal by name, for a person who wants to see what they tell."""

from sems_exporter.portal.classic.client import detail, listed, owned_ids
from sems_exporter.portal.read_calls import ReadCall

READ_CALLS = (
    ReadCall("classic_stations", "the stations of the account", lambda _: listed()),
    ReadCall("classic_ids", "the id of the owner's own station", lambda _: owned_ids()),
    ReadCall("monitor", "everything that is known of a station", lambda t: detail(t.station), ("station",)),
)

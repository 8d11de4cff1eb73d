"""HOW GOODWE SAYS IT. Nothing outside this room knows a field name of the portal."""

from sems_exporter.portal.base import Portal, StationRef
from sems_exporter.portal.dialects import connect

__all__ = ["Portal", "StationRef", "connect"]

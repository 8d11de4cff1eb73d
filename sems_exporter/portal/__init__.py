"""How GoodWe says it. Nothing outside this package knows a field name of the portal."""

from sems_exporter.portal.factory import connect
from sems_exporter.portal.interface import Portal, StationRef

__all__ = ["Portal", "StationRef", "connect"]
